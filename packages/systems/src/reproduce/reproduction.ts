/**
 * What a paper's comparison consists of, as its system tells it: runs to be trained and evaluated, and tables with what was
 * published. `reproduce` (reproduce.ts) makes the runs and fills the tables.
 */
import type { NetworkName } from '@mammoscope/nn';
import type { Case, Estimate, FigureTable, MeasureName } from '@mammoscope/report';

/** Women who stand in for patients where the user has none. */
export interface VirtualCohort {
  /** In words, for the report: 'phantom of 120 women, one cluster each, in two views'. */
  readonly description: string;
  /** Name of the manifest that the system reads. */
  readonly manifest: string;
  /** Draws it into a folder that may hold a part of it, the manifest after the images. */
  readonly write: (out: string, onPatient: (done: number, total: number) => void) => Promise<unknown>;
}

/** One training and evaluation, as `train` and `evaluate` make them. */
export interface PlannedRun {
  /** Of its folder within a repetition. */
  readonly name: string;
  /** "key=value", applied before those of the user. */
  readonly settings: readonly string[];
  /** Networks whose weights it reads, where runs differ in them; all that the user gives unless it says. */
  readonly networks?: readonly NetworkName[];
}

/** A model's scores on the cases of an evaluation, and its cut-off, Infinity where none beats chance. */
export interface ComparedModel {
  readonly scores: readonly number[];
  readonly cutoff: number;
  /** Which cases it calls positive, where that is by a rule and not by the cut-off. */
  readonly called?: readonly boolean[];
  /** A word that stands behind the model's name wherever it is shown: a key of the reproduction's remarks. */
  readonly remark?: string;
}

/** Models measured on the same cases. */
export interface ComparedCases {
  readonly case: Case;
  /** One a case, as are `positive` and the scores of every model. */
  readonly patients: readonly string[];
  readonly positive: readonly boolean[];
  readonly models: ReadonlyMap<string, ComparedModel>;
}

/** A model of a comparison; of several names the first that its run has. */
export interface ModelReference {
  readonly run: string;
  readonly models: readonly string[];
}

/** What a table published of a model. */
export type PublishedFigures = { readonly [name in MeasureName]?: Estimate };

/** A row of a table: a model as the paper names it, ours, and what was published of it. */
export interface PaperRow extends ModelReference {
  readonly label: string;
  readonly published: PublishedFigures;
}

/** A table of the paper. */
export interface PaperTable {
  /** 'Table 2' */
  readonly number: string;
  readonly caption: string;
  /** Which of the levels its cases are counted at. */
  readonly level: string;
  readonly rows: readonly PaperRow[];
  /** Levels whose ROC curves are drawn beside it; all unless given. */
  readonly curves?: readonly string[];
}

/** A claim of the paper: that the first model's AUC is above the second's. */
export interface PaperClaim {
  readonly text: string;
  readonly level: string;
  readonly first: ModelReference;
  readonly second: ModelReference;
}

/** Folders of a repetition's runs, by name. */
export interface EvaluatedRepetition {
  /** 'seed-0' or 'fold-0' */
  readonly name: string;
  readonly runs: Readonly<Record<string, string>>;
}

/** A paper's comparison. */
export interface Reproduction {
  readonly title: string;
  readonly citation: string;
  readonly doi: string;
  /** The cohort of a preset that is made where the user gives no data. */
  readonly cohort: (preset: string, seed: number) => VirtualCohort;
  readonly runs: (preset: string) => readonly PlannedRun[];
  /** What an evaluation wrote, read back: its cases by level, the first being that of the paper's tables. */
  readonly cases: (evaluation: string) => Promise<Readonly<Record<string, ComparedCases>>>;
  readonly tables: readonly PaperTable[];
  readonly claims: readonly PaperClaim[];
  /** Tables of another form than those above, from what the evaluations of all repetitions wrote; for `overlap` see meanEstimate. */
  readonly figureTables?: (
    repetitions: readonly EvaluatedRepetition[],
    overlap: number,
  ) => Promise<readonly FigureTable[]>;
  /** A member's file that is written last; its model.onnx unless it says. */
  readonly lastFile?: (member: string) => 'model' | 'validation' | 'history' | 'outcome';
  /** What the remarks of models mean, a sentence each for the top of the page, where a model has it. */
  readonly remarks?: Readonly<Record<string, string>>;
}
