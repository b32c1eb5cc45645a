/**
 * The radiomic features of a cluster of calcifications as the comparator of Xiao et al. (2021, section E, after Peng et al.) has them: "2D
 * features from the focus slice and the maximum intensity projection image, and 3D features from volume". The families are those of
 * IBSI 1; the paper names neither families, discretisation nor wavelet.
 */
import { ImagingError } from '../errors.ts';
import { focusSlice } from '../focus-slice/focus-slice.ts';
import { maximumIntensityProjection } from '../geometry/volume-crop.ts';
import type { Plane } from '../plane.ts';
import type { Aggregation } from './aggregation.ts';
import { glcmFeatures } from './glcm.ts';
import { glrlmFeatures } from './glrlm.ts';
import { glszmFeatures } from './glszm.ts';
import { type Discretisation, discretise } from './grey-levels.ts';
import { histogramFeatures } from './histogram.ts';
import { intensityFeatures } from './intensity.ts';
import { morphologyFeatures } from './morphology.ts';
import { morphology2dFeatures } from './morphology-2d.ts';
import { ngtdmFeatures } from './ngtdm.ts';
import { type RadiomicsRegion, type RegionOptions, radiomicsRegion, valuesInside } from './region.ts';
import { waveletBands } from './wavelet.ts';

/** Named features in a fixed order, all finite: image_family_feature, as "3d_glcm_joint-entropy" or "2d-mip_wavelet-LH_ngtdm_contrast". */
export type FeatureVector = Readonly<Record<string, number>>;

/** The images that features are of; a name begins with one. */
export const RADIOMICS_IMAGES = ['2d-focus', '2d-mip', '3d'] as const;

/** One of {@link RADIOMICS_IMAGES}. */
export type RadiomicsImage = (typeof RADIOMICS_IMAGES)[number];

/** What features need beside the slices. */
export interface FeatureOptions extends RegionOptions {
  /** Counted from 0; found by Eq. 8 of the paper where not given. */
  readonly focus?: number;
  /** 32 bins between the least and the greatest value, in each image and each wavelet band, where not given. */
  readonly discretisation?: Discretisation;
}

/** Bins of the default discretisation: grey levels of a reconstruction have no unit, for which IBSI advises a fixed number. */
export const DEFAULT_BINS = 32;

/**
 * The features of a region of a DBT volume: shape, first order, histogram, GLCM, GLRLM, GLSZM and NGTDM of focus slice, maximum
 * intensity projection and volume, and the latter six of each wavelet band of the three. The projection's mask is the union of
 * those of the slices. Throws what radiomicsRegion and focusSlice throw; option-invalid for a focus slice that is not there,
 * region-empty where the mask has no voxel in it.
 */
export async function radiomicsFeatures(
  slices: readonly Plane[],
  { focus, discretisation = { method: 'number', bins: DEFAULT_BINS }, ...options }: FeatureOptions = {},
): Promise<FeatureVector> {
  const volume = radiomicsRegion(slices, options);
  const chosen = focus ?? focusSlice(slices).slice;
  const plane = slices[chosen];
  if (!plane) {
    throw new ImagingError('option-invalid', `the focus slice must be one of 0 to ${slices.length - 1}, got ${chosen}`);
  }
  const { spacingMm } = volume;
  const area = volume.width * volume.height;
  const mask = volume.mask.subarray(chosen * area, (chosen + 1) * area);
  if (!mask.includes(1)) {
    throw new ImagingError(
      'region-empty',
      `the mask of the region has no voxel in its focus slice ${chosen}: mark some there, or give another focus slice`,
    );
  }
  const projection = await maximumIntensityProjection(slices);
  const projected = new Uint8Array(area);
  for (let i = 0; i < volume.mask.length; i++) if (volume.mask[i]) projected[i % area] = 1;
  return {
    ...regionFeatures('2d-focus', radiomicsRegion([plane], { mask, spacingMm }), discretisation),
    ...regionFeatures('2d-mip', radiomicsRegion([projection], { mask: projected, spacingMm }), discretisation),
    ...regionFeatures('3d', volume, discretisation),
  };
}

/** The features of one region, with those of its wavelet bands; '3d' takes neighbours across slices. */
export function regionFeatures(
  image: RadiomicsImage,
  region: RadiomicsRegion,
  discretisation: Discretisation,
): FeatureVector {
  const aggregation = image === '3d' ? '3d-merged' : '2.5d-merged';
  const shape = image === '3d' ? morphologyFeatures(region) : morphology2dFeatures(region);
  return {
    ...named(`${image}_shape`, shape),
    ...greyFeatures(image, region, discretisation, aggregation),
    ...Object.assign(
      {},
      ...waveletBands(region).map((band) =>
        greyFeatures(`${image}_wavelet-${band.name}`, band.region, discretisation, aggregation),
      ),
    ),
  };
}

function greyFeatures(
  prefix: string,
  region: RadiomicsRegion,
  discretisation: Discretisation,
  aggregation: Aggregation,
): FeatureVector {
  const levels = discretise(region, discretisation);
  return {
    ...named(`${prefix}_first-order`, intensityFeatures(valuesInside(region))),
    ...named(`${prefix}_histogram`, histogramFeatures(levels)),
    ...named(`${prefix}_glcm`, glcmFeatures(levels, aggregation)),
    ...named(`${prefix}_glrlm`, glrlmFeatures(levels, aggregation)),
    ...named(`${prefix}_glszm`, glszmFeatures(levels, aggregation)),
    ...named(`${prefix}_ngtdm`, ngtdmFeatures(levels, aggregation)),
  };
}

/** jointEntropy -> joint-entropy, percentile10 -> percentile-10. */
const named = (prefix: string, features: FeatureVector): FeatureVector =>
  Object.fromEntries(
    Object.entries(features).map(([name, value]) => [
      `${prefix}_${name.replace(/[A-Z]|\d+/g, (part) => `-${part.toLowerCase()}`)}`,
      value,
    ]),
  );
