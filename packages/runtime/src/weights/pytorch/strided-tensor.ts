/** Tensors as views of storages: the check that a view stays inside its storage, and its elements in row-major order. */
import { WeightsError } from '../errors.ts';
import type { StateElements } from '../state-dict.ts';
import type { PickledTensor } from './pickled-values.ts';

/** PyTorch's own limit. */
const RANK_LIMIT = 64;

/** Elements of a shape; more than a double counts exactly gives Infinity. */
export function elementCount(shape: readonly number[]): number {
  const count = shape.includes(0) ? 0 : shape.reduce((product, extent) => product * extent, 1);
  return Number.isSafeInteger(count) ? count : Number.POSITIVE_INFINITY;
}

/** Elements of the storage that a tensor refers to, or of the part of it. */
export const viewedLength = ({ storage }: PickledTensor): number => storage.part?.length ?? storage.length;

/** WeightsError unless every element of a tensor lies inside its storage. */
export function requireInside(tensor: PickledTensor, name: string, file: string): void {
  const { shape, strides, offset, storage } = tensor;
  const refuse = (what: string) =>
    new WeightsError('pytorch-malformed', `${file}: tensor "${name}" ${what}; the file is damaged`);
  if (shape.length > RANK_LIMIT) throw refuse(`has ${shape.length} dimensions, PyTorch has at most ${RANK_LIMIT}`);
  if (storage.part && storage.part.offset + storage.part.length > storage.length)
    throw refuse(
      `views elements ${storage.part.offset} to ${storage.part.offset + storage.part.length} of a storage of ${storage.length}`,
    );
  const negative = strides.find((stride) => stride < 0);
  if (negative !== undefined) throw refuse(`has the stride ${negative}, strides should be 0 and more`);
  if (elementCount(shape) === 0) return;
  const last = shape.reduce((at, extent, axis) => at + (extent - 1) * (strides[axis] as number), offset);
  if (last >= viewedLength(tensor))
    throw refuse(
      `of shape [${shape.join(', ')}] should end inside its storage of ${viewedLength(tensor)} elements, it reaches element ${last}`,
    );
}

/** True when a tensor's elements lie in row-major order without gaps; strides of single elements do not matter. */
export function isContiguous({ shape, strides }: PickledTensor): boolean {
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== expected) return false;
    expected *= shape[axis] as number;
  }
  return true;
}

/** The elements of a tensor from those of its storage, row-major, in memory of their own. */
export function gather(tensor: PickledTensor, storage: StateElements): StateElements {
  const { shape, strides } = tensor;
  const start = tensor.offset + (tensor.storage.part?.offset ?? 0);
  const count = elementCount(shape);
  if (isContiguous(tensor)) return storage.slice(start, start + count);
  const gathered = storage.slice(0, 0).constructor as new (length: number) => StateElements;
  const result = new gathered(count);
  const index = shape.map(() => 0);
  let at = start;
  for (let i = 0; i < count; i++) {
    result[i] = storage[at] as number & bigint;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const [next, stride] = [(index[axis] as number) + 1, strides[axis] as number];
      at += stride;
      if (next < (shape[axis] as number)) {
        index[axis] = next;
        break;
      }
      at -= next * stride;
      index[axis] = 0;
    }
  }
  return result;
}
