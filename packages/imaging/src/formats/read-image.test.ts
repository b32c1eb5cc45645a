import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { deflateSync } from 'node:zlib';
import { RandomStream } from '@mammoscope/random';
import sharp from 'sharp';
import { exifPayload, pngChunk, pngFile } from './png-fixture.ts';
import { readImage } from './read-image.ts';
import { writePng8, writePng16 } from './write-png.ts';

let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'read-image-'));
});
after(() => rm(folder, { recursive: true }));

async function read(bytes: Uint8Array | string, maxPixels?: number) {
  const path = join(folder, 'image');
  await writeFile(path, bytes);
  return readImage(path, maxPixels === undefined ? {} : { maxPixels });
}

const random = new RandomStream(1, 'read-image test');
const values8 = [0, 1, 2, 127, 128, 254, 255, 7, 99, 42, 17, 200];
const values16 = [0, 1, 255, 256, 257, 4095, 4096, 32767, 32768, 65534, 65535, 12345];

test('8- and 16-bit grey PNG come back value for value', async () => {
  const eight = await read(pngFile(4, 8, 'grey', values8));
  assert.deepEqual({ ...eight, data: [...eight.data] }, { width: 4, height: 3, data: values8, bitDepth: 8 });
  const sixteen = await read(pngFile(3, 16, 'grey', values16));
  assert.deepEqual({ ...sixteen, data: [...sixteen.data] }, { width: 3, height: 4, data: values16, bitDepth: 16 });
});

test('every one of the 65536 values survives a 16-bit file, ours and sharp’s', async () => {
  const every = Float32Array.from({ length: 65536 }, (_, i) => i);
  const path = join(folder, 'every.png');
  await writePng16(path, every, 256, 256);
  const image = await readImage(path);
  assert.equal(image.bitDepth, 16);
  assert.ok(image.data.every((value, i) => value === i));
  const ours = await read(pngFile(256, 16, 'grey', [...every]));
  assert.ok(ours.data.every((value, i) => value === i));
});

/**
 * A grey ICC profile (ICC.1:2001-04) whose curve is the identity, gamma 1.0: a colour-managed reader would turn linear
 * light into sRGB and brighten everything.
 */
function linearGreyProfile(): Buffer {
  const bytes = Buffer.alloc(128 + 4 + 2 * 12 + 20 + 12);
  const text = (at: number, value: string) => bytes.write(value, at, 'latin1');
  bytes.writeUInt32BE(bytes.length, 0);
  bytes.writeUInt32BE(0x02400000, 8);
  text(12, 'mntrGRAYXYZ ');
  text(36, 'acsp');
  for (const at of [68, 164]) bytes.set([0, 0, 0xf6, 0xd6, 0, 1, 0, 0, 0, 0, 0xd3, 0x2d], at); // D50
  bytes.writeUInt32BE(2, 128);
  text(132, 'wtpt');
  bytes.set([0, 0, 0, 156, 0, 0, 0, 20], 136);
  text(144, 'kTRC');
  bytes.set([0, 0, 0, 176, 0, 0, 0, 12], 148);
  text(156, 'XYZ ');
  text(176, 'curv'); // with no entries: the identity
  return bytes;
}

test('gamma and colour profile do not touch the values', async () => {
  const gamma = pngChunk('gAMA', Buffer.from([0, 1, 0x86, 0xa0])); // 1.0, where viewers assume 1 / 2.2
  const profile = pngChunk('iCCP', Buffer.concat([Buffer.from('linear\0\0'), deflateSync(linearGreyProfile())]));
  for (const chunk of [gamma, profile]) {
    assert.deepEqual([...(await read(pngFile(4, 8, 'grey', values8, [chunk]))).data], values8);
    assert.deepEqual([...(await read(pngFile(4, 16, 'grey', values16, [chunk]))).data], values16);
  }
  const managed = await sharp(pngFile(4, 8, 'grey', values8, [profile]))
    .raw()
    .toBuffer();
  assert.notEqual(managed[2 * (managed.length / 12)], values8[2], 'the profile should matter to a managed reader');
});

test('grey in colour channels is grey, colour is refused', async () => {
  for (const [bits, values] of [
    [8, values8],
    [16, values16],
  ] as const) {
    const tripled = values.flatMap((value) => [value, value, value]);
    const image = await read(pngFile(4, bits, 'rgb', tripled));
    assert.deepEqual([[...image.data], image.bitDepth], [values, bits]);
    tripled[10] = (tripled[10] as number) + 1; // green of pixel 3
    await assert.rejects(read(pngFile(4, bits, 'rgb', tripled)), { code: 'image-colour', message: /pixel 3 is/ });
  }
});

