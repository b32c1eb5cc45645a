/** Volumes as 3D-GMIC takes them: slice by slice, so that no more than two are held at a time. */
import type { BoxPx } from '@mammoscope/imaging';
import { SystemError } from '../errors.ts';
import type { GmicSpec } from './spec.ts';

/** Rows and columns of every slice, and slices a run. */
export type SliceGrid = Pick<GmicSpec, 'heightPx' | 'widthPx' | 'slicesPerRun'>;

/** A stack of slices, read when they are wanted; a mammogram is a stack of one. */
export interface GmicVolume {
  /** What messages call it: a file, or a row of a manifest. */
  readonly name: string;
  readonly slices: number;
  /** The normalised pixels of a slice, row by row. A slice may be asked for again. */
  readonly read: (slice: number) => Promise<Float32Array>;
  /** The pixels in a box of a slice that was read before; undefined where that takes no less than to read all of it. */
  readonly readBox?: (slice: number, box: BoxPx) => Promise<Float32Array | undefined>;
  /** Whether what is read is nobody else's, so that its memory is freed once it was worked on: a collection may be many slices away. */
  readonly isFresh?: boolean;
}

/** Consecutive slices in one array; of a fresh volume it is empty when the next are asked for. */
export interface SliceRun {
  readonly first: number;
  readonly count: number;
  /** [slicesPerRun, 1, H, W]; zeros after the slices that there are. */
  readonly pixels: Float32Array;
}

/** SystemError 'data-unusable' for a volume without slices. */
export function requireSlices({ name, slices }: GmicVolume): void {
  if (!Number.isInteger(slices) || slices < 1)
    throw new SystemError(
      'data-unusable',
      `${name}: a volume requires at least one slice, got ${slices}: leave it out`,
    );
}

/** The pixels of a slice. SystemError 'data-unusable' where it is not as large as the network's slices. */
export async function readSlice(
  { heightPx, widthPx }: Pick<SliceGrid, 'heightPx' | 'widthPx'>,
  volume: GmicVolume,
  slice: number,
): Promise<Float32Array> {
  const pixels = await volume.read(slice);
  if (pixels.length !== heightPx * widthPx)
    throw new SystemError(
      'data-unusable',
      `${volume.name}: slice ${slice + 1} of ${volume.slices} has ${pixels.length} pixels where ${heightPx} x ${widthPx} are required: crop all slices to one window`,
    );
  return pixels;
}

/** The pixels in a box of a slice, row by row. */
export function cutBox(pixels: Float32Array, rowLength: number, [x1, y1, x2, y2]: BoxPx): Float32Array {
  const cut = new Float32Array((x2 - x1) * (y2 - y1));
  for (let y = y1; y < y2; y++) cut.set(pixels.subarray(y * rowLength + x1, y * rowLength + x2), (y - y1) * (x2 - x1));
  return cut;
}

/** The slices of a volume in order, those runs of them that are wanted; the next run is read while the caller works on one. */
export async function* sliceRuns(
  spec: SliceGrid,
  volume: GmicVolume,
  wanted: (first: number, count: number) => boolean = () => true,
): AsyncGenerator<SliceRun> {
  requireSlices(volume);
  const firsts: number[] = [];
  for (let first = 0; first < volume.slices; first += spec.slicesPerRun)
    if (wanted(first, Math.min(spec.slicesPerRun, volume.slices - first))) firsts.push(first);
  const readAhead = (i: number): Promise<SliceRun> | undefined => {
    const first = firsts[i];
    const run = first === undefined ? undefined : readRun(spec, volume, first);
    run?.catch(() => undefined); // reported when it is awaited, not while another run is worked on
    return run;
  };
  let next = readAhead(0);
  for (let i = 1; next; i++) {
    const run = await next;
    next = readAhead(i);
    yield run;
    const memory = run.pixels.buffer as ArrayBuffer;
    if (volume.isFresh && !memory.detached) memory.transfer(0);
  }
}

/** The run of slices that begins with one. */
export async function readRun(spec: SliceGrid, volume: GmicVolume, first: number): Promise<SliceRun> {
  const count = Math.min(spec.slicesPerRun, volume.slices - first);
  if (spec.slicesPerRun === 1) return { first, count, pixels: await readSlice(spec, volume, first) };
  const size = spec.heightPx * spec.widthPx;
  const pixels = new Float32Array(spec.slicesPerRun * size);
  for (let i = 0; i < count; i++) pixels.set(await readSlice(spec, volume, first + i), i * size);
  return { first, count, pixels };
}
