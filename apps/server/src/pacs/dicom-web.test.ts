/** A PACS that does not keep to what it should, on a real connection. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { fetchStudy, findInPacs } from './dicom-web.ts';

/** A PACS that answers so. */
async function answering(handler: RequestListener) {
  const server = createServer(handler).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    address: { name: 'archive', url: `http://127.0.0.1:${port}/dicom-web`, authorization: 'Basic YTpi' },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const RELATED = { 'Content-Type': 'multipart/related; type="application/dicom"; boundary=b' };
const PART = '\r\n--b\r\nContent-Type: application/dicom\r\n\r\n';
/** More than a socket holds: a reader that pauses makes the sender wait. */
const LARGE = Buffer.alloc(8 * 2 ** 20, 7);

test('a reader that pauses gets all of a study whose connection closes behind it', async () => {
  await using pacs = await answering((_, response) => {
    response.useChunkedEncodingByDefault = false; // without a length: the end is that of the connection
    response.writeHead(200, { ...RELATED, Connection: 'close' });
    response.write(Buffer.concat([Buffer.from(PART), LARGE, Buffer.from(PART), LARGE, Buffer.from('\r\n--b--\r\n')]));
    response.end();
  });
  const sizes: number[] = [];
  for await (const body of fetchStudy(pacs.address, '1.2')) {
    let bytes = 0;
    for await (const piece of body) {
      if (bytes === 0) await wait(50); // what is to come piles up, and the connection ends meanwhile
      bytes += piece.length;
    }
    sizes.push(bytes);
  }
  assert.deepEqual(sizes, [LARGE.length, LARGE.length]);
});

test('what a PACS does wrong is its failure, in a sentence', async () => {
  const study = async (address: Parameters<typeof fetchStudy>[0]) => {
    for await (const body of fetchStudy(address, '1.2')) for await (const piece of body) void piece;
  };
  const find = (address: Parameters<typeof findInPacs>[0]) => findInPacs(address, '/studies?limit=1');
  const cases: readonly [string, RequestListener, (address: never) => Promise<unknown>, RegExp][] = [
    [
      'breaks off a part',
      (_, response) => cut(response, `${PART}half`),
      study,
      /broke off its answer \(.+\): see its log/,
    ],
    [
      'ends before the boundary',
      (_, response) => response.writeHead(200, RELATED).end(`${PART}half`),
      study,
      /broke off its answer: see its log/,
    ],
    ['gives something else', (_, response) => response.end('<html>'), study, /answers with nothing where multipart/],
    ['breaks off a list', (_, response) => cut(response, '[{'), find, /broke off its answer \(.+\)/],
    ['gives no JSON', (_, response) => response.end('<html>'), find, /no JSON: see that its address/],
    ['hangs up', (request) => request.socket.destroy(), find, /does not answer \(.+\): see that it runs/],
    ['refuses', (_, response) => response.writeHead(401).end(), find, /answers 401: see its log/],
    [
      'sends elsewhere',
      (_, response) => response.writeHead(302, { Location: '/other' }).end(),
      find,
      /answers 302: see its log/,
    ],
  ];
  for (const [what, handler, ask, message] of cases) {
    let asked = 0;
    await using pacs = await answering((request, response) => {
      asked++;
      assert.equal(request.headers.authorization, 'Basic YTpi');
      handler(request, response);
    });
    await assert.rejects(ask(pacs.address as never), { code: 'pacs-failed', message }, what);
    assert.equal(asked, 1, what);
  }
});

/** Announces more than it sends, and hangs up. */
function cut(response: Parameters<RequestListener>[1], text: string): void {
  response.writeHead(200, { ...RELATED, 'Content-Length': 1000 });
  response.write(text, () => response.destroy());
}
