import type { ByteSource } from '../byte-source.ts';
import { WeightsError } from '../errors.ts';
import { ELEMENT_BYTES } from '../state-dict.ts';
import { LISTING_LIMIT } from '../weights-file.ts';
import { findStateDict } from './pickled-state-dict.ts';
import type { SavedTensors } from './read-pytorch.ts';
import { unpickle } from './unpickler.ts';
import { readZipDirectory, readZipEntry, type ZipEntry } from './zip-archive.ts';

const PICKLE = 'data.pkl';

/** The zip format: <name>/data.pkl, <name>/data/<key> for each storage, <name>/byteorder since PyTorch 2. */
export async function readZipFormat(source: ByteSource): Promise<SavedTensors> {
  const directory = await readZipDirectory(source);
  const pickle = [...directory.values()].find(({ name }) => name.split('/').at(-1) === PICKLE);
  const unsupported = (what: string) => new WeightsError('pytorch-unsupported', `${source.name}: ${what}`);
  if (!pickle) throw unsupported(`an archive of torch.save has an entry ${PICKLE}, this one has ${listed(directory)}`);
  const folder = pickle.name.slice(0, -PICKLE.length);
  if (directory.has(`${folder}constants.pkl`))
    throw unsupported('it is a TorchScript program: save only its weights, torch.save(model.state_dict(), ...)');
  const order = directory.get(`${folder}byteorder`);
  if (order && new TextDecoder().decode(await readZipEntry(source, order)) !== 'little')
    throw unsupported('its elements are not little-endian: save it on another machine');
  if (pickle.size > LISTING_LIMIT)
    throw unsupported(`its ${PICKLE} has ${pickle.size} bytes, at most ${LISTING_LIMIT} are read`);
  const { value } = unpickle(await readZipEntry(source, pickle), 0, source.name);
  return {
    tensors: findStateDict(value, source.name),
    async storageBytes({ key, dtype, length }) {
      const [entry, bytes] = [directory.get(`${folder}data/${key}`), length * ELEMENT_BYTES[dtype]];
      if (entry?.size !== bytes)
        throw new WeightsError(
          'pytorch-malformed',
          `${source.name}: storage "${key.slice(0, 100)}" should have ${bytes} bytes, ${entry ? `its entry has ${entry.size}` : 'it has no entry'}; copy or download the file again`,
        );
      return readZipEntry(source, entry);
    },
  };
}

function listed(directory: ReadonlyMap<string, ZipEntry>): string {
  const names = [...directory.keys()].slice(0, 3).map((name) => name.slice(0, 100));
  return names.length === 0 ? 'none' : `${names.join(', ')}${directory.size > 3 ? ', ...' : ''}`;
}
