import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { crc32, deflateRawSync } from 'node:zlib';
import { RandomStream } from '@mammoscope/random';
import { bytesSource } from '../byte-source.ts';
import type { WeightsFile } from '../weights-file.ts';
import { type Fixture, legacyFile, legacyPieces, pickle, type TensorFixture, tensorFixture } from './pickle-fixture.ts';
import { openPytorch } from './read-pytorch.ts';

/** Files that PyTorch 1.13 wrote, and what it reads from them; see references/README.md. */
const FOLDER = new URL('../../../../../references/weights/', import.meta.url);
const file = (name: string): Uint8Array => readFileSync(new URL(name, FOLDER));

const open = (bytes: Uint8Array): Promise<WeightsFile> => openPytorch(bytesSource(bytes, 'w.pt'));
const readAll = async (bytes: Uint8Array) => {
  const { entries, read } = await open(bytes);
  for (const name of entries.keys()) await read(name);
};
const refused = (bytes: Uint8Array, code: string, message: RegExp) =>
  assert.rejects(readAll(bytes), (error: Error & { code?: string }) => {
    assert.match(error.message, message);
    assert.match(error.message, /^w\.pt[^\n]{10,600}$/);
    return error.name === 'WeightsError' && error.code === code;
  });

test('archives are refused wherever they end, and wherever an element is changed', async () => {
  const whole = file('views.pt');
  for (let end = 0; end < whole.length; end++) await refused(whole.subarray(0, end), 'pytorch-malformed', /./);
  const changed = Uint8Array.from(whole);
  const at = Buffer.from(whole).indexOf(Buffer.from(Float32Array.of(7, 8).buffer));
  changed[at] = 1;
  await refused(
    changed,
    'pytorch-malformed',
    /its entry "views\/data\/\d" do not have its checksum; copy or download it again/,
  );
});

test('legacy files are refused wherever they end', async () => {
  const whole = file('views.legacy.pt');
  for (let end = 0; end < whole.length; end++) await refused(whole.subarray(0, end), 'pytorch-malformed', /./);
});

interface EntryFixture {
  readonly name: string;
  readonly data: Uint8Array;
  readonly method?: number;
  readonly flags?: number;
  /** The size before compression that it claims. */
  readonly claimed?: number;
  /** Begins where this entry does. */
  readonly over?: number;
}

/** An archive that may contradict itself. */
function archive(...entries: readonly EntryFixture[]): Uint8Array {
  const [locals, list, offsets]: [Buffer[], Buffer[], number[]] = [[], [], []];
  let at = 0;
  for (const { name, data, method = 0, flags = 0, claimed = data.length, over } of entries) {
    const fields = Buffer.alloc(26); // from the version to the lengths of the name and of what is extra
    fields.writeUInt16LE(flags, 2);
    fields.writeUInt16LE(method, 4);
    fields.writeUInt32LE(crc32(data), 10);
    fields.writeUInt32LE(data.length, 14);
    fields.writeUInt32LE(claimed, 18);
    fields.writeUInt16LE(name.length, 22);
    const tail = Buffer.alloc(14); // comment, disk and attributes; then the offset
    offsets.push(over === undefined ? at : (offsets[over] as number));
    tail.writeUInt32LE(offsets.at(-1) as number, 10);
    list.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\x00'), fields, tail, Buffer.from(name)]));
    if (over !== undefined) continue;
    locals.push(Buffer.concat([Buffer.from('PK\x03\x04'), fields, Buffer.from(name), data]));
    at += (locals.at(-1) as Buffer).length;
  }
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06');
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(Buffer.concat(list).length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...locals, ...list, end]);
}

test('compressed and encrypted entries are refused, so that nothing inflates', async () => {
  const bomb = { name: 'w/data.pkl', data: deflateRawSync(Buffer.alloc(2 ** 20)), claimed: 2 ** 32 - 2 };
  await refused(
    archive({ ...bomb, method: 8 }),
    'pytorch-unsupported',
    /its entry "w\/data\.pkl" is compressed, which torch\.save never does/,
  );
  await refused(archive({ ...bomb, flags: 1 }), 'pytorch-unsupported', /is encrypted/);
  await refused(archive(bomb), 'pytorch-malformed', /contradictory sizes/);
});

