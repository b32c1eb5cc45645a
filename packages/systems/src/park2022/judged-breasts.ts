/** Breasts that the modalities of a run have in common, judged malignant or not: what a report compares its models on. */
import { type Labels, youden } from '@mammoscope/stats';
import type { ValidationScores } from '../classifier/evaluated.ts';
import { measuredModel, patientClusters } from '../classifier/metric-figures.ts';
import type { ReportedModel } from '../classifier/report-parts.ts';
import { requireBothSides } from '../run/both-sides.ts';
import { combinationName, unitsByCombination, unitTruths } from './evaluated-units.ts';
import {
  type Architecture,
  meanScores,
  modalityCombinations,
  type ParkModality,
  type ScoredImage,
  type ScoredUnit,
} from './scored-cases.ts';

/** What breasts are called. */
export const CALLS = ['not malignant', 'malignant'] as const;

/** A modality, or the mean of several. */
export interface JudgedModel extends ReportedModel {
  readonly modalities: readonly ParkModality[];
  readonly architecture: Architecture;
  readonly validation: ValidationScores;
}

/** Breasts and the models that judged them. */
export interface JudgedBreasts {
  readonly units: readonly ScoredUnit[];
  readonly positive: readonly boolean[];
  readonly clusters: readonly string[] | undefined;
  /** The headline first: all modalities together. */
  readonly models: readonly JudgedModel[];
  readonly headline: JudgedModel;
}

/** How cut-offs are chosen. */
interface JudgeOptions {
  readonly seed: number;
  readonly cutoffFrom: 'validation' | 'test';
  /** Of the manifest, for messages. */
  readonly path: string;
}

/**
 * Every combination of the modalities on the breasts that all of them show, and the headline's global module alone. Where modalities have
 * too few breasts in common, the combination with fewer modalities and most breasts. SystemError 'data-unusable' where there is none.
 */
export function judgedBreasts(
  images: readonly ScoredImage[],
  validationImages: readonly ScoredImage[],
  { seed, cutoffFrom, path }: JudgeOptions,
): JudgedBreasts {
  const { modalities, units } = commonBreasts(images, path);
  const positive = unitTruths(units, 'malignant');
  const clusters = patientClusters(units);
  const judge = (own: readonly ParkModality[], architecture: Architecture): JudgedModel => {
    const known = unitsOf(validationImages, own);
    const validation = { scores: scoresOf(known, own, architecture), positive: unitTruths(known, 'malignant') };
    const scores = scoresOf(units, own, architecture);
    const source = cutoffFrom === 'test' ? { scores, positive } : validation;
    const cutoff = hasBothSides(source) ? youden(source.scores, source.positive).threshold : Number.POSITIVE_INFINITY;
    const isHeadline = own.length === modalities.length && architecture === 'full';
    return {
      model: architecture === 'global' ? 'global module alone' : combinationName(own),
      role: isHeadline ? (own.length > 1 ? 'ensemble' : 'single') : 'member',
      ...{ modalities: own, architecture, scores, validation },
      ...measuredModel(scores, positive, cutoff, { clusters, seed }),
    };
  };
  const combinations = modalityCombinations(modalities).toReversed();
  const [headline, ...others] = combinations.map((own) => judge(own, 'full')) as [JudgedModel, ...JudgedModel[]];
  return { units, positive, clusters, headline, models: [headline, judge(modalities, 'global'), ...others] };
}

/** The largest combination of modalities with breasts of two patients on either side. */
function commonBreasts(images: readonly ScoredImage[], path: string) {
  const combinations = unitsByCombination(images, 'breast').sort(
    (a, b) => b.modalities.length - a.modalities.length || b.units.length - a.units.length,
  );
  const patients = (units: readonly ScoredUnit[], side: boolean) =>
    new Set(units.flatMap(({ patientId, labels }) => (labels.malignant === side ? [patientId] : []))).size;
  const usable = combinations.find(({ units }) => Math.min(patients(units, true), patients(units, false)) >= 2);
  if (usable) return usable;
  const largest = combinations.at(-1)?.units ?? [];
  requireBothSides(path, largest, unitTruths(largest, 'malignant'), {
    cases: 'breasts',
    negative: 'those without malignant findings',
    positive: 'those with',
  });
  return { modalities: [], units: [] };
}

/** Whether there are positive and negative cases among some, without which no cut-off can be chosen. */
export const hasBothSides = ({ positive }: { readonly positive: Labels }): boolean =>
  new Set(Array.from(positive, Boolean)).size === 2;

/** The breasts that all of some modalities show. */
function unitsOf(images: readonly ScoredImage[], modalities: readonly ParkModality[]): readonly ScoredUnit[] {
  const own = images.filter(({ modality }) => modalities.includes(modality));
  const whole = unitsByCombination(own, 'breast').find((each) => each.modalities.length === modalities.length);
  return whole?.units ?? [];
}

/** Means over modalities of the means over a breast's views. */
function scoresOf(
  units: readonly ScoredUnit[],
  modalities: readonly ParkModality[],
  architecture: Architecture,
): number[] {
  return units.map(({ images }) => {
    const each = modalities.map((modality) =>
      meanScores(images.filter((image) => image.modality === modality).map(({ ensemble }) => ensemble.scores)),
    );
    return meanScores(each)[architecture].malignant;
  });
}
