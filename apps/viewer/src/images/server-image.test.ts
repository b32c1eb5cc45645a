import assert from 'node:assert/strict';
import { test } from 'node:test';
import { firstPart } from './server-image.ts';

const multipart = (head: string, body: Uint8Array) =>
  new Uint8Array(Buffer.concat([Buffer.from(`--b1\r\n${head}\r\n\r\n`), body, Buffer.from('\r\n--b1--\r\n')])).buffer;
const type = 'multipart/related; type="application/octet-stream"; boundary=b1';
// bytes that look like the boundary are not the end where a length is given
const pixels = Buffer.concat([Buffer.from([1, 2, 3, 13, 10]), Buffer.from('--b1'), Buffer.from([4])]);

test('the first part of a multipart answer is the frame, with the syntax that its header names', () => {
  const head = `Content-Type: application/octet-stream; transfer-syntax=1.2.840.10008.1.2.4.90\r\nContent-Length: ${pixels.length}`;
  const { bytes, transferSyntax } = firstPart(multipart(head, pixels), type);
  assert.deepEqual([[...bytes], transferSyntax], [[...pixels], '1.2.840.10008.1.2.4.90']);
});

test('without a length a part ends before the next boundary; a bare body is a frame by itself', () => {
  const plain = Uint8Array.from([9, 8, 7]);
  const { bytes, transferSyntax } = firstPart(multipart('Content-Type: application/octet-stream', plain), type);
  assert.deepEqual([[...bytes], transferSyntax], [[9, 8, 7], undefined]);
  assert.deepEqual([...firstPart(plain.buffer, 'application/octet-stream').bytes], [9, 8, 7]);
});

test('a body that was cut is refused', () => {
  const whole = multipart('Content-Type: application/octet-stream', new Uint8Array(64));
  assert.throws(() => firstPart(whole.slice(0, 60), type), /cut/);
  assert.throws(() => firstPart(new ArrayBuffer(4), type), /without parts/);
});
