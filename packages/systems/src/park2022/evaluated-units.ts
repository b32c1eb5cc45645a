/** Breasts and images measured: each modality and each combination of them, the full architecture beside its two modules. */
import { delongPaired, type Interval, StatsError } from '@mammoscope/stats';
import { patientClusters } from '../classifier/metric-figures.ts';
import { type MeasuredScores, measureScores } from './measures.ts';
import {
  ARCHITECTURES,
  type Architecture,
  averagedModalities,
  breastUnits,
  type Finding,
  imageUnits,
  modalityCombinations,
  PARK_MODALITIES,
  type ParkModality,
  type PerFinding,
  type ScoredImage,
  type ScoredUnit,
} from './scored-cases.ts';

/** What is judged as one. */
export type ParkLevel = 'breast' | 'image';

/** As the paper names modalities. */
export const MODALITY_NAMES: Readonly<Record<ParkModality, string>> = {
  DM: 'FFDM',
  SYNTHETIC2D: 'Synthetic 2D',
  DBT: 'DBT',
};

/** 'FFDM + DBT', and 'All 3 modalities'. */
export const combinationName = (modalities: readonly ParkModality[]): string =>
  modalities.length === PARK_MODALITIES.length
    ? 'All 3 modalities'
    : modalities.map((modality) => MODALITY_NAMES[modality]).join(' + ');

/** A difference of AUCs by DeLong's paired test, patients as clusters. */
export interface AucGain {
  readonly difference: number;
  readonly interval: Interval;
  readonly p: number;
}

/** Units of a modality, or of several averaged, measured. */
export interface EvaluatedUnits {
  readonly level: ParkLevel;
  readonly modalities: readonly ParkModality[];
  readonly units: readonly ScoredUnit[];
  readonly measured: Readonly<Record<Architecture, PerFinding<MeasuredScores>>>;
  /** The full architecture's AUC less that of the global module alone; undefined where the data do not allow the test. */
  readonly gain: PerFinding<AucGain | undefined>;
}

/** The scores of a label that the ensemble gives to units. */
export const unitScores = (units: readonly ScoredUnit[], architecture: Architecture, finding: Finding): number[] =>
  units.map(({ scores }) => (scores.at(-1) as ScoredUnit['scores'][number]).scores[architecture][finding]);

/** Which of units have a label. */
export const unitTruths = (units: readonly ScoredUnit[], finding: Finding): boolean[] =>
  units.map(({ labels }) => labels[finding]);

/** Units by combination of the modalities that images are of, the single ones first. */
export function unitsByCombination(
  images: readonly ScoredImage[],
  level: ParkLevel,
): { readonly modalities: readonly ParkModality[]; readonly units: readonly ScoredUnit[] }[] {
  const present = PARK_MODALITIES.filter((modality) => images.some((image) => image.modality === modality));
  const unitsOf = level === 'breast' ? breastUnits : imageUnits;
  const single = new Map(
    present.map((each) => [each, unitsOf(images.filter(({ modality }) => modality === each))] as const),
  );
  return modalityCombinations(present).map((modalities) => ({
    modalities,
    units: averagedModalities(modalities.map((modality) => single.get(modality) ?? [])),
  }));
}

/** Every combination of modalities that some breasts have in common, measured; of images, each modality. */
export function evaluateUnits(images: readonly ScoredImage[], level: ParkLevel, seed: number): EvaluatedUnits[] {
  return unitsByCombination(images, level)
    .filter(({ modalities, units }) => units.length > 0 && (level === 'breast' || modalities.length === 1))
    .map(({ modalities, units }) => {
      const patients = units.map(({ patientId }) => patientId);
      const measuredBy = (architecture: Architecture, finding: Finding) =>
        measureScores(
          { scores: unitScores(units, architecture, finding), positive: unitTruths(units, finding), patients },
          seed,
          [level, ...modalities, architecture, finding].join(' '),
        );
      const both = <T>(of: (finding: Finding) => T): PerFinding<T> => ({
        benign: of('benign'),
        malignant: of('malignant'),
      });
      const measured = Object.fromEntries(
        ARCHITECTURES.map((architecture) => [architecture, both((finding) => measuredBy(architecture, finding))]),
      ) as EvaluatedUnits['measured'];
      return { level, modalities, units, measured, gain: both((finding) => gainOf(units, finding)) };
    });
}

/** Local plus global against global alone. */
function gainOf(units: readonly ScoredUnit[], finding: Finding): AucGain | undefined {
  const clusters = patientClusters(units);
  try {
    const { difference, interval, p } = delongPaired(
      unitScores(units, 'full', finding),
      unitScores(units, 'global', finding),
      unitTruths(units, finding),
      clusters ? { clusters } : {},
    );
    return { difference, interval, p };
  } catch (error) {
    if (error instanceof StatsError && ['stats/classes', 'stats/variance'].includes(error.code)) return undefined;
    throw error;
  }
}
