/** Who may ask: tokens of a file, which has their digests and never themselves. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { chmod, readFile, stat } from 'node:fs/promises';
import { writeAside } from '@mammoscope/files';
import * as z from 'zod';
import { type Role, role } from '../api-types.ts';
import { ServerError } from '../errors.ts';

/** Whoever asks. */
export interface User {
  readonly name: string;
  readonly role: Role;
  /** Groups whose studies are seen; '*' for all. */
  readonly groups: readonly string[];
}

const tokenFile = z.object({
  tokens: z.array(
    z.object({
      user: z.string().min(1).max(64),
      role,
      groups: z.array(z.string().min(1).max(64)).min(1),
      /** SHA-256 of the token, hexadecimal. */
      sha256: z.string().regex(/^[0-9a-f]{64}$/),
    }),
  ),
});
type TokenFile = z.infer<typeof tokenFile>;

/** Everybody, where no tokens are asked for. */
export const LOCAL_USER: User = { name: 'local', role: 'operator', groups: ['*'] };

const digest = (token: string): Buffer => createHash('sha256').update(token).digest();

async function readTokens(path: string): Promise<TokenFile> {
  const text = await readFile(path, 'utf8').catch((error) => {
    throw new ServerError(
      'setting-invalid',
      `${path} cannot be read (${error.code}): make it with "mammoscope serve token"`,
    );
  });
  try {
    return tokenFile.parse(JSON.parse(text));
  } catch (error) {
    const what =
      error instanceof z.ZodError ? `${error.issues[0]?.path.join('.')}: ${error.issues[0]?.message}` : 'it is no JSON';
    throw new ServerError(
      'setting-invalid',
      `${path} holds no tokens (${what}): make it with "mammoscope serve token"`,
    );
  }
}

/** Makes a token, adds its digest to the file and gives the token, which is shown once. */
export async function addToken(path: string, user: User): Promise<string> {
  const there = await stat(path).catch(() => undefined);
  const { tokens } = there ? await readTokens(path) : { tokens: [] };
  const token = randomBytes(32).toString('base64url');
  const entry = { user: user.name, role: user.role, groups: [...user.groups], sha256: digest(token).toString('hex') };
  await writeAside(path, `${JSON.stringify({ tokens: [...tokens, entry] }, null, 2)}\n`);
  await chmod(path, 0o600); // digests of random tokens tell nothing; names and roles need not be everybody's
  return token;
}

/** How long a change of the file may go unseen. */
const FRESH_MS = 1000;

/** Looks tokens up; a token that was taken out of the file is unknown a second later. */
export class Tokens {
  readonly #path: string;
  #known: TokenFile['tokens'] = [];
  #changedMs = -1;
  #lookedMs = -FRESH_MS;

  constructor(path: string) {
    this.#path = path;
  }

  /** Reads the file; ServerError 'setting-invalid'. */
  async load(): Promise<void> {
    const { mtimeMs } = await stat(this.#path).catch((error) => {
      throw new ServerError(
        'setting-invalid',
        `${this.#path} cannot be read (${error.code}): make it with "mammoscope serve token"`,
      );
    });
    if (mtimeMs === this.#changedMs) return;
    this.#known = (await readTokens(this.#path)).tokens;
    this.#changedMs = mtimeMs;
  }

  /** The user of a token; undefined for one that is not known. */
  async userOf(token: string): Promise<User | undefined> {
    if (performance.now() - this.#lookedMs > FRESH_MS) {
      this.#lookedMs = performance.now();
      await this.load().catch(() => {
        this.#known = []; // a file that cannot be read lets nobody in
        this.#changedMs = -1;
      });
    }
    const wanted = digest(token);
    const found = this.#known.filter(({ sha256 }) => timingSafeEqual(Buffer.from(sha256, 'hex'), wanted));
    const [first] = found;
    return first && { name: first.user, role: first.role, groups: first.groups };
  }
}
