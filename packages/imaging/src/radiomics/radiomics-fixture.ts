/** Reference numbers and regions that the tests of this folder share. */
import { readFileSync } from 'node:fs';
import { discretise } from './grey-levels.ts';
import { radiomicsRegion } from './region.ts';

const read = (name: string) =>
  JSON.parse(readFileSync(new URL(`../../../../references/${name}`, import.meta.url), 'utf8'));

interface IbsiFeature {
  readonly family: string;
  readonly feature: string;
  readonly value: number;
  /** 0 where none is stated: three significant figures. */
  readonly tolerance: number;
}

interface Ibsi {
  readonly voxelMm: readonly [number, number, number];
  readonly intensityZYX: readonly (readonly (readonly number[])[])[];
  readonly maskZYX: readonly (readonly (readonly number[])[])[];
  readonly features: readonly IbsiFeature[];
}

/** references/ibsi.json. */
export const ibsi: Ibsi = read('ibsi.json');

type ByFeature = Readonly<Record<string, number>>;

/** references/ibsi-aggregations.json: family, aggregation, feature. */
export const ibsiAggregations: Readonly<Record<string, Readonly<Record<string, ByFeature>>>> =
  read('ibsi-aggregations.json').families;

interface RadiomicsReference {
  readonly wavelet: readonly {
    readonly shape: readonly [number, number, number];
    readonly bands: Readonly<Record<string, readonly number[]>>;
  }[];
  readonly percentiles: { readonly at: readonly number[]; readonly values: readonly number[] };
}

/** references/radiomics.json. */
export const radiomicsReference: RadiomicsReference = read('radiomics.json');

/** The digital phantom of IBSI 1. */
export const digitalPhantom = radiomicsRegion(
  ibsi.intensityZYX.map((rows) => ({ width: 5, height: 4, data: Float32Array.from(rows.flat()) })),
  { mask: Uint8Array.from(ibsi.maskZYX.flat(2)), spacingMm: ibsi.voxelMm },
);

/** Its grey levels are its intensities. */
export const phantomLevels = discretise(digitalPhantom, { method: 'width', width: 1, from: 1 });

/** The numbers of references/scripts/radiomics.py. */
export const probe = (length: number): Float32Array =>
  Float32Array.from({ length }, (_, i) => ((i * 7919) % 1009) / 504.5 - 1);

/** A region of one width and height from its voxels, all of them or those of a mask. */
export function volumeOf(
  [depth, height, width]: readonly [number, number, number],
  values: ArrayLike<number>,
  mask?: ArrayLike<number>,
) {
  const area = width * height;
  const slices = Array.from({ length: depth }, (_, z) => ({
    width,
    height,
    data: Float32Array.from({ length: area }, (_, i) => values[z * area + i] as number),
  }));
  return radiomicsRegion(slices, mask ? { mask: Uint8Array.from(mask) } : {});
}
