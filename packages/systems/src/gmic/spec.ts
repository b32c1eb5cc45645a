/** What a 3D-GMIC is built for, and the sizes that follow from it. */
import { GMIC_CLASSES, type GmicNetworks, Graph, gmicSaliency, type SaliencyOptions, Scope } from '@mammoscope/nn';
import { roundToEven } from '../detection/anchors.ts';

/** Sizes and constants of a 3D-GMIC; t, K, zeta and omega are the paper's. */
export interface GmicSpec extends SaliencyOptions, GmicNetworks {
  /** Rows and columns of every slice. */
  readonly heightPx: number;
  readonly widthPx: number;
  /** Slices that the global network sees in a run; memory grows with it, and what small slices cost beyond arithmetic shrinks. */
  readonly slicesPerRun: number;
  /** Side of a patch: "fixed to 256 in all experiments" (section V-A2). */
  readonly cropPx: number;
  /** K. */
  readonly patches: number;
  /** t / 100: saliency that is pooled, as a share of one slice's map (section V-B3); may exceed 1. */
  readonly pooledShare: number;
  /** Half-width in slices of what a patch suppresses, and is drawn from in training; Infinity for all slices. */
  readonly zeta: number;
}

/** Rows and columns of the saliency map of a slice. */
export function mapSize(spec: GmicSpec): { readonly rows: number; readonly columns: number } {
  const graph = new Graph();
  const saliency = gmicSaliency(
    new Scope(graph, false),
    graph.input('slices', [1, 1, spec.heightPx, spec.widthPx]),
    spec,
  );
  const [, , rows, columns] = saliency.shape as [number, number, number, number];
  return { rows, columns };
}

/** Saliency maps of a volume. */
export interface SaliencyVolume {
  /** [D, 2, h, w], in [0, 1]. */
  readonly values: Float32Array;
  readonly slices: number;
  readonly rows: number;
  readonly columns: number;
}

/** How many values of each class are pooled: round(t h w / 100), halves to even, at least one, at most all that there are. */
export function pooledCount(spec: GmicSpec, { slices, rows, columns }: Omit<SaliencyVolume, 'values'>): number {
  const perSlice = rows * columns;
  return Math.min(Math.max(roundToEven(spec.pooledShare * perSlice), 1), slices * perSlice);
}

/** Where the map of a class in a slice begins. */
export const mapStart = ({ rows, columns }: SaliencyVolume, slice: number, index: number): number =>
  (slice * GMIC_CLASSES + index) * rows * columns;
