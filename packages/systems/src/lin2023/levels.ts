/** Images, breasts and lesions as cases: sections 2.7 and 2.8, table 2. */
import type { Laterality, ManifestRow } from '@mammoscope/imaging';
import { calledModel, type MeasuredModel, patientClusters } from '../classifier/metric-figures.ts';
import { cutoffOf } from '../classifier/validation.ts';
import type { Detected } from '../detection/detections.ts';
import type { DecisionFigures } from '../reader-study/case-proportion.ts';
import { breastDecision, type Decision, ONE_HALF } from './decisions.ts';
import type { Film } from './films.ts';
import { matchLesions, type TrueLesion } from './lesions.ts';
import type { LesionClass, Recipe } from './recipe.ts';
import { classesOf, type SppnetMember } from './sppnet-members.ts';

/** What is judged as one. */
export const LEVELS = ['image', 'breast', 'lesion'] as const;
export type Level = (typeof LEVELS)[number];

/** A case with its truth and what is said of it. */
export interface LevelCase {
  readonly patientId: string;
  readonly positive: boolean;
  readonly called: boolean;
  /** Probability of the class malignant, by which cases are ranked. */
  readonly score: number;
}

/** A network on the cases of a level. */
export interface LevelModel extends MeasuredModel {
  readonly model: string;
  readonly role: 'member' | 'single';
  readonly scores: readonly number[];
  /** Whether a case is called positive, one a case. */
  readonly called: readonly boolean[];
}

/** A level, or a task of table 4, with the networks that judge at it. */
export interface LevelMetrics<Name extends string = Level> {
  readonly level: Name;
  /** One a case. */
  readonly positive: readonly boolean[];
  readonly patientIds: readonly string[];
  /** The patients, where some have several cases. */
  readonly clusters?: readonly string[] | undefined;
  /** The detector first. */
  readonly models: readonly LevelModel[];
  /** What could not be judged: films that do not say which breast they show, lesions that no box overlaps. */
  readonly leftOut: number;
}

/** A film with what a network says of it. */
export interface JudgedFilm {
  readonly film: Film;
  readonly decision: Decision;
}

/** A breast with what follows from its views. */
export interface JudgedBreast {
  readonly patientId: string;
  readonly laterality: Laterality;
  readonly views: readonly JudgedFilm[];
  readonly malignant: boolean;
  readonly decision: Decision;
}

/** Films by breast, in the order of their first view; those without a laterality are in none. */
export function judgeBreasts(
  films: readonly JudgedFilm[],
  { malignantProbability }: Pick<Recipe, 'malignantProbability'>,
): JudgedBreast[] {
  const known = films.filter(({ film }) => film.laterality !== undefined);
  const breasts = Map.groupBy(known, ({ film }) => JSON.stringify([film.patientId, film.laterality]));
  return [...breasts.values()].map((views) => {
    const { patientId, laterality } = (views[0] as JudgedFilm).film;
    const own = views.map(({ film, decision }) => ({
      ...decision,
      patient: film.patientId,
      laterality: film.laterality as Laterality,
    }));
    return {
      patientId,
      laterality: laterality as Laterality,
      views,
      malignant: views.some(({ film }) => film.malignant),
      decision: breastDecision(own, malignantProbability),
    };
  });
}

const caseOf = (patientId: string, malignant: boolean, { status, probabilityMalignant }: Decision): LevelCase => ({
  patientId,
  positive: malignant,
  called: status === 'malignant',
  score: probabilityMalignant,
});

/** Films as cases. */
export const imageCases = (films: readonly JudgedFilm[]): LevelCase[] =>
  films.map(({ film, decision }) => caseOf(film.patientId, film.malignant, decision));

/** Breasts as cases. */
export const breastCases = (breasts: readonly JudgedBreast[]): LevelCase[] =>
  breasts.map(({ patientId, malignant, decision }) => caseOf(patientId, malignant, decision));

