/** Pathological type and oestrogen receptor status as classes: Lin 2023, sections 2.3 and 3.4, table 4. */
import { SystemError } from '../errors.ts';

/** What a pathologist's report comes to. */
export const PATHOLOGIES = ['invasive', 'dcis with microinvasion', 'pure dcis'] as const;
export type Pathology = (typeof PATHOLOGIES)[number];

/**
 * Where carcinoma with foci of invasion of at most 1 mm belongs: to the invasive ones ("Ductal carcinoma in situ (DCIS) with
 * foci of microinvasion [...] was classified as microinvasive carcinoma"), or to DCIS ("Therefore, we classified DCIS with
 * microinvasions into the DCIS category").
 */
export type MicroinvasionRule = 'as invasive' | 'as dcis';

/** A task of table 4: class 1 and class 2, and the class of a lesion's text. */
export interface PatchTask {
  readonly name: string;
  /** Of a manifest's row. */
  readonly column: 'pathology' | 'erStatus';
  readonly classes: readonly [string, string];
  /** Index of the class, or undefined where the lesion does not belong to the task; SystemError for a text unknown. */
  readonly classOf: (text: string, place: string) => 0 | 1 | undefined;
}

/** Malignant lesions alone have a type: of others, and where it is unknown, nothing is said; some data sets say no more than malignant. */
const WITHOUT_TYPE = new Set(['', 'benign', 'malignant', 'normal', 'unknown']);

/** The pathology that a cell of a manifest names; undefined where it names none. SystemError for another word. */
export function pathologyOf(text: string, place: string): Pathology | undefined {
  const word = text.trim().toLowerCase();
  if (WITHOUT_TYPE.has(word)) return undefined;
  const known = PATHOLOGIES.find((name) => name === (word === 'dcis' ? 'pure dcis' : word));
  if (known) return known;
  throw new SystemError(
    'data-unusable',
    `pathology at ${place} must be one of ${PATHOLOGIES.join(', ')}, malignant, benign or empty, got "${text}": rename it`,
  );
}

/** Invasive against DCIS, by one of the two rules. */
export function pathologicalType(rule: MicroinvasionRule): PatchTask {
  const invasive: ReadonlySet<Pathology> = new Set(
    rule === 'as invasive' ? ['invasive', 'dcis with microinvasion'] : ['invasive'],
  );
  return {
    name: 'pathological type',
    column: 'pathology',
    classes:
      rule === 'as invasive'
        ? ['Invasive cancer (including microinvasion)', 'Pure DCIS']
        : ['Invasive cancer (excluding microinvasion)', 'DCIS with or without microinvasion'],
    classOf(text, place) {
      const pathology = pathologyOf(text, place);
      return pathology === undefined ? undefined : invasive.has(pathology) ? 0 : 1;
    },
  };
}

/** "The immunohistochemical cutoff for ER-negative status was less than 1% staining of the nuclei". */
const LEAST_POSITIVE_PERCENT = 1;

/** Words, or the share of stained nuclei as '0.5%'. */
export const erStatus: PatchTask = {
  name: 'ER status',
  column: 'erStatus',
  classes: ['ER-positive', 'ER-negative'],
  classOf(text, place) {
    const word = text.trim().toLowerCase();
    if (word === '' || word === 'unknown') return undefined;
    if (word === 'positive' || word === 'negative') return word === 'positive' ? 0 : 1;
    const percent = /^(\d+(?:\.\d+)?)\s*%$/.exec(word)?.[1];
    if (percent !== undefined && Number(percent) <= 100) return Number(percent) < LEAST_POSITIVE_PERCENT ? 1 : 0;
    throw new SystemError(
      'data-unusable',
      `er_status at ${place} must be positive, negative, a share of nuclei such as 5% or empty, got "${text}": rename it`,
    );
  },
};

/** The tasks of table 4, in its order, by the names of their networks in a run. */
export const PATCH_TASKS = {
  'invasive-or-pure-dcis': pathologicalType('as invasive'),
  'invasive-or-dcis': pathologicalType('as dcis'),
  'er-status': erStatus,
} as const satisfies Record<string, PatchTask>;
export type PatchTaskName = keyof typeof PATCH_TASKS;

/** What a guess of the commoner class is worth, beside which any accuracy of imbalanced classes belongs. */
export interface MajorityBaseline {
  readonly class: 0 | 1;
  readonly accuracy: number;
}

/** "considering the imbalance in the sample size, a stochastic model could also achieve similar results". */
export function majorityBaseline(classes: readonly (0 | 1)[]): MajorityBaseline {
  if (classes.length === 0)
    throw new SystemError(
      'data-unusable',
      'a baseline needs at least one lesion of known class, got none: fill the column',
    );
  const second = classes.filter((label) => label === 1).length;
  const majority = 2 * second > classes.length ? 1 : 0;
  return { class: majority, accuracy: (majority === 1 ? second : classes.length - second) / classes.length };
}

/** Weights of cross-entropy that make both classes count alike, n / (2 n_c); SystemError where a class has no lesion. */
export function balancedWeights(classes: readonly (0 | 1)[]): readonly [number, number] {
  const counts = [0, 1].map((label) => classes.filter((own) => own === label).length) as [number, number];
  if (counts.includes(0))
    throw new SystemError(
      'data-unusable',
      `both classes of a task need a lesion to train on, got ${counts.join(' and ')}: leave the task out`,
    );
  return [classes.length / (2 * counts[0]), classes.length / (2 * counts[1])];
}