test('archives made by hand are read, and refused when entries overlap or their elements are big-endian', async () => {
  const keys = Array.from({ length: 9 }, (_, i) => `${i}`);
  const dict: Fixture = { dict: keys.map((key) => [`w${key}`, tensorFixture({ key, shape: [100] })]) };
  const data = new Uint8Array(Float32Array.from({ length: 100 }, (_, i) => i).buffer);
  const pickled = { name: 'w/data.pkl', data: pickle(dict) };
  const storages = keys.map((key) => ({ name: `w/data/${key}`, data }));
  await readAll(archive(pickled, ...storages, { name: 'w/byteorder', data: Buffer.from('little') }));
  await refused(
    archive(pickled, ...storages, { name: 'w/byteorder', data: Buffer.from('big') }),
    'pytorch-unsupported',
    /not little-endian/,
  );
  const overlapping = storages.map((entry, i) => (i === 0 ? entry : { ...entry, over: 1 }));
  await refused(
    archive(pickled, ...overlapping),
    'pytorch-malformed',
    /its storages should have at most its own \d+ bytes, they are said to have 3600/,
  );
  await refused(
    archive(pickled, ...storages, { name: 'w/constants.pkl', data }),
    'pytorch-unsupported',
    /it is a TorchScript program/,
  );
});

test('an archive whose list is only in the fields of large ones is read', async () => {
  const large = Buffer.from(file('tiny.zip64.pt'));
  large.fill(0xff, large.length - 12, large.length - 2); // count, size and offset of the list
  assert.equal((await open(large)).entries.size, 9);
});

test('archives that are no state dict are refused by what they hold', async () => {
  const renamed = (from: string, to: string) =>
    Buffer.from(Buffer.from(file('tiny.pt')).toString('latin1').replaceAll(from, to), 'latin1');
  await refused(
    renamed('data.pkl', 'data.abc'),
    'pytorch-unsupported',
    /has an entry data\.pkl, this one has tiny\/data\.abc, tiny\/data\/0/,
  );
  await refused(renamed('data/0', 'data/x'), 'pytorch-malformed', /storage "0" should have 432 bytes, it has no entry/);
  await refused(renamed('data/1', 'data/2'), 'pytorch-malformed', /two of its entries are called "tiny\/data\/2"/);
});

const legacy = (value: Fixture, ...storages: TensorFixture[]) => Buffer.concat([...legacyPieces(value, storages)]);
const weight = { key: 'a', shape: [2] };

test('the state dict of a checkpoint is found, and what is none is refused by what it is', async () => {
  const dict: Fixture = { dict: [['fc.weight', tensorFixture(weight)]] };
  for (const held of [
    {
      dict: [
        ['epoch', 3],
        ['model', dict],
      ],
    },
    { dict: [['model', { dict: [['state_dict', dict]] }]] },
  ] as Fixture[])
    assert.deepEqual([...(await open(legacy(held, weight))).entries.keys()], ['fc.weight']);
  await refused(
    legacy({
      dict: [
        ['epoch', 3],
        ['loss', 1],
      ],
    }),
    'pytorch-unsupported',
    /should hold a state dict, or have one under state_dict, .*; it holds a dictionary with epoch, loss$/,
  );
  await refused(legacy(tensorFixture(weight), weight), 'pytorch-unsupported', /holds a single tensor/);
  await refused(legacy([1, 2, 3]), 'pytorch-unsupported', /holds a list of 3/);
  await refused(
    legacy(
      {
        dict: [
          ['a', tensorFixture(weight)],
          ['epoch', 3],
        ],
      },
      weight,
    ),
    'pytorch-unsupported',
    /"epoch" of its state dict should be the name of a tensor, it is that of a number/,
  );
});

