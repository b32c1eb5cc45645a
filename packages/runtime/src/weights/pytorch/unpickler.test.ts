import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Fixture, pickle } from './pickle-fixture.ts';
import { unpickle } from './unpickler.ts';

const read = (bytes: Uint8Array) => unpickle(bytes, 0, 'w.pt').value;
const refused = (bytes: Uint8Array, code: string, message: RegExp) =>
  assert.throws(() => read(bytes), { name: 'WeightsError', code, message });
const bytes = (...parts: (string | number)[]) =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : Buffer.of(part))));

test('the values of a pickle, as Python writes them with protocols 2 and 4', () => {
  // pickle.dumps({'a': [1, 300, 70000, -1, 2**60+1, -2**40, 0.5, None, True], 'ü': (1, 'x'), 3: ()}, 2)
  const two =
    '80027d71002858010000006171015d7102284b014d2c014a701101004affffffff8a0801000000000000108a060000000000ff473f' +
    'e00000000000004e88655802000000c3bc71034b0158010000007871048671054b0329752e';
  const expected = new Map<unknown, unknown>([
    ['a', [1, 300, 70000, -1, 2n ** 60n + 1n, -(2 ** 40), 0.5, null, true]],
    ['ü', [1, 'x']],
    [3, []],
  ]);
  assert.deepEqual(read(Buffer.from(two, 'hex')), expected);
  const four =
    '80049549000000000000007d94288c0161945d94284b014d2c014a701101004affffffff8a0801000000000000108a060000000000ff' +
    '473fe00000000000004e88658c02c3bc944b018c01789486944b0329752e';
  assert.deepEqual(read(Buffer.from(four, 'hex')), expected);
});

test('a pickle that would run something in Python is refused by the name that it asks for', () => {
  const asking = (module: string, name: string): Fixture => ({ reduce: [{ global: [module, name] }, ['echo']] });
  refused(
    pickle(asking('posix', 'system')),
    'pytorch-unsupported',
    /^w\.pt: its pickle asks for posix\.system, which is not part of a state dict; nothing of it was run/,
  );
  refused(pickle(asking('builtins', 'eval')), 'pytorch-unsupported', /builtins\.eval/);
  refused(pickle(asking('torch.hub', 'load')), 'pytorch-unsupported', /torch\.hub\.load/);
  refused(pickle(asking('collections', '__proto__')), 'pytorch-unsupported', /collections\.__proto__/);
  refused(bytes(0x80, 4, 0x8c, 2, 'os', 0x8c, 6, 'system', 0x93, '.'), 'pytorch-unsupported', /os\.system/);
  refused(bytes(0x80, 4, ')', 'N', 0x93, '.'), 'pytorch-unsupported', /a name that is no text/);
  refused(bytes('(ios\nsystem\n.'), 'pytorch-unsupported', /instruction 0x69/); // INST
  refused(bytes(0x80, 2, 'N)', 0x81, '.'), 'pytorch-unsupported', /instruction 0x81/); // NEWOBJ
  refused(
    pickle({ reduce: [{ global: ['torch', 'FloatStorage'] }, [1]] }),
    'pytorch-unsupported',
    /calls torch\.FloatStorage/,
  );
  refused(pickle({ reduce: ['text', []] }), 'pytorch-unsupported', /calls a value that is no function/);
  refused(pickle({ persistent: ['module', 'x'] }), 'pytorch-unsupported', /no storage/);
  refused(bytes(0x80, 2, ']}b.'), 'pytorch-unsupported', /sets attributes/);
});

test('depth and work are limited: no stack overflows, nothing is computed twice', () => {
  const many = (text: string) => bytes(0x80, 2, text.repeat(100_000), '.');
  refused(many('('), 'pytorch-malformed', /nests more than 10000/);
  refused(many(']'), 'pytorch-malformed', /nests more than 10000/);
  refused(bytes('N0'.repeat(600_000), '.'), 'pytorch-malformed', /more than 1048576 instructions/);
  const nested = bytes(0x80, 2, ')', '\x85'.repeat(1_000_000), '.');
  assert.equal((read(nested) as unknown[]).length, 1);
  // A list of 9,000 pairs that a hundred thousand calls copy.
  const pairs = `(${'NN\x86'.repeat(9000)}l`.replace('l', 't');
  refused(
    bytes(0x80, 2, 'ccollections\nOrderedDict\nq\x000', pairs, '\x85q\x010', 'h\x00h\x01R0'.repeat(100_000), '.'),
    'pytorch-malformed',
    /instructions/,
  );
});

test('a damaged pickle is refused, wherever it ends', () => {
  const whole = pickle({ dict: [['name', { list: [1, 'two', [null]] }]] });
  assert.equal(unpickle(Buffer.concat([whole, whole]), whole.length, 'w.pt').end, 2 * whole.length);
  for (let end = 0; end < whole.length; end++)
    refused(whole.subarray(0, end), 'pytorch-malformed', /w\.pt is no whole file of torch\.save: its pickle/);
  for (const [damaged, message] of [
    ['.', /a value that is not there/],
    ['t.', /a mark that it never set/],
    ['h\x05.', /recalls value 5/],
    ['}Na.', /appends to something that is no list/],
    [']NNs.', /sets items of something that is no dictionary/],
    ['}(Nu.', /sets items/],
    ['(.', /not there/],
    ['X\xff\xff\xff\xff.', /cut short/],
    ['cposix', /cut short/],
  ] as const)
    refused(bytes(damaged), 'pytorch-malformed', message);
});
