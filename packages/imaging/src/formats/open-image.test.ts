import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import sharp from 'sharp';
import { openImage } from './open-image.ts';
import { readImage } from './read-image.ts';

let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'open-image-'));
});
after(() => rm(folder, { recursive: true }));

async function opened(bytes: Uint8Array, maxPixels?: number) {
  const path = join(folder, 'image');
  await writeFile(path, bytes);
  return openImage(path, maxPixels === undefined ? {} : { maxPixels });
}

/** Sizes, facts and values of all slices. */
async function all(bytes: Uint8Array) {
  const { width, height, depth, facts, slice } = await opened(bytes);
  const slices = await Promise.all(Array.from({ length: depth }, async (_, k) => [...(await slice(k)).data]));
  return { size: [width, height, depth], facts: facts(0), slices };
}

/** Two slices of two rows of three, written by the text of nifti1.h and nifti2.h. */
function nifti(
  version: 1 | 2,
  little: boolean,
  datatype: number,
  write: (view: DataView, at: number, i: number) => void,
  bytes: number,
): Buffer {
  const size = version === 1 ? 348 : 540;
  const buffer = Buffer.alloc(size + 4 + 12 * bytes);
  const view = new DataView(buffer.buffer, buffer.byteOffset, buffer.length);
  view.setInt32(0, size, little);
  const dims = [3, 3, 2, 2, 1, 1, 1, 1];
  const pixdim = [1, 0.1, 0.2, 1, 1, 1, 1, 1];
  if (version === 1) {
    for (const [i, dim] of dims.entries()) view.setInt16(40 + 2 * i, dim, little);
    view.setInt16(70, datatype, little);
    view.setInt16(72, 8 * bytes, little);
    for (const [i, mm] of pixdim.entries()) view.setFloat32(76 + 4 * i, mm, little);
    view.setFloat32(108, size + 4, little);
    view.setFloat32(112, 2, little);
    view.setFloat32(116, -1, little);
    view.setUint8(123, 2);
    buffer.write('n+1\0', 344, 'latin1');
  } else {
    buffer.write('n+2\0', 4, 'latin1');
    view.setInt16(12, datatype, little);
    for (const [i, dim] of dims.entries()) view.setBigInt64(16 + 8 * i, BigInt(dim), little);
    for (const [i, mm] of pixdim.entries()) view.setFloat64(104 + 8 * i, mm, little);
    view.setBigInt64(168, BigInt(size + 4), little);
    view.setFloat64(176, 2, little);
    view.setFloat64(184, -1, little);
    view.setInt32(500, 2, little);
  }
  for (let i = 0; i < 12; i++) write(view, size + 4 + i * bytes, i);
  return buffer;
}

const TWELVE = [
  [0, 100, 200, 300, 400, 500],
  [600, 700, 800, 900, 1000, 1100],
];

test('NIfTI of both versions and byte orders, packed or not', async () => {
  for (const version of [1, 2] as const) {
    for (const little of [true, false]) {
      const bytes = nifti(version, little, 512, (view, at, i) => view.setUint16(at, 100 * i, little), 2);
      for (const file of [bytes, gzipSync(bytes)]) {
        const { size, facts, slices } = await all(file);
        assert.deepEqual([size, slices], [[3, 2, 2], TWELVE]);
        assert.deepEqual(facts.PixelSpacing, version === 1 ? [Math.fround(0.2), Math.fround(0.1)] : [0.2, 0.1]);
        assert.deepEqual([facts.RescaleSlope, facts.RescaleIntercept, facts.BitsStored], [2, -1, 16]);
      }
    }
  }
});

test('NIfTI with NaN, a cut one, other types and dimensions are refused', async () => {
  const floats = nifti(1, true, 16, (view, at, i) => view.setFloat32(at, i === 10 ? Number.NaN : i, true), 4);
  const { slice } = await opened(floats);
  assert.deepEqual([...(await slice(0)).data], [0, 1, 2, 3, 4, 5]);
  await assert.rejects(slice(1), { code: 'value-not-finite', message: /NaN at column 1, row 1 of slice 1/ });
  await assert.rejects(slice(2), { code: 'option-invalid', message: /slices 0 to 1, got 2/ });
  await assert.rejects(opened(floats.subarray(0, -1)), { code: 'image-truncated' });
  await assert.rejects(opened(floats.subarray(0, 348)), { code: 'image-truncated' });
  await assert.rejects(opened(gzipSync(floats).subarray(0, 40)), { code: 'image-corrupt', message: /unpacked/ });
  await assert.rejects(opened(floats, 5), { code: 'image-too-large' });
  const changed = (at: number, value: number) => {
    const copy = Buffer.from(floats);
    copy.writeInt16LE(value, at);
    return copy;
  };
  await assert.rejects(opened(changed(70, 128)), { code: 'format-unsupported', message: /datatype 128/ });
  await assert.rejects(opened(changed(40, 9)), { code: 'format-unsupported' });
  await assert.rejects(opened(changed(42, 0)), { code: 'image-corrupt', message: /0 x 2 x 2/ });
  await assert.rejects(opened(changed(0, 7)), { code: 'image-corrupt', message: /sizeof_hdr/ });
});

