/** Files of torch.save's legacy format for tests, also such as PyTorch would never write. */

/** A value to pickle: arrays become tuples. */
export type Fixture =
  | null
  | boolean
  | number
  | string
  | readonly Fixture[]
  | { readonly dict: readonly (readonly [Fixture, Fixture])[] }
  | { readonly list: readonly Fixture[] }
  | { readonly global: readonly [module: string, name: string] }
  | { readonly reduce: readonly [callee: Fixture, args: Fixture] }
  | { readonly persistent: Fixture };

const utf8 = (text: string) => Buffer.from(text);
const uint32 = (value: number) => Buffer.from(Uint32Array.of(value).buffer);

/** A whole pickle of protocol 2. */
export const pickle = (value: Fixture): Buffer => Buffer.concat([Buffer.of(0x80, 2), encode(value), Buffer.from('.')]);

function encode(value: Fixture): Buffer {
  if (value === null) return Buffer.from('N');
  if (typeof value === 'boolean') return Buffer.of(value ? 0x88 : 0x89);
  if (typeof value === 'number') return Buffer.concat([Buffer.from('J'), Buffer.from(Int32Array.of(value).buffer)]);
  if (typeof value === 'string') return Buffer.concat([Buffer.from('X'), uint32(utf8(value).length), utf8(value)]);
  if (isTuple(value)) return Buffer.concat([Buffer.from('('), ...value.map(encode), Buffer.from('t')]);
  if ('dict' in value) return Buffer.concat([Buffer.from('}('), ...value.dict.flat().map(encode), Buffer.from('u')]);
  if ('list' in value) return Buffer.concat([Buffer.from(']('), ...value.list.map(encode), Buffer.from('e')]);
  if ('global' in value) return utf8(`c${value.global.join('\n')}\n`);
  if ('reduce' in value) return Buffer.concat([...value.reduce.map(encode), Buffer.from('R')]);
  return Buffer.concat([encode(value.persistent), Buffer.from('Q')]);
}

const isTuple = (value: Fixture): value is readonly Fixture[] => Array.isArray(value);

/** A tensor of float32 and its storage; what is left out is as PyTorch would have it. */
export interface TensorFixture {
  readonly key: string;
  readonly shape: readonly number[];
  readonly elements?: Float32Array;
  /** What the pickle says that the storage has. */
  readonly claimed?: number;
  readonly strides?: readonly number[];
  readonly offset?: number;
}

/** The tensor as a pickle has it. */
export function tensorFixture({ key, shape, elements, claimed, strides, offset = 0 }: TensorFixture): Fixture {
  const rowMajor = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, extent) => product * extent, 1));
  const length = claimed ?? elements?.length ?? shape.reduce((product, extent) => product * extent, 1);
  const storage = { persistent: ['storage', { global: ['torch', 'FloatStorage'] }, key, 'cpu', length, null] } as const;
  const rebuild = { global: ['torch._utils', '_rebuild_tensor_v2'] } as const;
  const hooks = { reduce: [{ global: ['collections', 'OrderedDict'] }, []] } as const;
  return { reduce: [rebuild, [storage, offset, shape, strides ?? rowMajor, false, hooks]] };
}

/** The pieces of a legacy file that holds a value, with the storages of some tensors. */
export function* legacyPieces(value: Fixture, storages: readonly TensorFixture[]): Generator<Uint8Array> {
  const magic = Buffer.from('80028a0a6cfc9c46f9206aa850192e', 'hex'); // as every file of torch.save begins
  yield magic;
  yield pickle(1001);
  yield pickle({ dict: [['little_endian', true]] });
  yield pickle(value);
  yield pickle({ list: storages.map(({ key }) => key) });
  for (const { elements, shape } of storages) {
    const data = elements ?? new Float32Array(shape.reduce((product, extent) => product * extent, 1)).fill(0.5);
    yield Buffer.from(BigInt64Array.of(BigInt(data.length)).buffer);
    yield new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  }
}

/** A legacy file of a state dict. */
export const legacyFile = (tensors: Readonly<Record<string, TensorFixture>>): Uint8Array => {
  const entries = Object.entries(tensors);
  const storages = new Map(entries.map(([, tensor]) => [tensor.key, tensor]));
  const dict = entries.map(([name, tensor]) => [name, tensorFixture(tensor)] as const);
  return Buffer.concat([...legacyPieces({ dict }, [...storages.values()])]);
};
