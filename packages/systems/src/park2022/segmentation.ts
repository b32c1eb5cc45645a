/**
 * "Dice similarity coefficient (DSC) and pixel average precision (PxAP) ... averaged over the images with visible biopsy-confirmed
 * findings" (section VI-C), of saliency max-projected over slices, beside a map that knows nothing but where the breast is.
 */
import { boxOnStored, breastMask, ImagingError, type ManifestRow, openManifestImage } from '@mammoscope/imaging';
import { RandomStream } from '@mammoscope/random';
import type { Estimate } from '@mammoscope/report';
import { bootstrap, dice, pixelAveragePrecision } from '@mammoscope/stats';
import { lesionMask, type Raster, rasterOf } from './lesion-mask.ts';
import { ITERATIONS } from './measures.ts';
import { memberSaliency, onRaster, projected } from './saliency-planes.ts';
import { FINDINGS, type Finding, type ParkModality, type ScoredImage } from './scored-cases.ts';

/** How well a map finds the lesions of an image. */
export interface Overlap {
  readonly dsc: number;
  readonly pxap: number;
}

/** The maps of one image, and the baseline, against its lesions of a label. */
export interface SegmentedImage {
  readonly image: ScoredImage;
  readonly finding: Finding;
  /** By member, the ensemble among them. */
  readonly overlaps: ReadonlyMap<string, Overlap>;
  readonly baseline: Overlap;
}

/** Means over images: of each member with their standard deviation over members, of the ensemble, of the baseline. */
export interface SegmentationFigures {
  readonly modality: ParkModality;
  readonly finding: Finding;
  readonly images: number;
  readonly members: { readonly dsc: MeanOfMembers; readonly pxap: MeanOfMembers };
  readonly ensemble: Overlap;
  readonly baseline: Overlap;
  /** The ensemble's DSC less the baseline's, with a bootstrap interval over patients. */
  readonly gain: Estimate;
}

/** Over the members' means. */
export interface MeanOfMembers {
  readonly mean: number;
  /** Divisor n - 1; null of one member. */
  readonly deviation: number | null;
}

/** Every image with a visible lesion and saliency maps; `rowOf` gives its row, by which it is read for the baseline. */
export async function segmentedImages(
  images: readonly ScoredImage[],
  rowOf: (image: ScoredImage) => ManifestRow,
): Promise<SegmentedImage[]> {
  const segmented: SegmentedImage[] = [];
  for (const image of images) {
    const raster = rasterOf(image);
    for (const finding of FINDINGS) {
      const mask = await lesionMask(image, finding, raster);
      const maps = mask ? await memberSaliency(image, finding) : undefined;
      if (!mask || !maps || maps.size === 0) continue;
      const overlaps = [...maps].map(([member, map]) => {
        const plane = onRaster(projected(map, image.grid), image.grid, raster);
        return [member, { dsc: dice(plane, mask), pxap: pixelAveragePrecision(plane, mask) }] as const;
      });
      const centre = await breastCentre(rowOf(image), raster, image);
      segmented.push({ image, finding, overlaps: new Map(overlaps), baseline: centreOverlap(mask, raster, centre) });
    }
  }
  return segmented;
}

/**
 * The baseline: for DSC a disc of the lesion's own area around the centre of the breast, for PxAP the pixels by their nearness to it.
 * That it is told how large the lesion is makes it harder to beat.
 */
export function centreOverlap(mask: Uint8Array, { width }: Raster, [x, y]: readonly [number, number]): Overlap {
  const nearness = Float32Array.from(mask, (_, at) => -Math.hypot((at % width) - x, Math.floor(at / width) - y));
  const area = mask.reduce((sum, value) => sum + value, 0);
  const ascending = nearness.toSorted();
  const least = ascending[ascending.length - area] as number;
  const disc = Uint8Array.from(nearness, (value) => (value >= least ? 1 : 0));
  return { dsc: dice(disc, mask), pxap: pixelAveragePrecision(nearness, mask) };
}

