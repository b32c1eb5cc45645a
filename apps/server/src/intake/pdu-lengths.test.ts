import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pduLengths } from './pdu-lengths.ts';

const unit = (type: number, length: number, bytes = length) => {
  const head = Buffer.from([type, 0, 0, 0, 0, 0]);
  head.writeUInt32BE(length, 2);
  return Buffer.concat([head, Buffer.alloc(bytes, 0xff)]);
};

test('units pass however they are cut, and their content is not looked at', () => {
  const stream = Buffer.concat([unit(1, 200), unit(4, 0), unit(4, 70_000), unit(5, 4), unit(7, 4)]);
  for (const piece of [1, 5, 6, 7, 1000, stream.length]) {
    const unfit = pduLengths();
    const said = [];
    for (let at = 0; at < stream.length; at += piece) said.push(unfit(stream.subarray(at, at + piece)));
    assert.deepEqual(new Set(said), new Set([undefined]), `pieces of ${piece}`);
  }
});

test('what is no unit, or one that is too long, is told as soon as its six bytes are there', () => {
  const after = (...pieces: Buffer[]) => {
    const unfit = pduLengths();
    return pieces.map((piece) => unfit(piece));
  };
  assert.match(after(Buffer.from('GET / HTTP/1.1\r\n'))[0] ?? '', /no DICOM: a unit of type 71$/);
  assert.match(after(unit(0, 4))[0] ?? '', /type 0$/);
  const long = unit(4, 2 ** 20 + 1, 0);
  assert.deepEqual(
    after(unit(1, 10), long.subarray(0, 5), long.subarray(5)).map((said) => said !== undefined),
    [false, false, true],
  );
});
