/**
 * Checkpoints: one safetensors file that holds the tensors (weights, running statistics, optimiser moments) and, in its
 * metadata, the state of the run as JSON (epoch, step, best score), so that both change in one rename.
 */
import { WeightsError } from '../weights/errors.ts';
import { requireTensors } from '../weights/require-tensors.ts';
import { readSafetensors, writeSafetensors } from '../weights/safetensors.ts';
import type { StateDict } from '../weights/state-dict.ts';

/** A value that JSON can write and read back unchanged. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue };

export interface Checkpoint {
  readonly tensors: StateDict;
  readonly state: JsonValue;
}

const FORMAT = 'mammoscope-checkpoint-1';

/** Writes a checkpoint aside and renames it. FileError 'file-not-written' leaves the previous one in place. */
export async function writeCheckpoint(path: string, { tensors, state }: Checkpoint): Promise<void> {
  const metadata = new Map([
    ['format', FORMAT],
    ['state', JSON.stringify(state)],
  ]);
  await writeSafetensors(path, tensors, metadata);
}

/**
 * Reads a checkpoint. With `expected`, the shape of every tensor by name, a checkpoint of another network is refused by
 * the first tensor that is missing, unexpected or of another shape (WeightsError 'tensor-mismatch').
 */
export async function readCheckpoint(
  path: string,
  expected?: ReadonlyMap<string, readonly number[]>,
): Promise<Checkpoint> {
  const { tensors, metadata } = await readSafetensors(path);
  const state = metadata.get('state');
  if (metadata.get('format') !== FORMAT || state === undefined) {
    throw new WeightsError(
      'checkpoint-malformed',
      `${path} is no checkpoint: its metadata should have the format "${FORMAT}" and a state, got the format ${JSON.stringify(metadata.get('format') ?? null)}; import weights instead`,
    );
  }
  if (expected) requireTensors(expected, tensors, path);
  try {
    return { tensors, state: JSON.parse(state) as JsonValue };
  } catch (error) {
    throw new WeightsError('checkpoint-malformed', `${path} is no checkpoint: its state is no JSON text`, {
      cause: error,
    });
  }
}
