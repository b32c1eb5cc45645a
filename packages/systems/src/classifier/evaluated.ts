/** Models evaluated on cases, as the analyses of a report take them. */
import type { Labels, Scores } from '@mammoscope/stats';
import type { SubgroupsOfColumn } from '../reader-study/study.ts';
import type { ModelComparison } from './model-comparison.ts';

/** A model's scores on the images evaluated and, for what is chosen or fitted, on the validation images. */
export interface ScoredModel {
  readonly model: string;
  readonly role: 'member' | 'ensemble' | 'single';
  readonly scores: readonly number[];
  readonly cutoff: number;
}

/** Scores of the headline model on the validation images. */
export interface ValidationScores {
  readonly scores: Scores;
  readonly positive: Labels;
}

/** The images evaluated and every model's scores on them; the headline model is the one that a report leads with. */
export interface Evaluated {
  readonly models: readonly ScoredModel[];
  readonly headline: ScoredModel;
  readonly positive: readonly boolean[];
  readonly dataset: string;
  readonly validation: ValidationScores;
  /** How the headline's cut-off was chosen, in words. */
  readonly cutoffRule: string;
  /** Of the random choices of a band. */
  readonly seed: number;
  /** Columns by which the headline is measured in subgroups. */
  readonly by?: readonly SubgroupsOfColumn[];
  /** What is counted; images where not given. */
  readonly cases?: string;
  /** The patient of each case, for intervals and tests by patient; cases are taken as independent where not given. */
  readonly clusters?: readonly string[] | undefined;
  /** Of the models; computed where not given. */
  readonly comparison?: ModelComparison | undefined;
}