test('an opaque alpha channel is dropped, any other refused', async () => {
  for (const [bits, values, opaque] of [
    [8, values8, 255],
    [16, values16, 65535],
  ] as const) {
    const grey = values.flatMap((value) => [value, opaque]);
    const rgba = values.flatMap((value) => [value, value, value, opaque]);
    assert.deepEqual([...(await read(pngFile(4, bits, 'greyAlpha', grey))).data], values);
    assert.deepEqual([...(await read(pngFile(4, bits, 'rgba', rgba))).data], values);
    grey[5] = opaque - 1;
    await assert.rejects(read(pngFile(4, bits, 'greyAlpha', grey)), {
      code: 'image-transparent',
      message: /at pixel 2/,
    });
  }
  const keyed = pngFile(4, 8, 'grey', values8, [pngChunk('tRNS', Buffer.from([0, values8[7] as number]))]);
  await assert.rejects(read(keyed), { code: 'image-transparent', message: /at pixel 7/ });
});

test('PGM, raw and plain, 8 and 16 bits, with comments', async () => {
  const raw16 = Buffer.from(Uint16Array.from(values16).buffer).swap16();
  const files: [Uint8Array | string, readonly number[], number][] = [
    [Buffer.concat([Buffer.from('P5\n# a comment\n4 3\n255\n'), Buffer.from(values8)]), values8, 8],
    [Buffer.concat([Buffer.from('P5 3 4 65535\n'), raw16]), values16, 16],
    [`P2 # plain\n4 3 # size\n255\n${values8.join(' ')}`, values8, 8],
    [`P2\n3 4\n65535\n${values16.join('\n')}\n`, values16, 16],
    ['P2 2 1 4095 0 4095', [0, 4095], 16],
  ];
  for (const [file, values, bitDepth] of files) {
    const image = await read(file);
    assert.deepEqual([[...image.data], image.bitDepth], [values, bitDepth]);
  }
});

test('PGM that breaks its own rules is refused', async () => {
  const cases: [string, string][] = [
    ['P5 4 3 255\n12345678901', 'image-truncated'],
    ['P5 4 3 255\n1234567890123', 'image-corrupt'], // a byte too many
    ['P5 2 1 65535\nabc', 'image-truncated'],
    ['P2 2 2 255 1 2 3', 'image-truncated'],
    ['P2 2 1 255 1 256', 'image-corrupt'],
    ['P2 2 1 255 1 x', 'image-corrupt'],
    ['P2 0 1 255 ', 'image-corrupt'],
    ['P2 1 1 65536 7', 'image-corrupt'],
    ['P5 99999 99999 255\n', 'image-too-large'],
    ['P5 4', 'image-truncated'],
    ['P6 1 1 255\nabc', 'format-unsupported'],
  ];
  for (const [file, code] of cases) await assert.rejects(read(file), { code }, file);
});

test('JPEG, grey and grey in colour, is close to what was stored', async () => {
  const ramp = Uint8Array.from({ length: 64 * 48 }, (_, i) => 3 * (i % 64) + Math.floor(i / 64));
  const grey = sharp(ramp, { raw: { width: 64, height: 48, channels: 1 } });
  for (const bytes of [
    await grey.clone().jpeg({ quality: 95 }).toBuffer(),
    await grey.clone().toColourspace('srgb').jpeg({ quality: 95, progressive: true }).toBuffer(),
  ]) {
    const image = await read(bytes);
    assert.deepEqual([image.width, image.height, image.bitDepth], [64, 48, 8]);
    assert.ok(image.data.every((value, i) => Math.abs(value - (ramp[i] as number)) <= 4));
  }
  const nearlyGrey = sharp({ create: { width: 8, height: 8, channels: 3, background: '#7e817f' } });
  const luma = await read(await nearlyGrey.jpeg({ quality: 100, chromaSubsampling: '4:4:4' }).toBuffer());
  assert.ok(luma.data.every((value) => value === 128)); // of 127, 129, 128
  const colour = sharp({ create: { width: 8, height: 8, channels: 3, background: '#804020' } });
  await assert.rejects(read(await colour.jpeg().toBuffer()), { code: 'image-colour' });
});

test('a file that asks to be turned is refused', async () => {
  const upright = pngFile(4, 8, 'grey', values8, [pngChunk('eXIf', exifPayload(1))]);
  assert.deepEqual([...(await read(upright)).data], values8);
  const mirrored = pngFile(4, 8, 'grey', values8, [pngChunk('eXIf', exifPayload(2))]);
  await assert.rejects(read(mirrored), { code: 'image-orientation', message: /orientation 2/ });
  const jpeg = sharp({ create: { width: 8, height: 8, channels: 3, background: '#808080' } }).withExif({});
  const turned = await jpeg.jpeg().withMetadata({ orientation: 6 }).toBuffer();
  await assert.rejects(read(turned), { code: 'image-orientation', message: /orientation 6/ });
});

