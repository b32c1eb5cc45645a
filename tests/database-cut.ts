/** A way to PostgreSQL that breaks: connections pass through it, and the one that asks a given statement is cut, before it was asked or before it was answered. */
import { type AddressInfo, createServer, type Socket, connect as toServer } from 'node:net';

/** When a connection is cut: the statement never arrives, or it is carried out and nobody learns it. */
export type CutMoment = 'before it is asked' | 'before it is answered';

/** The way; disposal closes it. */
export interface BreakableWay extends AsyncDisposable {
  readonly url: string;
  /** Cuts the next connection that sends these words; where it is to be cut by its answer, one that holds `answer`. */
  readonly cut: (words: string, moment: CutMoment, answer?: string) => void;
  /** Cuts that are still to come. */
  readonly pending: () => number;
}

/** Opens a way to the PostgreSQL of a URL, on this machine. */
export async function breakableWay(url: string): Promise<BreakableWay> {
  const { hostname, port } = new URL(url);
  const cuts = new Map<string, { readonly moment: CutMoment; readonly answer: string }>();
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const database = toServer(Number(port), hostname);
    const ends = [client, database];
    const end = () => {
      for (const socket of ends) socket.destroy();
    };
    for (const socket of ends) {
      sockets.add(socket);
      socket.on('error', end).on('close', end);
      socket.on('close', () => sockets.delete(socket));
    }
    let asked: string | undefined;
    client.on('data', (bytes: Buffer) => {
      asked = [...cuts.keys()].find((words) => bytes.includes(words));
      if (asked === undefined || cuts.get(asked)?.moment === 'before it is answered') database.write(bytes);
      else {
        cuts.delete(asked);
        end();
      }
    });
    // the server sends an answer when its statement has been committed
    database.on('data', (bytes: Buffer) => {
      if (asked === undefined || !bytes.includes(cuts.get(asked)?.answer ?? '')) client.write(bytes);
      else {
        cuts.delete(asked);
        end();
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const way = new URL(url);
  way.port = String((server.address() as AddressInfo).port);
  return {
    url: way.href,
    cut: (words, moment, answer = '') => cuts.set(words, { moment, answer }),
    pending: () => cuts.size,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