/** What numpy.save writes, by NEP 1. */
function npy(header: string, data: Buffer, major = 1): Buffer {
  const text = Buffer.from(`${header}\n`, 'latin1');
  const start = Buffer.alloc(major === 1 ? 10 : 12);
  start.write('\x93NUMPY', 0, 'latin1');
  start[6] = major;
  if (major === 1) start.writeUInt16LE(text.length, 8);
  else start.writeUInt32LE(text.length, 8);
  return Buffer.concat([start, text, data]);
}

test('NumPy arrays of one or several slices, either byte order', async () => {
  const big = Buffer.alloc(24);
  for (let i = 0; i < 12; i++) big.writeUInt16BE(100 * i, 2 * i);
  const three = npy("{'descr': '>u2', 'fortran_order': False, 'shape': (2, 2, 3), }", big);
  assert.deepEqual(await all(three).then(({ size, slices }) => [size, slices]), [[3, 2, 2], TWELVE]);
  const two = npy("{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3), }", Buffer.from([1, 2, 3, 4, 5, 6]), 2);
  assert.deepEqual((await all(two)).slices, [[1, 2, 3, 4, 5, 6]]);
});

test('NumPy arrays of objects, in Fortran order, of other shapes or cut are refused', async () => {
  const refuse = (header: string, code: string, length = 6) =>
    assert.rejects(opened(npy(header, Buffer.alloc(length))), { code });
  await refuse("{'descr': '|O', 'fortran_order': False, 'shape': (2, 3), }", 'format-unsupported');
  await refuse("{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3), }", 'format-unsupported');
  await refuse("{'descr': '|u1', 'fortran_order': False, 'shape': (6,), }", 'format-unsupported');
  await refuse("{'descr': '|u1', 'fortran_order': False, 'shape': (2, 4), }", 'image-truncated');
  await refuse("{'shape': (2, 3)}", 'image-corrupt');
  await assert.rejects(opened(npy("{'descr': '|u1'}", Buffer.alloc(0)).subarray(0, 14)), { code: 'image-truncated' });
});

const chunk = (id: string, data: Buffer) => {
  const head = Buffer.alloc(8);
  head.write(id, 0, 'latin1');
  head.writeUInt32LE(data.length, 4);
  return Buffer.concat([head, data, Buffer.alloc(data.length % 2)]);
};
const list = (type: string, ...parts: Buffer[]) =>
  chunk('LIST', Buffer.concat([Buffer.from(type, 'latin1'), ...parts]));

/** An AVI by the RIFF specification: one video stream, its frames in movi, a sound stream that is passed over. */
function avi(
  fourcc: string | 0,
  bits: number,
  [width, height]: readonly [number, number],
  frames: readonly Buffer[],
  palette = Buffer.alloc(0),
  announced = frames.length,
): Buffer {
  const header = Buffer.alloc(56);
  header.writeUInt32LE(announced, 16);
  const format = Buffer.alloc(40);
  format.writeUInt32LE(40, 0);
  format.writeInt32LE(width, 4);
  format.writeInt32LE(height, 8);
  format.writeUInt16LE(1, 12);
  format.writeUInt16LE(bits, 14);
  if (fourcc !== 0) format.write(fourcc, 16, 'latin1');
  const strh = (type: string) => chunk('strh', Buffer.concat([Buffer.from(type, 'latin1'), Buffer.alloc(52)]));
  const sound = list('strl', strh('auds'), chunk('strf', Buffer.alloc(18, 1)));
  const video = list('strl', strh('vids'), chunk('strf', Buffer.concat([format, palette])));
  const movi = list('movi', ...frames.flatMap((frame) => [chunk('00wb', Buffer.alloc(3)), chunk('01dc', frame)]));
  return chunk(
    'RIFF',
    Buffer.concat([Buffer.from('AVI ', 'latin1'), list('hdrl', chunk('avih', header), sound, video), movi]),
  );
}

