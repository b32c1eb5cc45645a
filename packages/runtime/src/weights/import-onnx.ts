import {
  type ExternalData,
  InitialiserError,
  listInitialisers,
  type OnnxInitialiser,
  type OnnxTensorType,
} from '@mammoscope/nn';
import { type ByteSource, openBytes, readBytes } from './byte-source.ts';
import { WeightsError } from './errors.ts';
import { readExternal, requireExternal } from './onnx-external-data.ts';
import { heldBytes, type StateDict, type StateDType, type StateTensor } from './state-dict.ts';
import { TENSOR_BYTES_LIMIT, type WeightsFile } from './weights-file.ts';

/** ONNX files above this are refused before they are read, as they are read whole: no network here has weights of more. */
export const ONNX_IMPORT_LIMIT = 2 ** 30;

const DTYPES: Readonly<Record<OnnxTensorType, StateDType>> = {
  FLOAT: 'F32',
  FLOAT16: 'F16',
  DOUBLE: 'F64',
  INT64: 'I64',
};

/**
 * Opens an ONNX file for its initialisers, which keep their names; those of other files must be in its folder. WeightsError
 * when it is larger than ONNX_IMPORT_LIMIT bytes, is no ONNX model, or holds an initialiser that is not read.
 */
export async function openOnnx(source: ByteSource): Promise<WeightsFile> {
  if (source.size > ONNX_IMPORT_LIMIT)
    throw new WeightsError(
      'file-too-large',
      `${source.name} has ${source.size} bytes, at most ${ONNX_IMPORT_LIMIT} are read`,
    );
  const bytes = await readBytes(source, 0, source.size);
  const initialisers = named(source, () => listInitialisers(bytes, ONNX_IMPORT_LIMIT));
  const places = [...initialisers].flatMap(([name, { external }]) => (external ? [[name, external] as const] : []));
  await requireExternal(source.name, new Map<string, ExternalData>(places));
  requireModest(source, initialisers);
  return {
    entries: new Map([...initialisers].map(([name, { type, shape }]) => [name, { dtype: DTYPES[type], shape }])),
    async read(name): Promise<StateTensor> {
      const { type, shape, external, elements } = initialisers.get(name) as OnnxInitialiser;
      const outside = external && (await readExternal(source.name, external));
      return { dtype: DTYPES[type], shape, data: named(source, () => elements(outside)) };
    },
  };
}

/** The initialisers of an ONNX file under their own names; WeightsError as openOnnx has it. */
export async function readOnnxWeights(path: string): Promise<StateDict> {
  await using source = await openBytes(path);
  const { entries, read } = await openOnnx(source);
  const tensors = new Map<string, StateTensor>();
  for (const name of entries.keys()) tensors.set(name, await read(name));
  return tensors;
}

/** Integers are varints in some files, of a byte where they are small. */
function requireModest({ name, size }: ByteSource, initialisers: ReadonlyMap<string, OnnxInitialiser>): void {
  let held = 0;
  for (const { type, shape, external } of initialisers.values())
    if (!external) held += shape.reduce((product, extent) => product * extent, heldBytes(DTYPES[type]));
  if (held > TENSOR_BYTES_LIMIT * size)
    throw new WeightsError(
      'onnx-unsupported',
      `${name}: its initialisers would take ${held} bytes, more than ${TENSOR_BYTES_LIMIT} times the ${size} of the file: save them as raw_data`,
    );
}

/** The work of nn's reader, whose errors get the name of the file. */
function named<T>({ name }: ByteSource, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof InitialiserError)) throw error;
    throw new WeightsError(error.code, `${name}: ${error.message}`, { cause: error });
  }
}
