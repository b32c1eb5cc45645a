import { ImagingError } from '../errors.ts';
import { type Plane, requirePlane } from '../plane.ts';
import { cropPlane } from './crop.ts';

/** The volume of Xiao et al. (2021, section on the dataset): 300 x 300 pixels and 12 slices "from the center of the lesion". */
export const XIAO_VOLUME = { width: 300, height: 300, depth: 12 } as const;

/** A box of slices; the far edges are excluded. */
export interface VolumeBox {
  readonly x1: number;
  readonly y1: number;
  readonly slice1: number;
  readonly x2: number;
  readonly y2: number;
  readonly slice2: number;
}

/** Extents in pixels and slices. */
export interface VolumeSize {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
}

/**
 * A box of a size around the centre of a lesion, moved into the volume where it would reach out of it, so that no slice
 * is invented. With even sizes the centre is the first pixel of the second half.
 * Throws option-invalid where the volume is smaller than the box.
 */
export function centredVolumeBox(
  centre: { readonly x: number; readonly y: number; readonly slice: number },
  size: VolumeSize,
  volume: VolumeSize,
): VolumeBox {
  const start = (axis: keyof VolumeSize, at: number) => {
    const room = volume[axis] - size[axis];
    if (room < 0 || !Number.isFinite(at)) {
      throw new ImagingError(
        'option-invalid',
        `a crop of ${size[axis]} needs a volume of at least that ${axis} and a centre in it, got ${volume[axis]} and ${at}`,
      );
    }
    return Math.min(room, Math.max(0, Math.round(at - size[axis] / 2)));
  };
  const [x1, y1, slice1] = [start('width', centre.x), start('height', centre.y), start('depth', centre.slice)];
  return { x1, y1, slice1, x2: x1 + size.width, y2: y1 + size.height, slice2: slice1 + size.depth };
}

/** The slices of a box; `slices` are those of the whole volume, in order. */
export function cropVolume(slices: readonly Plane[], { x1, y1, slice1, x2, y2, slice2 }: VolumeBox): Plane[] {
  return slices.slice(slice1, slice2).map((plane) => cropPlane(plane, [x1, y1, x2, y2]));
}

/**
 * The brightest value along the slices at every pixel (Xiao et al. 2021: "maximum intensity projection image (MIP)"). Slices are
 * taken one at a time, so a generator of them never holds the volume. Throws option-invalid: no slices, or of different sizes.
 */
export async function maximumIntensityProjection(slices: Iterable<Plane> | AsyncIterable<Plane>): Promise<Plane> {
  let result: Plane | undefined;
  for await (const plane of slices) {
    requirePlane(plane, 'maximumIntensityProjection');
    if (!result) {
      result = { ...plane, data: plane.data.slice() };
      continue;
    }
    if (plane.width !== result.width || plane.height !== result.height) {
      throw new ImagingError(
        'option-invalid',
        `slices to project must be of one size, got ${plane.width} x ${plane.height} after ${result.width} x ${result.height}`,
      );
    }
    const { data } = result;
    for (let i = 0; i < data.length; i++) data[i] = Math.max(data[i] as number, plane.data[i] as number);
  }
  if (!result) throw new ImagingError('option-invalid', 'slices to project must be at least one, got none');
  return result;
}
