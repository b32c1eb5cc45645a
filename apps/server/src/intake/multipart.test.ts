import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RandomStream } from '@mammoscope/random';
import { boundaryOf, headerParameter, multipart } from './multipart.ts';

async function* inPieces(bytes: Buffer, cuts: readonly number[]): AsyncGenerator<Uint8Array> {
  let from = 0;
  for (const cut of [...cuts, bytes.length]) {
    yield bytes.subarray(from, cut);
    from = cut;
  }
}

async function partsOf(bytes: Buffer, boundary: string, cuts: readonly number[] = []) {
  const parts: { name: string | undefined; body: Buffer }[] = [];
  for await (const { headers, body } of multipart(inPieces(bytes, cuts), boundary)) {
    const pieces: Uint8Array[] = [];
    for await (const piece of body) pieces.push(piece);
    parts.push({
      name: headerParameter(headers.get('content-disposition') ?? '', 'filename'),
      body: Buffer.concat(pieces),
    });
  }
  return parts;
}

test('parts are the same wherever the network cuts them, with boundaries and line ends inside them', async () => {
  const random = new RandomStream(1, 'multipart');
  const bodies = ['', '\r\n', '--b', '\r\n--', '\r\n--c\r\n', 'x'.repeat(500), '\r\n\r\n'].map((text) =>
    Buffer.from(text),
  );
  const bytes = Buffer.concat([
    Buffer.from('a preamble that nobody reads\r\n'),
    ...bodies.flatMap((body, i) => [
      Buffer.from(`--b\r\nContent-Disposition: form-data; name="f"; filename="a \\"${i}\\".dcm"\r\nX: y\r\n\r\n`),
      body,
      Buffer.from('\r\n'),
    ]),
    Buffer.from('--b--\r\nan epilogue'),
  ]);
  const whole = await partsOf(bytes, 'b');
  assert.deepEqual(
    whole.map(({ body }) => body.toString()),
    bodies.map(String),
  );
  assert.deepEqual(
    whole.map(({ name }) => name),
    bodies.map((_, i) => `a "${i}".dcm`),
  );
  for (let round = 0; round < 50; round++) {
    const cuts = Array.from({ length: 20 }, () => random.integer(0, bytes.length)).sort((a, b) => a - b);
    assert.deepEqual(await partsOf(bytes, 'b', cuts), whole);
  }
  assert.deepEqual(
    await partsOf(
      bytes,
      'b',
      Array.from({ length: bytes.length }, (_, i) => i),
    ),
    whole,
  );
});

test('a part that nobody reads is passed over, and a body that ends early is told', async () => {
  const bytes = Buffer.from('--b\r\n\r\none\r\n--b\r\n\r\ntwo\r\n--b--');
  let count = 0;
  for await (const part of multipart(inPieces(bytes, []), 'b')) count += part.headers.size + 1;
  assert.equal(count, 2);
  for (const length of [2, 8, 12, 20, bytes.length - 3])
    await assert.rejects(partsOf(bytes.subarray(0, length), 'b'), { code: 'upload-incomplete' }, `${length} bytes`);
  await assert.rejects(partsOf(Buffer.from('--b\r\nno header\r\n\r\n\r\n--b--'), 'b'), { code: 'request-invalid' });
  await assert.rejects(partsOf(Buffer.from(`--b\r\nX: ${'y'.repeat(20_000)}`), 'b'), { code: 'request-invalid' });
});

test('the boundary is that of the header, quoted or not', () => {
  assert.equal(boundaryOf('multipart/related; type="application/dicom"; boundary="a b"'), 'a b');
  assert.equal(boundaryOf('multipart/form-data; BOUNDARY=----x'), '----x');
  assert.throws(() => boundaryOf('multipart/form-data'), { code: 'request-invalid' });
});