/** Patches of a task as cases, its second class positive. */
export const patchCases = (
  member: SppnetMember,
  rows: readonly ManifestRow[],
  scores: readonly number[],
): LevelCase[] =>
  classesOf(member, rows).map((index, i) => {
    const score = scores[i] as number;
    return { patientId: (rows[i] as ManifestRow).patientId, positive: index === 1, called: score > ONE_HALF, score };
  });

/** Lesions that a box overlaps as cases, and how many none does. */
export function lesionCases(
  films: readonly {
    readonly film: Pick<Film, 'patientId'>;
    readonly lesions: readonly TrueLesion[];
    readonly boxes: readonly Detected[];
  }[],
): { readonly cases: LevelCase[]; readonly unmatched: number } {
  const matched = films.flatMap(({ film, lesions, boxes }) =>
    matchLesions(lesions, boxes).map((match) => ({ film, match, label: lesions[match.lesion]?.label })),
  );
  const cases = matched.flatMap(({ film, match: { status, probabilityMalignant }, label }): LevelCase[] =>
    status === undefined || probabilityMalignant === undefined
      ? []
      : [
          {
            patientId: film.patientId,
            positive: label === 'malignant',
            called: status === 'malignant',
            score: probabilityMalignant,
          },
        ],
  );
  return { cases, unmatched: matched.length - cases.length };
}

/** Cases of a level as each network judges them, the same and in the same order. */
export interface JudgedLevel<Name extends string> {
  readonly level: Name;
  readonly models: ReadonlyMap<string, readonly LevelCase[]>;
  readonly leftOut: number;
  /** From which score on a network calls a case, as far as that is one number; 'test': the best one of these cases calls them, not the rules. */
  readonly cutoff: 'test' | ((model: string) => number);
  readonly seed: number;
}

/** The figures of a level; undefined with fewer than two patients with malignant cases, or with others. */
export function measureLevel<Name extends string>({
  level,
  models,
  leftOut,
  cutoff: chosen,
  seed,
}: JudgedLevel<Name>): LevelMetrics<Name> | undefined {
  const [cases = []] = models.values();
  const positive = cases.map((each) => each.positive);
  const patients = (isPositive: boolean) =>
    new Set(cases.filter((each) => each.positive === isPositive).map(({ patientId }) => patientId)).size;
  if (Math.min(patients(true), patients(false)) < 2) return undefined;
  const clusters = patientClusters(cases);
  return {
    ...{ level, positive, clusters, leftOut },
    patientIds: cases.map(({ patientId }) => patientId),
    models: [...models].map(([model, own]) => {
      const scores = own.map(({ score }) => score);
      const cutoff = chosen === 'test' ? cutoffOf(own) : chosen(model);
      const called = own.map((each) => (chosen === 'test' ? each.score >= cutoff : each.called));
      return {
        ...{ model, scores, called, cutoff, role: models.size > 1 ? 'member' : 'single' },
        ...calledModel(scores, called, positive, { clusters, seed }),
      };
    }),
  };
}

/** Precision, sensitivity and F1 score of one class; null where undefined. */
export interface ClassFigures {
  readonly precision: number | null;
  readonly sensitivity: number | null;
  readonly f1: number | null;
}

/** Section 2.8, of each class in turn, as "the classification report function in scikit-learn" has it: the columns of table 2. */
export function classFigures({
  tp,
  fp,
  fn,
  tn,
}: Pick<DecisionFigures, 'tp' | 'fp' | 'fn' | 'tn'>): Readonly<Record<LesionClass, ClassFigures>> {
  const share = (part: number, whole: number) => (whole === 0 ? null : part / whole);
  const of = (right: number, wrong: number, missed: number): ClassFigures => ({
    precision: share(right, right + wrong),
    sensitivity: share(right, right + missed),
    f1: share(2 * right, 2 * right + wrong + missed),
  });
  return { benign: of(tn, fn, fp), malignant: of(tp, fp, fn) };
}
