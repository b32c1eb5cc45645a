import { ImagingError } from '../errors.ts';
import { type Plane, requirePlane } from '../plane.ts';

/** A region of interest as radiomics sees it: grey levels, the voxels that belong to it, and how large they are. */
export interface RadiomicsRegion {
  readonly width: number;
  readonly height: number;
  /** Slices; 1 for an image. */
  readonly depth: number;
  /** [depth, height, width], any units. */
  readonly data: Float32Array;
  /** [depth, height, width]: 1 where a voxel belongs to the region, else 0. */
  readonly mask: Uint8Array;
  /** Of a voxel along x, y and z. */
  readonly spacingMm: readonly [x: number, y: number, z: number];
}

/** What a region is beside its grey levels. */
export interface RegionOptions {
  /** [depth, height, width], not 0 where a voxel belongs to the region; every voxel where not given. */
  readonly mask?: Uint8Array;
  /** [1, 1, 1] where not given. */
  readonly spacingMm?: readonly [x: number, y: number, z: number];
}

/**
 * A region from its slices, in order. Throws option-invalid (no slices, of different sizes, a mask of another size, a spacing that
 * is no length), region-empty (no voxel in the mask) and value-not-finite: also outside the mask, since filters reach there.
 */
export function radiomicsRegion(
  slices: readonly Plane[],
  { mask, spacingMm = [1, 1, 1] }: RegionOptions = {},
): RadiomicsRegion {
  const [first] = slices;
  if (!first) throw new ImagingError('option-invalid', 'a region of interest needs at least one slice, got none');
  const { width, height } = first;
  const area = width * height;
  const data = new Float32Array(slices.length * area);
  slices.forEach((plane, k) => {
    requirePlane(plane, 'radiomicsRegion');
    if (plane.width !== width || plane.height !== height) {
      throw new ImagingError(
        'option-invalid',
        `slices of a region must be of one size, got ${plane.width} x ${plane.height} after ${width} x ${height}`,
      );
    }
    const bad = plane.data.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0) {
      throw new ImagingError(
        'value-not-finite',
        `slice ${k} of the region has ${plane.data[bad]} at column ${bad % width}, row ${Math.floor(bad / width)}: give finite grey levels`,
      );
    }
    data.set(plane.data, k * area);
  });
  if (mask && mask.length !== data.length) {
    throw new ImagingError(
      'option-invalid',
      `the mask of a region must have ${width} x ${height} x ${slices.length} entries, got ${mask.length}`,
    );
  }
  if (!spacingMm.every((length) => Number.isFinite(length) && length > 0)) {
    throw new ImagingError('option-invalid', `spacingMm must be three lengths above 0, got ${spacingMm.join(', ')}`);
  }
  const inside = mask ? mask.map((value) => (value ? 1 : 0)) : new Uint8Array(data.length).fill(1);
  if (!inside.includes(1)) {
    throw new ImagingError('region-empty', 'the mask of the region has no voxel: mark at least one');
  }
  return { width, height, depth: slices.length, data, mask: inside, spacingMm };
}

/** The grey levels of the voxels of a region, in the order of memory. */
export function valuesInside({ data, mask }: RadiomicsRegion): Float32Array {
  let count = 0;
  for (let i = 0; i < mask.length; i++) count += mask[i] as number;
  if (count === data.length) return data;
  const values = new Float32Array(count);
  let next = 0;
  for (let i = 0; i < mask.length; i++) if (mask[i]) values[next++] = data[i] as number;
  return values;
}
