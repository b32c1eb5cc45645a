/** From cells of a saliency volume to patches of pixels. */
import { roundToEven } from '../detection/anchors.ts';
import type { RoiCell, RoiOptions } from './retrieve-roi.ts';
import type { GmicSpec, SaliencyVolume } from './spec.ts';
import { cutBox, type GmicVolume, readSlice } from './volume.ts';

type MapExtent = Pick<SaliencyVolume, 'rows' | 'columns'>;

/** Algorithm 1, line 6: a patch covers round(h_c h / H) x round(w_c w / W) cells, at least one and at most the map. */
export function roiOptions(spec: GmicSpec, { rows, columns }: MapExtent): RoiOptions {
  const cells = (extent: number, px: number) => Math.min(Math.max(roundToEven((spec.cropPx * extent) / px), 1), extent);
  const { patches, zeta } = spec;
  return { patches, zeta, windowRows: cells(rows, spec.heightPx), windowColumns: cells(columns, spec.widthPx) };
}

/** Where a patch lies. */
export interface Patch {
  readonly slice: number;
  /** Row and column of its first pixel. */
  readonly topPx: number;
  readonly leftPx: number;
}

/** Line 10: the position of a window in pixels, round(cell H / h), moved so that the patch lies within the slice where it fits. */
export function patchOf({ slice, row, column }: RoiCell, spec: GmicSpec, { rows, columns }: MapExtent): Patch {
  const px = (cell: number, extent: number, sidePx: number) =>
    Math.min(roundToEven((cell / extent) * sidePx), Math.max(sidePx - spec.cropPx, 0));
  return { slice, topPx: px(row, rows, spec.heightPx), leftPx: px(column, columns, spec.widthPx) };
}

/** The pixels of patches, [K, 1, s, s], no slice read twice; zeros where a patch is larger than its slice. */
export async function readPatches(
  spec: GmicSpec,
  volume: GmicVolume,
  patches: readonly Patch[],
): Promise<Float32Array> {
  const { cropPx, heightPx, widthPx } = spec;
  const pixels = new Float32Array(patches.length * cropPx * cropPx);
  const [rows, columns] = [Math.min(cropPx, heightPx), Math.min(cropPx, widthPx)];
  for (const slice of new Set(patches.map((patch) => patch.slice))) {
    let whole: Float32Array | undefined;
    for (const [i, { slice: own, topPx, leftPx }] of patches.entries()) {
      if (own !== slice) continue;
      const box = [leftPx, topPx, leftPx + columns, topPx + rows] as const;
      let part = whole ? undefined : await volume.readBox?.(slice, box);
      if (!part) {
        whole ??= await readSlice(spec, volume, slice);
        part = cutBox(whole, widthPx, box);
      }
      for (let row = 0; row < rows; row++)
        pixels.set(part.subarray(row * columns, (row + 1) * columns), (i * cropPx + row) * cropPx);
    }
  }
  return pixels;
}
