import { InitialiserError, type OnnxTensorType, readInitialisers } from '@mammoscope/nn';
import { WeightsError } from './errors.ts';
import { readLimited } from './read-limited.ts';
import type { StateDict, StateDType } from './state-dict.ts';

/** ONNX files above this are refused before they are read: no network here has weights of more. */
export const ONNX_IMPORT_LIMIT = 2 ** 30;

const DTYPES: Readonly<Record<OnnxTensorType, StateDType>> = {
  FLOAT: 'F32',
  FLOAT16: 'F16',
  DOUBLE: 'F64',
  INT64: 'I64',
};

/**
 * The initialisers of an ONNX file under their own names. WeightsError when the file cannot be read, is larger than
 * ONNX_IMPORT_LIMIT bytes, is no ONNX model, or holds an initialiser that is not read.
 */
export async function readOnnxWeights(path: string): Promise<StateDict> {
  const bytes = await readLimited(path, ONNX_IMPORT_LIMIT);
  try {
    const initialisers = readInitialisers(bytes, ONNX_IMPORT_LIMIT);
    return new Map([...initialisers].map(([name, { type, ...tensor }]) => [name, { dtype: DTYPES[type], ...tensor }]));
  } catch (error) {
    if (!(error instanceof InitialiserError)) throw error;
    throw new WeightsError(error.code, `${path}: ${error.message}`, { cause: error });
  }
}
