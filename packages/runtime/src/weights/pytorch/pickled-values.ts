/** What the pickle of a state dict is made of. */
import type { StateDType } from '../state-dict.ts';

/** A value of a pickle. Lists and tuples are arrays, dictionaries of every kind are maps. */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | PickleValue[]
  | PickledDict
  | PickledGlobal
  | PickledStorage
  | PickledTensor;

export type PickledDict = Map<PickleValue, PickleValue>;

/** A name that stands for itself until it is called or refers to a storage. */
export class PickledGlobal {
  readonly name: GlobalName;
  constructor(name: GlobalName) {
    this.name = name;
  }
}

/** A reference to elements that are kept beside the pickle. */
export class PickledStorage {
  readonly key: string;
  readonly dtype: StateDType;
  /** Elements. */
  readonly length: number;
  /** Legacy files only: the part of the storage of that key which is meant. */
  readonly part: { readonly offset: number; readonly length: number } | undefined;
  constructor(key: string, dtype: StateDType, length: number, part?: PickledStorage['part']) {
    this.key = key;
    this.dtype = dtype;
    this.length = length;
    this.part = part;
  }
}

/** A tensor as a view of a storage; offset and strides count elements. */
export class PickledTensor {
  readonly storage: PickledStorage;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  constructor(storage: PickledStorage, offset: number, shape: readonly number[], strides: readonly number[]) {
    this.storage = storage;
    this.offset = offset;
    this.shape = shape;
    this.strides = strides;
  }
}

/** Element type of each class of storages. */
export const STORAGES = {
  'torch.FloatStorage': 'F32',
  'torch.HalfStorage': 'F16',
  'torch.BFloat16Storage': 'BF16',
  'torch.DoubleStorage': 'F64',
  'torch.LongStorage': 'I64',
  'torch.IntStorage': 'I32',
  'torch.ShortStorage': 'I16',
  'torch.CharStorage': 'I8',
  'torch.ByteStorage': 'U8',
  'torch.BoolStorage': 'BOOL',
} as const satisfies Record<string, StateDType>;

/** What a pickle may call, and what comes of it; an array that does not fit gives undefined. */
const CALLS: Readonly<Record<CallName, (args: PickleValue[]) => PickleValue | undefined>> = {
  'collections.OrderedDict': ([pairs = []]) => {
    if (!Array.isArray(pairs)) return undefined;
    const dict: PickledDict = new Map();
    for (const pair of pairs) {
      if (!Array.isArray(pair) || pair.length !== 2) return undefined;
      dict.set(pair[0] as PickleValue, pair[1] as PickleValue);
    }
    return dict;
  },
  'torch.Size': ([extents]) => (isCounts(extents) ? extents : undefined),
  'torch._utils._rebuild_tensor': tensor,
  'torch._utils._rebuild_tensor_v2': tensor,
  'torch._utils._rebuild_parameter': ([data]) => (data instanceof PickledTensor ? data : undefined),
};

type CallName =
  | 'collections.OrderedDict'
  | 'torch.Size'
  | 'torch._utils._rebuild_tensor'
  | 'torch._utils._rebuild_tensor_v2'
  | 'torch._utils._rebuild_parameter';

/** The names that a state dict needs. */
export type GlobalName = keyof typeof STORAGES | CallName;

/** True when a state dict may name it. */
export const isGlobalName = (name: string): name is GlobalName =>
  Object.hasOwn(STORAGES, name) || Object.hasOwn(CALLS, name);

/** What a pickle gets when it calls a value; undefined when it may not, or not with these arguments. */
export function call(callee: PickleValue, args: PickleValue): PickleValue | undefined {
  if (!(callee instanceof PickledGlobal) || !Array.isArray(args) || !Object.hasOwn(CALLS, callee.name))
    return undefined;
  return CALLS[callee.name as CallName](args);
}

/** ('storage', class, key, place, length), and in legacy files the part that is meant: (key, offset, length) or None. */
export function storageOf(id: PickleValue): PickledStorage | undefined {
  if (!Array.isArray(id)) return undefined;
  const [kind, type, key, , length, part = null] = id;
  if (kind !== 'storage' || !(type instanceof PickledGlobal) || !Object.hasOwn(STORAGES, type.name)) return undefined;
  if (typeof key !== 'string' || !isCount(length)) return undefined;
  const dtype = STORAGES[type.name as keyof typeof STORAGES];
  if (part === null) return new PickledStorage(key, dtype, length);
  if (!Array.isArray(part) || !isCount(part[1]) || !isCount(part[2])) return undefined;
  return new PickledStorage(key, dtype, length, { offset: part[1], length: part[2] });
}

function tensor([storage, offset, shape, strides]: PickleValue[]): PickledTensor | undefined {
  if (!(storage instanceof PickledStorage) || !isCount(offset) || !isCounts(shape)) return undefined;
  if (!Array.isArray(strides) || strides.length !== shape.length || !strides.every(Number.isSafeInteger))
    return undefined;
  return new PickledTensor(storage, offset, shape, strides as number[]);
}

const isCount = (value: PickleValue | undefined): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 0;
const isCounts = (value: PickleValue | undefined): value is number[] => Array.isArray(value) && value.every(isCount);
