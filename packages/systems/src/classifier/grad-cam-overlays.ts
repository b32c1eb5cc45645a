/** Grad-CAM of a trained network over what it judged, as pictures. */
import type { Plane } from '@mammoscope/imaging';
import { type Choices, lower, sizeOf, type TensorData } from '@mammoscope/nn';
import type { Engine } from '@mammoscope/runtime';
import type { StoredPlace } from '../data/stored-place.ts';
import { overlayPng } from './colour-map.ts';
import { type ClassifierSpec, declarationsOf, gradCamGraph, PORTS } from './graphs.ts';
import { loadBest } from './scores.ts';

/** A network of a run. */
export interface ExplainedNetwork {
  readonly spec: ClassifierSpec;
  /** Its checkpoint. */
  readonly best: string;
  readonly lowerings: Choices;
}

/** What is explained: an input of the network, and the plane that its map is laid over. */
export interface ExplainedCase {
  /** A batch of one. */
  readonly input: Float32Array;
  /** [sizePx, sizePx] */
  readonly plane: Float32Array;
  /** Which slice of the input the plane is, where the map is a volume's. */
  readonly slice?: number;
  /** Where the plane lies on its stored image, for maps that are laid over that. */
  readonly place?: StoredPlace;
}

/** A plane with its map over it. */
export interface GradCamOverlay extends Pick<ExplainedCase, 'plane' | 'place'> {
  /** The map by itself: it divides the plane evenly. */
  readonly map: Plane;
  /** PNG. */
  readonly overlay: Buffer;
  /** True where the map is zero everywhere: nothing raised the score. */
  readonly empty: boolean;
}

/** Explains the score for the positive class (the class with index 1), case by case: Grad-CAM at the last feature map. */
export async function* gradCamOverlays<Row>(
  engine: Engine,
  { spec, best, lowerings }: ExplainedNetwork,
  rows: readonly Row[],
  caseOf: (row: Row) => Promise<ExplainedCase>,
): AsyncGenerator<GradCamOverlay, void, void> {
  const lowered = lower(gradCamGraph(spec), engine.target, lowerings);
  const shape = lowered.outputs[0]?.shape.slice(1) ?? []; // [h, w] or [d, h, w]
  const session = await engine.load(lowered);
  try {
    await loadBest(engine, best, declarationsOf(spec));
    const classSeed = Float32Array.from({ length: spec.outputs }, (_, index) => (index === 1 ? 1 : 0));
    for (const row of rows) {
      const { input, plane, slice, place } = await caseOf(row);
      const inputs = new Map<string, TensorData>([
        [PORTS.image, input],
        [PORTS.classSeed, classSeed],
      ]);
      const map = (await session.run(inputs)).get(`out:${PORTS.cam}`) as Float32Array;
      if (map.length !== sizeOf(shape))
        throw new RangeError(`Grad-CAM gave ${map.length} values for ${shape.join(' x ')}`);
      const [rowsOfMap, columns] = shape.slice(-2) as [number, number];
      const depth = shape.length === 3 ? (shape[0] as number) : 1;
      const at = depth === 1 ? 0 : mapSliceOf(slice, spec.slices, depth);
      const ofPlane = map.subarray(at * rowsOfMap * columns, (at + 1) * rowsOfMap * columns);
      yield {
        plane,
        ...(place && { place }),
        map: { width: columns, height: rowsOfMap, data: ofPlane.slice() },
        overlay: await overlayPng(plane, spec.sizePx, ofPlane, rowsOfMap, columns),
        empty: ofPlane.every((value) => value === 0),
      };
    }
  } finally {
    await session.release();
  }
}

/** The slice of a map of `depth` that lies over the middle of a slice of the input. */
export function mapSliceOf(slice: number | undefined, slices: number | undefined, depth: number): number {
  if (slice === undefined || slices === undefined)
    throw new RangeError(`a map of ${depth} slices needs the slice of the input that is shown`);
  return Math.floor(((slice + 0.5) * depth) / slices);
}
