import type { StateDType, StateTensor } from './state-dict.ts';

/** What a file says of a tensor before its elements are read. */
export interface TensorEntry {
  readonly dtype: StateDType;
  readonly shape: readonly number[];
}

/**
 * A weights file of any format: what it lists, and its tensors one at a time. All tensors together take at most
 * TENSOR_BYTES_LIMIT times the bytes of the file, what they share twice its bytes (an ONNX file is held once besides), and the
 * list, however it is made, 400 MB.
 */
export interface WeightsFile {
  /** In the order of the file. */
  readonly entries: ReadonlyMap<string, TensorEntry>;
  /** The elements of an entry, row-major, in memory of their own. WeightsError when they cannot be read. */
  read(name: string): Promise<StateTensor>;
}

/** Tensors may take this many times the bytes of their file: float16 doubles, and tied weights double again. */
export const TENSOR_BYTES_LIMIT = 4;

/** Bytes of the list of a file's tensors, whatever its form: 1,102 tensors need 150 kB. Hostile JSON takes 60 times as much. */
export const LISTING_LIMIT = 2 ** 22;