test('tensors outside their storage, and storages outside their file, are refused by name', async () => {
  const tensor = (changes: Partial<TensorFixture>) =>
    legacyFile({ 'fc.weight': { key: 'a', shape: [2, 3], elements: new Float32Array(6), ...changes } });
  await readAll(tensor({}));
  await refused(
    tensor({ shape: [2, 4] }),
    'pytorch-malformed',
    /tensor "fc\.weight" of shape \[2, 4\] should end inside its storage of 6 elements, it reaches element 7/,
  );
  await refused(tensor({ offset: 1 }), 'pytorch-malformed', /reaches element 6/);
  await refused(
    tensor({ strides: [-3, 1], offset: 3 }),
    'pytorch-malformed',
    /has the stride -3, strides should be 0 and more/,
  );
  await refused(tensor({ claimed: 7 }), 'pytorch-malformed', /storage "a" should have 7 elements, it has 6/);
  await refused(
    tensor({ claimed: 2 ** 31 - 1, shape: [2 ** 31 - 1] }),
    'pytorch-malformed',
    /should have 2147483647 elements, it has 6/,
  );
  await refused(
    tensor({ shape: [1000, 1000], strides: [0, 0] }),
    'pytorch-unsupported',
    /would take 4000000 bytes, more than 4 times the \d+ of the file/,
  );
  await refused(
    tensor({ shape: new Array(33).fill(2 ** 31 - 1), strides: new Array(33).fill(0) }),
    'pytorch-unsupported',
    /would take Infinity bytes/,
  );
  await refused(tensor({ shape: new Array(65).fill(1) }), 'pytorch-malformed', /65 dimensions, PyTorch has at most 64/);
  await refused(
    tensor({ shape: [-1, 3] }),
    'pytorch-unsupported',
    /_rebuild_tensor_v2 with arguments that it does not take/,
  );
});

test('views of any strides have the elements of a plain loop', async () => {
  const random = new RandomStream(2, 'strides');
  const elements = Float32Array.from({ length: 200 }, (_, i) => i);
  for (let round = 0; round < 200; round++) {
    const shape = Array.from({ length: random.integer(0, 4) }, () => random.integer(0, 3));
    const strides = shape.map(() => random.integer(0, 15));
    const offset = random.integer(0, 9);
    const expected: number[] = [];
    const visit = (axis: number, at: number): void => {
      if (axis === shape.length) expected.push(at);
      else for (let i = 0; i < (shape[axis] as number); i++) visit(axis + 1, at + i * (strides[axis] as number));
    };
    visit(0, offset);
    const { read } = await open(legacyFile({ w: { key: 'a', shape, strides, offset, elements } }));
    assert.deepEqual([...(await read('w')).data], expected, `${shape} ${strides} ${offset}`);
  }
});

test('a legacy file of another machine or version is refused', async () => {
  const magic = file('views.legacy.pt').subarray(0, 15);
  await refused(Buffer.concat([magic, pickle(1000)]), 'pytorch-malformed', /not the magic number/);
  await refused(
    Buffer.concat([magic, pickle(1001), pickle({ dict: [['little_endian', false]] })]),
    'pytorch-unsupported',
    /not little-endian/,
  );
  await refused(Buffer.from('<html>'), 'pytorch-malformed', /neither as an archive nor as a pickle/);
  await refused(new Uint8Array(), 'pytorch-malformed', /neither/);
});

test('every file of PyTorch holds what PyTorch reads from it', async () => {
  const values = JSON.parse(Buffer.from(file('values.json')).toString()) as Record<
    string,
    Record<string, { shape: number[]; values: unknown[] }>
  >;
  const names = readdirSync(FOLDER).filter((name) => /\.pth?$/.test(name));
  assert.equal(names.length, 9);
  for (const name of names) {
    const expected = values[name.split('.')[0] as string] ?? values.tiny ?? {};
    const { entries, read } = await open(file(name));
    const prefix = name.startsWith('checkpoint') ? 'module.' : '';
    assert.deepEqual(
      [...entries.keys()],
      Object.keys(expected).map((key) => prefix + key),
      name,
    );
    for (const [key, { shape, values: elements }] of Object.entries(expected)) {
      const tensor = await read(prefix + key);
      assert.deepEqual(tensor.shape, shape, `${name} ${key}`);
      assert.deepEqual(
        Array.from(tensor.data as Iterable<unknown>, (x) => (typeof x === 'bigint' ? `${x}` : x)),
        elements,
        `${name} ${key}`,
      );
    }
  }
});