test('no file, no bytes, no image, too many pixels: each has its code and names the file', async () => {
  await assert.rejects(readImage(join(folder, 'absent.png')), { code: 'file-missing', message: /absent\.png/ });
  await assert.rejects(readImage(folder), { code: 'file-missing', message: /not a file/ });
  const endless = join(folder, `${'x'.repeat(300)}.png`); // longer than a file system allows
  await assert.rejects(readImage(endless), { code: 'file-unreadable', message: /could not be read \(ENAMETOOLONG\)/ });
  await assert.rejects(read(''), { code: 'file-empty', message: /image has zero bytes/ });
  await assert.rejects(read('not an image'), { code: 'format-unsupported', message: /not an image/ });
  await assert.rejects(read('GIF89a'), { code: 'format-unsupported' });
  await assert.rejects(read(`${'\0'.repeat(128)}DICM`), { code: 'format-unsupported', message: /DICOM/ });
  await assert.rejects(read(pngFile(4, 8, 'grey', values8), 11), { code: 'image-too-large', message: /4 x 3 pixels/ });
  assert.equal((await read(pngFile(4, 8, 'grey', values8), 12)).width, 4);
});

/** A PNG and a JPEG of noise, large enough for several blocks of compressed data. */
async function noiseFiles() {
  const noise = Uint8Array.from({ length: 40 * 30 }, () => random.integer(0, 255));
  const image = sharp(noise, { raw: { width: 40, height: 30, channels: 1 } }).toColourspace('b-w');
  return {
    png: pngFile(40, 8, 'grey', [...noise]),
    jpeg: await image.clone().jpeg().toBuffer(),
    progressive: await image.clone().jpeg({ progressive: true }).toBuffer(),
    pgm: Buffer.concat([Buffer.from('P5\n40 30\n255\n'), noise]),
  };
}

test('a file cut anywhere is refused, down to its last byte', async () => {
  for (const [kind, bytes] of Object.entries(await noiseFiles())) {
    await read(bytes);
    const ends = [3, 9, 20, 30, 60, 200, 0.25, 0.5, 0.75, -100, -13, -12, -9, -5, -4, -3, -2, -1];
    for (const end of ends) {
      const length = end < 0 ? bytes.length + end : end < 1 ? Math.floor(bytes.length * end) : end;
      await assert.rejects(
        read(bytes.subarray(0, length)),
        /truncated|cut short|ends before|known format/,
        `${kind} cut at ${end}`,
      );
    }
  }
});

test('a flipped bit anywhere in a PNG is noticed', async () => {
  const { png } = await noiseFiles();
  for (let n = 0; n < 60; n++) {
    const copy = Buffer.from(png);
    const at = random.integer(0, png.length - 1);
    copy[at] = (copy[at] as number) ^ (1 << random.integer(0, 7));
    await assert.rejects(read(copy), { name: 'ImagingError' }, `byte ${at}`);
  }
  const copy = Buffer.from(png);
  copy[100] = (copy[100] as number) ^ 4;
  await assert.rejects(read(copy), { code: 'image-corrupt', message: /checksum of the PNG chunk IDAT/ });
});

test('600 seeded mutations give an image or an ImagingError, never a crash', async () => {
  const files = Object.values(await noiseFiles());
  let [images, errors] = [0, 0];
  for (let n = 0; n < 600; n++) {
    const copy = Buffer.from(files[n % files.length] as Buffer);
    const headerOnly = random.chance(0.5);
    for (let i = random.integer(1, 6); i > 0; i--) {
      copy[random.integer(0, headerOnly ? 60 : copy.length - 1)] = random.integer(0, 255);
    }
    if (random.chance(0.5)) repairChecksums(copy);
    const end = random.chance(0.2) ? random.integer(1, copy.length) : copy.length;
    try {
      const image = await read(copy.subarray(0, end), 1_000_000);
      assert.equal(image.data.length, image.width * image.height);
      images++;
    } catch (error) {
      assert.ok(error instanceof Error && error.name === 'ImagingError', String(error));
      errors++;
    }
  }
  assert.ok(images > 20 && errors > 200, `${images} images, ${errors} errors`);
});

/** Makes the checksums of a mutated PNG right again, so that the mutation reaches the decoder. */
function repairChecksums(bytes: Buffer): void {
  if (bytes[0] !== 0x89) return;
  for (let at = 8; at + 12 <= bytes.length; ) {
    const end = at + 8 + bytes.readUInt32BE(at);
    if (end + 4 > bytes.length) return;
    const type = bytes.toString('latin1', at + 4, at + 8);
    pngChunk(type, bytes.subarray(at + 8, end)).copy(bytes, end, end - at);
    at = end + 4;
  }
}

test('writePng8 rounds and clips, and refuses what is not a plane', async () => {
  const path = join(folder, 'written.png');
  await writePng8(path, Float32Array.of(-3, 0.4, 0.6, 254.5, 300, 7), 3, 2);
  assert.deepEqual([...(await readImage(path)).data], [0, 0, 1, 255, 255, 7]);
  await assert.rejects(writePng8(path, new Float32Array(5), 3, 2), { code: 'option-invalid', message: /holds 5/ });
  await assert.rejects(writePng8(path, Float32Array.of(Number.NaN), 1, 1), { code: 'option-invalid', message: /NaN/ });
  await assert.rejects(writePng8(join(folder, 'no', 'x.png'), Float32Array.of(1), 1, 1), { code: 'file-not-written' });
});
