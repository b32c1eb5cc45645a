/** Every two models, and all at once, in each measure of the performance table: the tests of Kang 2021, "Data and statistical analysis". */
import {
  delongOverall,
  delongPaired,
  type GeeMeasure,
  geeComparison,
  holm,
  type Interval,
  type ModelCalls,
  StatsError,
} from '@mammoscope/stats';

/** The AUC by DeLong's tests, the others by generalised estimating equations. */
export const COMPARED_MEASURES = ['auc', 'sensitivity', 'specificity', 'accuracy', 'ppv', 'npv'] as const;
export type ComparedMeasure = (typeof COMPARED_MEASURES)[number];

/** A test that all models are equal: Wald's, or DeLong's. */
export interface OverallTest {
  readonly chiSquare: number;
  readonly degreesOfFreedom: number;
  readonly p: number;
}

/** A measure of the first model less that of the second. */
export interface MeasureDifference {
  readonly difference: number;
  readonly interval: Interval;
  readonly p: number;
  /** Adjusted for all pairs of models in this measure. */
  readonly pHolm: number;
}

/** Two models, by measure; without those that cannot be tested. */
export interface ModelPair {
  readonly a: string;
  readonly b: string;
  readonly measures: { readonly [measure in ComparedMeasure]?: MeasureDifference };
}

/** Models on the same cases compared. */
export interface ModelComparison {
  readonly overall: { readonly [measure in ComparedMeasure]?: OverallTest };
  /** Every two, in the order of the models. */
  readonly pairs: readonly ModelPair[];
}

/** What is compared: scores, and the decisions at a cut-off of each model's own. */
export interface ModelsCompared {
  readonly models: readonly { readonly model: string; readonly scores: readonly number[]; readonly cutoff: number }[];
  readonly positive: readonly boolean[];
  /** The patient of each case; cases are taken as independent where not given. */
  readonly clusters?: readonly string[] | undefined;
}

type Difference = Omit<MeasureDifference, 'pHolm'>;

/** One measure's tests of models by their numbers. */
interface Tests {
  readonly overall: (models: readonly number[]) => OverallTest;
  readonly pair: (a: number, b: number) => Difference;
}

/**
 * Compares two or more models. AUCs by DeLong's paired and overall tests, with clusters by Obuchowski's covariance; proportions
 * by generalised estimating equations under working independence, the patient as the cluster (each case where no clusters
 * are given), with a logit link, or the identity link where a model compared is always right or always wrong. A test that
 * the data do not allow (a model with nothing to count, a difference without variance, no more clusters than models) is left out.
 */
export function modelComparison(compared: ModelsCompared): ModelComparison {
  const { models } = compared;
  const all = [...models.keys()];
  const pairs = all.flatMap((a) => all.slice(a + 1).map((b) => [a, b] as const));
  const results = new Map(
    COMPARED_MEASURES.map((measure) => {
      const tests: Tests = measure === 'auc' ? aucTests(compared) : proportionTests(measure, compared);
      const found = pairs.map(([a, b]) => tested(() => tests.pair(a, b)));
      const { adjusted } = holm(found.flatMap((pair) => (pair ? [pair.p] : [])));
      let next = 0;
      const differences = found.map((pair) => pair && { ...pair, pHolm: adjusted[next++] as number });
      return [measure, { overall: tested(() => tests.overall(all)), differences }] as const;
    }),
  );
  const present = <T>(figureOf: (measure: ComparedMeasure) => T | undefined) =>
    Object.fromEntries(
      COMPARED_MEASURES.flatMap((measure) => {
        const value = figureOf(measure);
        return value === undefined ? [] : [[measure, value]];
      }),
    );
  return {
    overall: present((measure) => results.get(measure)?.overall),
    pairs: pairs.map(([a, b], i) => ({
      a: models[a]?.model as string,
      b: models[b]?.model as string,
      measures: present((measure) => results.get(measure)?.differences[i]),
    })),
  };
}

function aucTests({ models, positive, clusters }: ModelsCompared): Tests {
  const options = clusters ? { clusters } : {};
  const scoresOf = (model: number) => models[model]?.scores as readonly number[];
  return {
    overall: (chosen) => {
      const { chiSquare, degreesOfFreedom, p } = delongOverall(chosen.map(scoresOf), positive, options);
      return { chiSquare, degreesOfFreedom, p };
    },
    pair: (a, b) => {
      const { difference, interval, p } = delongPaired(scoresOf(a), scoresOf(b), positive, options);
      return { difference, interval, p };
    },
  };
}

function proportionTests(measure: GeeMeasure, { models, positive, clusters }: ModelsCompared): Tests {
  const calls = models.map(
    ({ model, scores, cutoff }): ModelCalls => ({ name: model, calls: scores.map((score) => score >= cutoff) }),
  );
  const cases = clusters ?? positive.map((_, i) => i);
  const compare = (chosen: readonly number[]) => {
    const compared = chosen.map((model) => calls[model] as ModelCalls);
    const fit = (link: 'logit' | 'identity') => geeComparison(compared, positive, cases, measure, { link });
    return separated(() => fit('logit')) ?? fit('identity');
  };
  return {
    overall: (chosen) => compare(chosen).overall,
    pair: (a, b) => {
      const { pairs } = compare([a, b]);
      const [{ difference, interval, p }] = pairs as [(typeof pairs)[number]];
      return { difference, interval, p };
    },
  };
}

/** Codes of what the data do not allow; stats/argument is what equations with no more clusters than models throw. */
const UNTESTABLE = new Set(['stats/variance', 'stats/classes', 'stats/convergence', 'stats/argument']);

const unless = <T>(isExpected: (error: StatsError) => boolean, test: () => T): T | undefined => {
  try {
    return test();
  } catch (error) {
    if (error instanceof StatsError && isExpected(error)) return undefined;
    throw error;
  }
};

const tested = <T>(test: () => T) => unless(({ code }) => UNTESTABLE.has(code), test);
const separated = <T>(test: () => T) => unless(({ code }) => code === 'stats/separation', test);
