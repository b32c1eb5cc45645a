/** Scores of manifest rows by a network whose weights are in an engine. */
import type { ManifestRow } from '@mammoscope/imaging';
import { type Choices, type Declaration, lower } from '@mammoscope/nn';
import { type Engine, readCheckpoint, type Session } from '@mammoscope/runtime';
import { damagedRun } from '../run/damaged-run.ts';
import { type ClassifierSpec, inferenceGraph, PORTS } from './graphs.ts';

/** Images scored at once; any number gives the same scores, since evaluation treats images one by one. */
export const SCORING_BATCH = 16;

/** Manifest rows as network inputs, the same for training and use. */
export interface RowInputs {
  /** [batch, ...] of the shape that the network takes; with fewer rows than `batch` the rest is zero. */
  readonly batch: (rows: readonly ManifestRow[], batch: number) => Promise<Float32Array>;
}

/** A network ready to score. */
export interface Scorer {
  /** Class probabilities [rows][classes] and the mean cross-entropy where labels are given as class indices. */
  score(
    rows: readonly ManifestRow[],
    /** Called after each batch with how many rows it had. */
    onRows?: (rows: number) => void,
  ): Promise<{ readonly probabilities: readonly Float64Array[]; readonly logits: readonly Float64Array[] }>;
  release(): Promise<void>;
}

/** Loads the inference graph of a network; its weights are those that the engine holds when `score` is called. */
export async function loadScorer(
  engine: Engine,
  spec: ClassifierSpec,
  source: RowInputs,
  batch: number,
  choices: Choices,
): Promise<Scorer> {
  const session: Session = await engine.load(lower(inferenceGraph(spec, batch), engine.target, choices));
  return {
    async score(rows, onRows) {
      const logits: Float64Array[] = [];
      for (let start = 0; start < rows.length; start += batch) {
        const part = rows.slice(start, start + batch);
        const outputs = await session.run(new Map([[PORTS.image, await source.batch(part, batch)]]));
        const values = outputs.get(`out:${PORTS.logits}`) as Float32Array;
        for (let i = 0; i < part.length; i++)
          logits.push(Float64Array.from(values.subarray(i * spec.outputs, (i + 1) * spec.outputs)));
        onRows?.(part.length);
      }
      return { logits, probabilities: logits.map(softmax) };
    },
    release: () => session.release(),
  };
}

/**
 * Puts the weights of a checkpoint into an engine. SystemError (see damagedRun) where the file is missing, damaged or
 * of another network.
 */
export async function loadBest(
  engine: Engine,
  path: string,
  declarations: ReadonlyMap<string, Declaration>,
): Promise<void> {
  const shapes = new Map([...declarations].map(([name, { tensor }]) => [name, tensor.shape]));
  const { tensors } = await readCheckpoint(path, shapes).catch((error) => {
    throw damagedRun(path, error);
  });
  await engine.give(
    new Map(
      [...tensors].map(([name, { shape, data }]) => [
        name,
        { dtype: 'float32' as const, shape, data: data as Float32Array },
      ]),
    ),
  );
}

/** exp(z) / sum exp(z), shifted by the largest. */
export function softmax(logits: Float64Array): Float64Array {
  const largest = Math.max(...logits);
  const exponentials = logits.map((z) => Math.exp(z - largest));
  const sum = exponentials.reduce((a, b) => a + b, 0);
  return exponentials.map((e) => e / sum);
}

/** Mean of -log p(class) from logits, in a form that does not overflow. */
export function meanCrossEntropy(logits: readonly Float64Array[], classes: readonly number[]): number {
  const losses = logits.map((row, i) => {
    const largest = Math.max(...row);
    return (
      Math.log(row.reduce((sum, z) => sum + Math.exp(z - largest), 0)) + largest - (row[classes[i] as number] as number)
    );
  });
  return losses.reduce((a, b) => a + b, 0) / losses.length;
}

/** The score of a two-class problem: the probability of the positive class; of more classes: all but the negative one. */
export function positiveScore(probabilities: Float64Array): number {
  return probabilities.length === 2 ? (probabilities[1] as number) : 1 - (probabilities[0] as number);
}
