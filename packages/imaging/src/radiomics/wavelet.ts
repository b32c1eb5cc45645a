import type { RadiomicsRegion } from './region.ts';

/**
 * One part of a region by frequencies, of the region's size: for each axis, x first, L for low or H for high ('HL' of an image has
 * its vertical edges).
 */
export interface WaveletBand {
  readonly name: string;
  readonly region: RadiomicsRegion;
}

/** Coiflet of six taps, low-pass of the decomposition: Daubechies, "Ten lectures on wavelets" (1992), section 8.2. */
const [ROOT_7, SCALE] = [Math.sqrt(7), 16 * Math.SQRT2];
const LOW = [-3 + ROOT_7, 1 - ROOT_7, 14 - 2 * ROOT_7, 14 + 2 * ROOT_7, 5 + ROOT_7, 1 - ROOT_7].map(
  (value) => value / SCALE,
) as Taps;
/** Its quadrature mirror: reversed, every other sign turned. */
const HIGH = LOW.map((_, k) => (k % 2 === 0 ? -1 : 1) * (LOW[5 - k] as number)) as Taps;

type Taps = [number, number, number, number, number, number];

/**
 * The bands of one undecimated level of a separable coiflet-1 transform: 8 of a volume, 4 of a single slice. Position n of a band is
 * sum_k f_k x(n + 3 - k); beyond its ends a line is mirrored, the last voxel twice. Filters read what lies outside the mask, as IBSI 2
 * has it (filters come before the mask). Coiflet 1 without decimation is also what pyradiomics uses, there on a periodic image.
 */
export function waveletBands(region: RadiomicsRegion): WaveletBand[] {
  const { width, height, depth, data } = region;
  const axes = [
    { length: width, inner: 1 },
    { length: height, inner: width },
    ...(depth > 1 ? [{ length: depth, inner: width * height }] : []),
  ];
  let bands = [{ name: '', data }];
  for (const { length, inner } of axes) {
    bands = bands.flatMap(({ name, data: whole }) => {
      const [low, high] = split(whole, length, inner);
      return [
        { name: `${name}L`, data: low },
        { name: `${name}H`, data: high },
      ];
    });
  }
  return bands.map(({ name, data: values }) => ({ name, region: { ...region, data: values } }));
}

/** Both filters along one axis of [outer, length, inner]. */
function split(data: Float32Array, length: number, inner: number): readonly [Float32Array, Float32Array] {
  const [low, high] = [new Float32Array(data.length), new Float32Array(data.length)];
  const [l0, l1, l2, l3, l4, l5] = LOW;
  const [h0, h1, h2, h3, h4, h5] = HIGH;
  const sources = Array.from({ length }, (_, n) =>
    Array.from({ length: 6 }, (_, k) => mirrored(n + 3 - k, length) * inner),
  ) as Taps[];
  for (let outer = 0; outer < data.length; outer += length * inner) {
    for (let n = 0; n < length; n++) {
      const [a, b, c, d, e, f] = sources[n] as Taps;
      const target = outer + n * inner;
      for (let i = 0; i < inner; i++) {
        const at = outer + i;
        const [va, vb, vc] = [data[at + a] as number, data[at + b] as number, data[at + c] as number];
        const [vd, ve, vf] = [data[at + d] as number, data[at + e] as number, data[at + f] as number];
        low[target + i] = l0 * va + l1 * vb + l2 * vc + l3 * vd + l4 * ve + l5 * vf;
        high[target + i] = h0 * va + h1 * vb + h2 * vc + h3 * vd + h4 * ve + h5 * vf;
      }
    }
  }
  return [low, high];
}

/** Where a position before the first or after the last lies in ... c b a | a b c | c b a ..., for lines of any length. */
function mirrored(position: number, length: number): number {
  const folded = ((position % (2 * length)) + 2 * length) % (2 * length);
  return folded < length ? folded : 2 * length - 1 - folded;
}