/** The centroid of the breast on its middle slice, in pixels of the raster; the image's middle where no breast is found on it. */
async function breastCentre(row: ManifestRow, raster: Raster, size: ScoredImage): Promise<readonly [number, number]> {
  const image = await openManifestImage(row);
  try {
    const plane = await image.seen(Math.floor((image.depth - 1) / 2), { crop: 'none' });
    const [x, y] = centroid(breastMask(plane));
    const [storedX, storedY] = plane.placement ? boxOnStored([x, y, x, y], plane.placement) : [x, y];
    return [storedX / raster.step - 0.5, storedY / raster.step - 0.5];
  } catch (error) {
    if (!(error instanceof ImagingError && error.code === 'mask-empty')) throw error;
    return [size.widthPx / 2 / raster.step, size.heightPx / 2 / raster.step];
  } finally {
    await image.close();
  }
}

/** Of the pixels of a mask, in pixels from the corner of the image. */
function centroid({ data, width }: { readonly data: Uint8Array; readonly width: number }): readonly [number, number] {
  let [count, sumX, sumY] = [0, 0, 0];
  for (const [at, inside] of data.entries())
    if (inside === 1) {
      count++;
      sumX += at % width;
      sumY += Math.floor(at / width);
    }
  return [sumX / count + 0.5, sumY / count + 0.5];
}

/** Table V of one modality and label; undefined where no image shows a lesion of the label. */
export function segmentationFigures(
  segmented: readonly SegmentedImage[],
  modality: ParkModality,
  finding: Finding,
  seed: number,
): SegmentationFigures | undefined {
  const own = segmented.filter(({ image, finding: of }) => image.modality === modality && of === finding);
  const [first] = own;
  if (!first) return undefined;
  const ensembleName = first.image.ensemble.member;
  const mean = (of: (each: SegmentedImage) => number) => own.reduce((sum, each) => sum + of(each), 0) / own.length;
  const meanOverlap = (of: (each: SegmentedImage) => Overlap): Overlap => ({
    dsc: mean((each) => of(each).dsc),
    pxap: mean((each) => of(each).pxap),
  });
  const overlapOf = (member: string) => meanOverlap(({ overlaps }) => overlaps.get(member) as Overlap);
  const members = [...first.overlaps.keys()].filter((member) => member !== ensembleName).map(overlapOf);
  return {
    ...{ modality, finding, images: own.length },
    members: { dsc: spread(members.map(({ dsc }) => dsc)), pxap: spread(members.map(({ pxap }) => pxap)) },
    ensemble: overlapOf(ensembleName),
    baseline: meanOverlap(({ baseline }) => baseline),
    gain: meanGain(
      own.map(({ overlaps, baseline }) => (overlaps.get(ensembleName) as Overlap).dsc - baseline.dsc),
      own.map(({ image }) => image.patientId),
      new RandomStream(seed, 'park2022', 'dsc', modality, finding),
    ),
  };
}

/** The mean of differences, its interval by a bootstrap of patients; without one of a single patient. */
function meanGain(gains: readonly number[], clusters: readonly string[], random: RandomStream): Estimate {
  const mean = (times: ArrayLike<number>) => {
    const count = gains.reduce((sum, _, i) => sum + (times[i] as number), 0);
    return gains.reduce((sum, gain, i) => sum + (times[i] as number) * gain, 0) / count;
  };
  const value = mean(new Uint8Array(gains.length).fill(1));
  if (new Set(clusters).size < 2) return { value, interval: null };
  const { interval } = bootstrap(gains.length, mean, { random, replicates: ITERATIONS, clusters });
  return { value, interval: [interval.lower, interval.upper] };
}

function spread(values: readonly number[]): MeanOfMembers {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  if (values.length < 2) return { mean, deviation: null };
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: Math.sqrt(squares / (values.length - 1)) };
}
