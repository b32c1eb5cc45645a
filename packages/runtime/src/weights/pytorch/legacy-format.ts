import { type ByteSource, readBytes } from '../byte-source.ts';
import { WeightsError } from '../errors.ts';
import { ELEMENT_BYTES } from '../state-dict.ts';
import { LISTING_LIMIT } from '../weights-file.ts';
import { findStateDict } from './pickled-state-dict.ts';
import type { PickledStorage } from './pickled-values.ts';
import type { SavedTensors } from './read-pytorch.ts';
import { type Unpickled, unpickle } from './unpickler.ts';

const MAGIC = 0x1950a86a20f9469cfc6cn;
const PROTOCOL = 1001;
/** Before each storage: its number of elements, 64 bits. */
const LENGTH_BYTES = 8;

/**
 * The legacy format: pickles of the magic number, the protocol, the machine, the object, and the keys of its storages; then
 * for each key its number of elements and the elements.
 */
export async function readLegacy(source: ByteSource): Promise<SavedTensors> {
  const head = await readBytes(source, 0, Math.min(source.size, LISTING_LIMIT));
  if (head[0] !== 0x80) throw malformed(source, 'it begins neither as an archive nor as a pickle');
  const magic = unpickle(head, 0, source.name);
  const protocol = unpickle(head, magic.end, source.name);
  if (magic.value !== MAGIC || protocol.value !== PROTOCOL)
    throw malformed(source, 'its first pickle is not the magic number of torch.save');
  const machine = unpickle(head, protocol.end, source.name);
  if (!(machine.value instanceof Map) || machine.value.get('little_endian') !== true)
    throw new WeightsError(
      'pytorch-unsupported',
      `${source.name}: its elements are not little-endian: save it on another machine`,
    );
  const object = unpickle(head, machine.end, source.name);
  const keys = unpickle(head, object.end, source.name);
  const tensors = findStateDict(object.value, source.name);
  const places = await locate(source, keys, object.storages);
  return {
    tensors,
    async storageBytes({ key, dtype, length }) {
      const [offset, bytes] = [places.get(key), length * ELEMENT_BYTES[dtype]];
      if (offset === undefined || offset + bytes > source.size)
        throw malformed(
          source,
          `storage "${key.slice(0, 100)}" of ${bytes} bytes does not lie inside its ${source.size} bytes`,
        );
      return readBytes(source, offset, bytes);
    },
  };
}

/** Where the elements of each storage begin. */
async function locate(
  source: ByteSource,
  { value: keys, end }: Unpickled,
  storages: ReadonlyMap<string, PickledStorage>,
): Promise<ReadonlyMap<string, number>> {
  if (!Array.isArray(keys)) throw malformed(source, 'its pickles are not followed by the keys of its storages');
  const places = new Map<string, number>();
  let at = end;
  for (const key of keys) {
    const storage = typeof key === 'string' && !places.has(key) ? storages.get(key) : undefined;
    if (!storage)
      throw malformed(
        source,
        `the keys of its storages should be those of its pickle, each once; one is ${typeof key === 'string' ? `"${key.slice(0, 100)}"` : 'no text'}`,
      );
    if (at + LENGTH_BYTES > source.size)
      throw malformed(source, `it ends before storage "${storage.key.slice(0, 100)}"`);
    const length = new DataView((await readBytes(source, at, LENGTH_BYTES)).buffer).getBigInt64(0, true);
    if (length !== BigInt(storage.length))
      throw malformed(
        source,
        `storage "${storage.key.slice(0, 100)}" should have ${storage.length} elements, it has ${length}`,
      );
    places.set(storage.key, at + LENGTH_BYTES);
    at += LENGTH_BYTES + storage.length * ELEMENT_BYTES[storage.dtype];
  }
  return places;
}

const malformed = (source: ByteSource, what: string) =>
  new WeightsError(
    'pytorch-malformed',
    `${source.name} is no whole file of torch.save: ${what}; copy or download it again`,
  );
