/** Saliency maps as planes, and read back: slice by slice for pictures, projected for DSC and PxAP, laid over the stored image. */
import { openImage, type Plane } from '@mammoscope/imaging';
import type { SaliencyVolume } from '../gmic/spec.ts';
import { centrePx, type Raster } from './lesion-mask.ts';
import type { Finding, MemberScores, SaliencyGrid, ScoredImage } from './scored-cases.ts';

/** The maps of one class of a saliency volume as planes. */
export function saliencyPlanes({ values, slices, rows, columns }: SaliencyVolume, index: number): Plane[] {
  const size = rows * columns;
  const classes = values.length / (slices * size);
  return Array.from({ length: slices }, (_, slice) => {
    const start = (slice * classes + index) * size;
    return { width: columns, height: rows, data: values.slice(start, start + size) };
  });
}

/** The maps of all slices of one label, [D, h, w], of the stored image; undefined where none were written. */
export async function readSaliency(
  { saliency }: Pick<MemberScores, 'saliency'>,
  { rows, columns, slices }: SaliencyGrid,
  finding: Finding,
): Promise<Float32Array | undefined> {
  if (!saliency) return undefined;
  const stack = await openImage(saliency[finding]);
  try {
    const maps = new Float32Array(slices * rows * columns);
    for (let slice = 0; slice < slices; slice++) maps.set((await stack.slice(slice)).data, slice * rows * columns);
    return maps;
  } finally {
    await stack.close();
  }
}

/** The maps of every member that has them, by name, and 'ensemble': their mean, or the ensemble's own. */
export async function memberSaliency(
  { grid, members, ensemble }: Pick<ScoredImage, 'grid' | 'members' | 'ensemble'>,
  finding: Finding,
): Promise<Map<string, Float32Array>> {
  const maps = new Map<string, Float32Array>();
  for (const each of members) {
    const own = await readSaliency(each, grid, finding);
    if (own) maps.set(each.member, own);
  }
  const mean = (await readSaliency(ensemble, grid, finding)) ?? meanOf([...maps.values()]);
  if (mean) maps.set(ensemble.member, mean);
  return maps;
}

function meanOf(maps: readonly Float32Array[]): Float32Array | undefined {
  const [first] = maps;
  return first?.map((_, i) => maps.reduce((sum, map) => sum + (map[i] as number), 0) / maps.length);
}

/** "Max-projecting ... saliency maps ... in the depth dimension": [h, w]. */
export function projected(maps: Float32Array, { rows, columns }: Pick<SaliencyGrid, 'rows' | 'columns'>): Float32Array {
  const size = rows * columns;
  const plane = maps.slice(0, size);
  for (let at = size; at < maps.length; at++)
    plane[at % size] = Math.max(plane[at % size] as number, maps[at] as number);
  return plane;
}

/** A map [h, w] on a raster of its stored image, bilinear between the centres of cells; 0 outside of what the network saw. */
export function onRaster(map: Float32Array, { box, rows, columns }: SaliencyGrid, raster: Raster): Float32Array {
  const [x1, y1, x2, y2] = box;
  const across = axis(raster.width, raster, [x1, x2], columns);
  const down = axis(raster.height, raster, [y1, y2], rows);
  const plane = new Float32Array(raster.width * raster.height);
  for (const [y, row] of down.entries()) {
    if (!row) continue;
    for (const [x, column] of across.entries()) {
      if (!column) continue;
      const at = (r: number, c: number) => map[r * columns + c] as number;
      const upper = at(row.low, column.low) * (1 - column.share) + at(row.low, column.high) * column.share;
      const lower = at(row.high, column.low) * (1 - column.share) + at(row.high, column.high) * column.share;
      plane[y * raster.width + x] = upper * (1 - row.share) + lower * row.share;
    }
  }
  return plane;
}

/** The two cells that a pixel lies between, and how near it is to the second; undefined outside. */
interface Between {
  readonly low: number;
  readonly high: number;
  readonly share: number;
}

function axis(
  count: number,
  raster: Raster,
  [from, to]: readonly [number, number],
  cells: number,
): (Between | undefined)[] {
  return Array.from({ length: count }, (_, i) => {
    const px = centrePx(raster, i);
    if (px < from || px >= to) return undefined;
    const place = Math.min(cells - 1, Math.max(0, ((px - from) / (to - from)) * cells - 0.5));
    const low = Math.floor(place);
    return { low, high: Math.min(cells - 1, low + 1), share: place - low };
  });
}
