/** Saliency of the server as heat maps: NIfTI-1 of float32 as packages/imaging writes it, packed. Its reader there is of Node's buffers. */
import type { BoxPx } from '@mammoscope/imaging/browser';
import type { HeatMap } from './readings.ts';

const FLOAT32 = 16;
/** A tomosynthesis at a thirty-second of its resolution has 300,000 voxels. */
const MOST_VOXELS = 2 ** 26;

/** What a map is of. */
export interface SaliencyPlace {
  readonly instance: string;
  readonly boxPx: BoxPx;
  /** Slice on which a map of one plane lies; null for all of them. */
  readonly frame: number | null;
  readonly name: string;
}

/** The slices with any saliency, their values as shares of the highest of the volume. RangeError where the bytes are no such volume. */
export async function saliencyMaps(
  packed: Blob,
  { instance, boxPx, frame, name }: SaliencyPlace,
): Promise<readonly HeatMap[]> {
  const bytes = await new Response(packed.stream().pipeThrough(new DecompressionStream('gzip'))).arrayBuffer();
  const { data, columns, rows, slices } = floatVolume(bytes);
  const most = data.reduce((highest, value) => Math.max(highest, value), 0);
  return Array.from({ length: slices }, (_, slice) =>
    data.subarray(slice * rows * columns, (slice + 1) * rows * columns),
  )
    .map((values, slice) => ({ values, at: slices > 1 ? slice : frame }))
    .filter(({ values }) => values.some((value) => value > 0))
    .map(({ values, at }) => {
      const shares = values.map((value) => Math.max(0, value) / most);
      return { instance, frame: at, boxPx, columns, rows, values: shares, name };
    });
}

/** Header of nifti1.h: dim at 40, datatype at 70, vox_offset at 108, scl_slope at 112, magic at 344. */
function floatVolume(bytes: ArrayBuffer) {
  const view = new DataView(bytes);
  if (bytes.byteLength < 352 || view.getInt32(0, true) !== 348 || view.getInt16(70, true) !== FLOAT32)
    throw new RangeError('the saliency map is no NIfTI-1 file of float32');
  const [columns = 0, rows = 0, slices = 0] = [42, 44, 46].map((at) => view.getInt16(at, true));
  const [start, count] = [view.getFloat32(108, true), columns * rows * slices];
  if (!(count > 0 && count <= MOST_VOXELS && start >= 352 && bytes.byteLength >= start + 4 * count))
    throw new RangeError(`the saliency map has no room for ${columns} x ${rows} x ${slices} voxels`);
  return {
    data: Float32Array.from({ length: count }, (_, i) => view.getFloat32(start + 4 * i, true)),
    columns,
    rows,
    slices,
  };
}
