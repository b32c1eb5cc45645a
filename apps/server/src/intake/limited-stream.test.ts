import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { limitedStream } from './limited-stream.ts';

async function* pieces(count: number, pauseMs = 0): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < count; i++) {
    if (pauseMs > 0) await sleep(pauseMs);
    yield new Uint8Array(10);
  }
}

async function bytesOf(stream: AsyncIterable<Uint8Array>): Promise<number> {
  let bytes = 0;
  for await (const piece of stream) bytes += piece.length;
  return bytes;
}

test('as many bytes as the limit pass, one more does not', async () => {
  assert.equal(await bytesOf(limitedStream(pieces(5), { requestBytes: 50, uploadSeconds: 9 })), 50);
  await assert.rejects(bytesOf(limitedStream(pieces(5), { requestBytes: 49, uploadSeconds: 9 })), {
    code: 'upload-too-large',
  });
});

test('a sender that drips, or says nothing, is told after the time that it has', async () => {
  const limits = { requestBytes: 1e9, uploadSeconds: 0.1 };
  await assert.rejects(bytesOf(limitedStream(pieces(1000, 5), limits)), { code: 'upload-too-slow' });
  async function* silence(): AsyncGenerator<Uint8Array> {
    await sleep(2000, undefined, { ref: false });
    yield new Uint8Array(1);
  }
  await assert.rejects(bytesOf(limitedStream(silence(), limits)), { code: 'upload-too-slow' });
});

test('a sender that goes away leaves an upload that is not whole', async () => {
  async function* broken(): AsyncGenerator<Uint8Array> {
    yield new Uint8Array(1);
    throw new Error('aborted');
  }
  await assert.rejects(bytesOf(limitedStream(broken(), { requestBytes: 9, uploadSeconds: 9 })), {
    code: 'upload-incomplete',
  });
});