test('AVI: uncompressed frames of 8 and 24 bits from the bottom up, and motion JPEG', async () => {
  // Rows of 3 are padded to 4 bytes.
  const frame = (k: number) => Buffer.from([4 + k, 5, 6, 0, 1 + k, 2, 3, 0]);
  const eight = await all(avi(0, 8, [3, 2], [frame(0), frame(10)]));
  assert.deepEqual(
    [eight.size, eight.slices],
    [
      [3, 2, 2],
      [
        [1, 2, 3, 4, 5, 6],
        [11, 2, 3, 14, 5, 6],
      ],
    ],
  );
  assert.deepEqual((await all(avi(0, 8, [3, -2], [frame(0)]))).slices, [[4, 5, 6, 1, 2, 3]]);
  const palette = Buffer.alloc(256 * 4, Buffer.from([9, 9, 9, 0]));
  assert.deepEqual((await all(avi(0, 8, [3, 2], [frame(0)], palette))).slices, [[9, 9, 9, 9, 9, 9]]);
  const rgb = Buffer.from([7, 7, 7, 8, 8, 8, 0, 0]);
  assert.deepEqual((await all(avi(0, 24, [2, 1], [rgb]))).slices, [[7, 8]]);
  const grey = await sharp(Buffer.alloc(64 * 32, 90), { raw: { width: 64, height: 32, channels: 1 } })
    .jpeg({ quality: 100 })
    .toBuffer();
  const film = await all(avi('MJPG', 24, [64, 32], [grey, grey]));
  assert.deepEqual(film.size, [64, 32, 2]);
  assert.ok(film.slices.flat().every((value) => value === 90));
});

test('an AVI with a foreign codec is refused by its FourCC; colour, cut files and frames of another size too', async () => {
  await assert.rejects(opened(avi('XVID', 24, [3, 2], [Buffer.alloc(8)])), {
    code: 'format-unsupported',
    message: /the codec "XVID"/,
  });
  await assert.rejects(opened(avi(0, 16, [3, 2], [Buffer.alloc(16)])), {
    code: 'format-unsupported',
    message: /16 bits a pixel/,
  });
  await assert.rejects(all(avi(0, 24, [2, 1], [Buffer.from([7, 7, 8, 8, 8, 8, 0, 0])])), { code: 'image-colour' });
  await assert.rejects(all(avi(0, 8, [3, 2], [Buffer.alloc(7)])), { code: 'image-truncated' });
  await assert.rejects(opened(avi(0, 8, [3, 2], [Buffer.alloc(8)]).subarray(0, -4)), { code: 'image-truncated' });
  await assert.rejects(opened(avi(0, 8, [3, 2], [Buffer.alloc(8)], Buffer.alloc(0), 3)), {
    code: 'image-truncated',
    message: /announces 3 frames and holds 1/,
  });
  await assert.rejects(opened(avi(0, 8, [3, 2], [])), { code: 'image-corrupt', message: /without video frames/ });
  const grey = await sharp(Buffer.alloc(64), { raw: { width: 8, height: 8, channels: 1 } })
    .jpeg()
    .toBuffer();
  await assert.rejects(all(avi('MJPG', 24, [8, 9], [grey])), { code: 'image-corrupt' });
});

test('TIFF of 8 and 16 bits, value for value; what a decoder would convert is refused', async () => {
  const values16 = Uint16Array.from([0, 1, 4095, 65535, 256, 257]);
  const raw = { raw: { width: 3, height: 2, channels: 1 as const } };
  const tiff16 = await sharp(values16, raw).toColourspace('grey16').tiff({ compression: 'lzw' }).toBuffer();
  const sixteen = await all(tiff16);
  assert.deepEqual([sixteen.slices, sixteen.facts.BitsStored], [[[...values16]], 16]);
  const tiff8 = await sharp(Uint8Array.from([0, 1, 2, 3, 254, 255]), raw)
    .toColourspace('b-w')
    .tiff({ compression: 'none' })
    .toBuffer();
  assert.deepEqual((await all(tiff8)).slices, [[0, 1, 2, 3, 254, 255]]);
  const path = join(folder, 'a.tif');
  await writeFile(path, tiff8);
  assert.deepEqual([...(await readImage(path)).data], [0, 1, 2, 3, 254, 255]);
  const inverted = Buffer.from(tiff8);
  const directory = inverted.readUInt32LE(4);
  for (let at = directory + 2; at < inverted.length - 12; at += 12)
    if (inverted.readUInt16LE(at) === 262) inverted.writeUInt16LE(0, at + 8);
  await assert.rejects(opened(inverted), { code: 'format-unsupported', message: /white at zero/ });
  await assert.rejects(opened(tiff8.subarray(0, directory + 20)), { code: 'image-truncated' });
});

test('grey pictures are stacks of one slice, and other files are named', async () => {
  const png = await sharp(Buffer.from([1, 2, 3, 4]), { raw: { width: 2, height: 2, channels: 1 } })
    .toColourspace('b-w')
    .png()
    .toBuffer();
  const { size, facts, slices } = await all(png);
  assert.deepEqual([size, facts.BitsStored, slices], [[2, 2, 1], 8, [[1, 2, 3, 4]]]);
  await assert.rejects(opened(Buffer.from('hello, world')), { code: 'format-unsupported' });
  await assert.rejects(openImage(join(folder, 'nowhere')), { code: 'file-missing' });
});
