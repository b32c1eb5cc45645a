/**
 * Files of torch.save (torch/serialization.py of PyTorch 1.13 and 2): a pickle, and the elements of its storages beside it.
 * The zip format, since 1.6, has them as entries of an archive; the legacy format has them after the pickles.
 */
import { type ByteSource, readBytes } from '../byte-source.ts';
import { WeightsError } from '../errors.ts';
import { ELEMENT_BYTES, elementsIn, heldBytes, type StateElements, type StateTensor } from '../state-dict.ts';
import { TENSOR_BYTES_LIMIT, type WeightsFile } from '../weights-file.ts';
import { readLegacy } from './legacy-format.ts';
import type { PickledStorage, PickledTensor } from './pickled-values.ts';
import { elementCount, gather, isContiguous, requireInside } from './strided-tensor.ts';
import { isZip } from './zip-archive.ts';
import { readZipFormat } from './zip-format.ts';

/** What both formats come down to. */
export interface SavedTensors {
  readonly tensors: ReadonlyMap<string, PickledTensor>;
  /** The bytes of a storage, in memory of their own: as many as its length says. */
  readonly storageBytes: (storage: PickledStorage) => Promise<Uint8Array<ArrayBuffer>>;
}

/** Opens a file of torch.save. WeightsError when it is damaged, or holds anything but tensors. */
export async function openPytorch(source: ByteSource): Promise<WeightsFile> {
  const start = await readBytes(source, 0, Math.min(4, source.size));
  const { tensors, storageBytes } = await (isZip(start) ? readZipFormat(source) : readLegacy(source));
  const users = new Map<string, number>();
  let [stored, held] = [0, 0];
  for (const [name, tensor] of tensors) {
    const { dtype, length } = tensor.storage;
    const id = idOf(tensor.storage);
    requireInside(tensor, name, source.name);
    if (!users.has(id)) stored += length * ELEMENT_BYTES[dtype];
    users.set(id, (users.get(id) ?? 0) + 1);
    held += elementCount(tensor.shape) * heldBytes(dtype);
  }
  requireModest(source, stored, held);
  const shared = new Map<string, Promise<StateElements>>();
  const elements = async (storage: PickledStorage) => elementsIn(storage.dtype, (await storageBytes(storage)).buffer);
  const sharedElements = (storage: PickledStorage): Promise<StateElements> => {
    const known = shared.get(idOf(storage));
    if (known) return known;
    const read = elements(storage);
    shared.set(idOf(storage), read);
    return read;
  };
  return {
    entries: new Map([...tensors].map(([name, { storage, shape }]) => [name, { dtype: storage.dtype, shape }])),
    async read(name): Promise<StateTensor> {
      const tensor = tensors.get(name) as PickledTensor;
      const { storage, shape } = tensor;
      if (users.get(idOf(storage)) !== 1)
        return { dtype: storage.dtype, shape, data: gather(tensor, await sharedElements(storage)) };
      const data = await elements(storage);
      const whole = isContiguous(tensor) && elementCount(shape) === storage.length;
      return { dtype: storage.dtype, shape, data: whole ? data : gather(tensor, data) };
    },
  };
}

/** Storages of one key can differ in how their bytes are read. */
const idOf = ({ key, dtype, length }: PickledStorage): string => `${dtype} ${length} ${key}`;

/** Storages must fit into the file side by side, and tensors into a few times the file: a view may repeat one element. */
function requireModest({ name, size }: ByteSource, stored: number, held: number): void {
  if (stored > size)
    throw new WeightsError(
      'pytorch-malformed',
      `${name}: its storages should have at most its own ${size} bytes, they are said to have ${stored}`,
    );
  if (held > TENSOR_BYTES_LIMIT * size)
    throw new WeightsError(
      'pytorch-unsupported',
      `${name}: its tensors would take ${held} bytes, more than ${TENSOR_BYTES_LIMIT} times the ${size} of the file: save it without expanded tensors`,
    );
}
