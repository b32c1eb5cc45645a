/** The embedded database as a worker process has it: statements go to the parent, which has it open. */
import type { ChildProcess } from 'node:child_process';
import type { Database, Row } from './database.ts';

interface Question {
  readonly kind: 'query';
  readonly id: number;
  readonly text: string;
  readonly values?: readonly unknown[];
}
interface Reply {
  readonly kind: 'rows';
  readonly id: number;
  readonly rows?: readonly Row[];
  readonly error?: { readonly message: string; readonly code?: string };
}

const isQuestion = (message: unknown): message is Question => (message as Question | null)?.kind === 'query';
const isReply = (message: unknown): message is Reply => (message as Reply | null)?.kind === 'rows';

/** In the parent: answers the statements of a child. The child must have been started with serialization 'advanced', which keeps dates. */
export function answerQueries(child: ChildProcess, database: Database): void {
  child.on('message', async (message) => {
    if (!isQuestion(message)) return;
    const { id, text, values } = message;
    const reply = await database.query(text, values).then(
      (rows): Reply => ({ kind: 'rows', id, rows }),
      ({ message, code }: NodeJS.ErrnoException): Reply => ({
        kind: 'rows',
        id,
        error: { message, ...(code && { code }) },
      }),
    );
    if (child.connected) child.send(reply, () => undefined); // a child that ended needs no answer
  });
}

/** In the child: the database of the parent. */
export function parentDatabase(): Database {
  const waiting = new Map<
    number,
    { readonly resolve: (rows: readonly Row[]) => void; readonly reject: (error: Error) => void }
  >();
  let next = 0;
  process.on('message', (message) => {
    if (!isReply(message)) return;
    const { id, rows, error } = message;
    const asked = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) asked?.resolve(rows ?? []);
    else asked?.reject(Object.assign(new Error(error.message), { code: error.code }));
  });
  return {
    query: (text, values) =>
      new Promise((resolve, reject) => {
        const id = next++;
        waiting.set(id, { resolve, reject });
        process.send?.({ kind: 'query', id, text, ...(values && { values }) } satisfies Question);
      }),
    close: async () => undefined,
  };
}
