/**
 * The radiomics comparator of Xiao et al. 2021 (section E, Table 6, after Peng et al.): "we extracted 2D features from the focus slice and
 * the maximum intensity projection image, and 3D features from volume. The Least Absolute Shrinkage and Selection Operator (LASSO)
 * method was used for feature selection and the random forest was used for classification."
 *
 * Chosen here, for the paper says nothing of it: the features (IBSI 1 and wavelet bands, radiomics/feature-vector.ts of imaging), a
 * logistic LASSO at the penalty of least deviance over 10 folds of patients, 500 trees of square-root many features, drawn by patient.
 */
import { type FeatureOptions, type FeatureVector, type Plane, radiomicsFeatures } from '@mammoscope/imaging';
import { RandomStream } from '@mammoscope/random';
import {
  crossValidatedLasso,
  forestProbabilities,
  groupFolds,
  type RandomForest,
  randomForest,
} from '@mammoscope/stats';
import { SystemError } from '../errors.ts';

/** The rows of Table 6: "2D features, 3D features and combined features". */
export const RADIOMICS_DOMAINS = ['2d', '3d', 'combined'] as const;

/** One of {@link RADIOMICS_DOMAINS}. */
export type RadiomicsDomain = (typeof RADIOMICS_DOMAINS)[number];

/** A region around a lesion in one view, and what features need of it. */
export interface RadiomicsRoi extends FeatureOptions {
  readonly patientId: string;
  readonly malignant: boolean;
  /** In order, brighter is denser. */
  readonly slices: readonly Plane[];
}

/** What is learnt from: features of a region by their names. */
export interface RadiomicsCase {
  readonly patientId: string;
  readonly malignant: boolean;
  readonly features: FeatureVector;
}

/** How a comparator is trained. */
export interface RadiomicsOptions {
  readonly seed: number;
  /** 10 where not given; each class needs as many patients. */
  readonly folds?: number;
  /** 500 where not given. */
  readonly trees?: number;
}

/** A trained comparator. */
export interface RadiomicsModel {
  readonly domain: RadiomicsDomain;
  /** Features offered to LASSO. */
  readonly offered: number;
  /** Features that it kept, by name; none where no feature helped, and then every region gets the share of malignant ones. */
  readonly selected: readonly string[];
  readonly penalty: number;
  readonly malignantShare: number;
  readonly forest: RandomForest | undefined;
}

/** The features of each region, one after the other. Throws what radiomicsFeatures throws. */
export async function radiomicsCases(rois: readonly RadiomicsRoi[]): Promise<RadiomicsCase[]> {
  const cases: RadiomicsCase[] = [];
  for (const { patientId, malignant, slices, ...options } of rois)
    cases.push({ patientId, malignant, features: await radiomicsFeatures(slices, options) });
  return cases;
}

/**
 * Selects features and grows the forest on training cases. Throws SystemError data-unusable where cases differ in their features, and
 * StatsError stats/classes where a class has fewer patients than there are folds.
 */
export function trainRadiomics(
  cases: readonly RadiomicsCase[],
  domain: RadiomicsDomain,
  { seed, folds = 10, trees = 500 }: RadiomicsOptions,
): RadiomicsModel {
  const names = Object.keys(cases[0]?.features ?? {}).filter((name) => inDomain(name, domain));
  const columns = columnsOf(cases, names);
  const labels = cases.map(({ malignant }) => malignant);
  const patients = cases.map(({ patientId }) => patientId);
  const foldOf = groupFolds(patients, labels, folds, new RandomStream(seed, 'radiomics', domain, 'folds'));
  const { fits, best } = crossValidatedLasso(columns, labels, foldOf);
  const { penalty, selected } = fits[best] as (typeof fits)[number];
  const random = new RandomStream(seed, 'radiomics', domain, 'forest');
  return {
    domain,
    offered: names.length,
    selected: selected.map((j) => names[j] as string),
    penalty,
    malignantShare: labels.filter(Boolean).length / labels.length,
    forest:
      selected.length > 0
        ? randomForest(
            selected.map((j) => columns[j] as Float64Array),
            labels,
            { random, trees, clusters: patients },
          )
        : undefined,
  };
}

/** The probability of malignancy of each case. Throws SystemError data-unusable where a feature is missing. */
export function scoreRadiomics(
  { selected, forest, malignantShare }: RadiomicsModel,
  cases: readonly Pick<RadiomicsCase, 'patientId' | 'features'>[],
): Float64Array {
  if (!forest || cases.length === 0) return new Float64Array(cases.length).fill(malignantShare);
  return forestProbabilities(forest, columnsOf(cases, selected));
}

/** What one row of Table 6 rests on. */
export interface RadiomicsResult {
  readonly model: RadiomicsModel;
  /** Of the test cases, in their order. */
  readonly scores: Float64Array;
}

/**
 * Table 6's three models, trained on the regions of training patients and scored on those of test patients. Throws SystemError
 * data-unusable where a patient is in both, and what {@link trainRadiomics} throws.
 */
export function compareRadiomics(
  training: readonly RadiomicsCase[],
  test: readonly RadiomicsCase[],
  options: RadiomicsOptions,
): RadiomicsResult[] {
  const known = new Set(training.map(({ patientId }) => patientId));
  const both = test.find(({ patientId }) => known.has(patientId));
  if (both) {
    throw new SystemError(
      'data-unusable',
      `patient ${both.patientId} is among the training and the test regions: split by patient`,
    );
  }
  return RADIOMICS_DOMAINS.map((domain) => {
    const model = trainRadiomics(training, domain, options);
    return { model, scores: scoreRadiomics(model, test) };
  });
}

const inDomain = (name: string, domain: RadiomicsDomain): boolean => domain === 'combined' || name.startsWith(domain);

/** [features][cases] */
function columnsOf(
  cases: readonly Pick<RadiomicsCase, 'patientId' | 'features'>[],
  names: readonly string[],
): Float64Array[] {
  return names.map((name) =>
    Float64Array.from(cases, ({ patientId, features }) => {
      const value = features[name];
      if (value !== undefined) return value;
      throw new SystemError(
        'data-unusable',
        `a region of patient ${patientId} lacks the feature ${name}: extract all regions alike`,
      );
    }),
  );
}
