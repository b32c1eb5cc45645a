/** What every system of the registry does, and what it is given. */
import type { Manifest } from '@mammoscope/imaging';
import type { Engine, FitEvents } from '@mammoscope/runtime';
import type { DelongAuc } from '@mammoscope/stats';
import type { WeightsFiles } from './classifier/starting-weights.ts';
import type { DecisionFigures } from './reader-study/case-proportion.ts';
import type { SubgroupColumn } from './reader-study/study.ts';
import type { Reproduction } from './reproduce/reproduction.ts';
import type { OnProgress } from './run/progress.ts';
import type { RunRecord } from './run/run-record.ts';

/** A run to be made. */
export interface TrainRequest {
  readonly engine: Engine;
  readonly manifest: Manifest;
  readonly out: string;
  readonly seed: number;
  /** Canonical: without folders. */
  readonly command: string;
  readonly resume: boolean;
  /** Members to be trained now, the others later: of a run that is begun this trains some, none begins it. All unless given. */
  readonly only?: readonly string[];
  /** Files to start from, by network. */
  readonly weights: WeightsFiles;
  readonly signal?: AbortSignal;
  readonly events?: TrainEvents;
}

/** What happens in a run, for a progress display. */
export interface TrainEvents {
  readonly onMember?: (
    member: string,
    info: {
      readonly train: number;
      readonly val: number;
      readonly test: number;
      readonly batch: number;
      readonly batches: number;
      readonly epochs: number;
    },
  ) => void;
  readonly onTiming?: (done: number, total: number) => void;
  readonly onNote?: (note: string) => void;
  readonly fit?: FitEvents;
}

/** An evaluation to be made, whose results go into `out`. */
export interface EvaluateRequest {
  readonly engine: Engine;
  readonly run: string;
  readonly manifest: Manifest;
  readonly out: string;
  readonly cutoffFrom: 'validation' | 'test';
  /** Columns of the manifest by which subgroups are measured; none where not given. */
  readonly by?: readonly SubgroupColumn[];
  /** The member whose heat maps the report shows, of a system that `explains`; its own choice unless given. */
  readonly explain?: string | undefined;
  readonly onImages?: (model: string, images: number) => void;
}

/** One model's figures on the images evaluated. */
export interface ModelFigures {
  readonly model: string;
  readonly auc: DelongAuc;
  readonly atCutoff: DecisionFigures;
  /** Infinity where none beats chance. */
  readonly cutoff: number;
}

/** What an evaluation came to; the rest is in the files that it wrote. */
export interface EvaluationSummary {
  readonly models: readonly ModelFigures[];
  /** The images, or pairs of them, evaluated. */
  readonly rows: readonly { readonly patientId: string }[];
  /** What these are; images unless it says. */
  readonly cases?: string;
  /** In words: 'test split', or the name of another manifest. */
  readonly dataset: string;
  /** metrics.json */
  readonly metrics: object;
}

/** Images to be scored by a run, whose results go into `out`. */
export interface PredictRequest {
  readonly engine: Engine;
  readonly run: string;
  /** As the user named them. */
  readonly files: readonly string[];
  readonly out: string;
  /** Told as parts of the work are done, which are what a system goes by: images, lesions, pairs or films, by each of its networks. */
  readonly onProgress?: OnProgress | undefined;
}

/** Scores of images; a system adds what else it found. */
export interface PredictionSummary {
  readonly classes: readonly string[];
  /** Called positive from this score on; null where no cut-off beats chance on the validation images: none is. */
  readonly cutoff: number | null;
  /** How a class is called, where that is not by the cut-off; in words. */
  readonly rule?: string;
  readonly predictions: readonly { readonly path: string; readonly score: number; readonly decision: string }[];
}

/** A paper's system. Every function throws SystemError, and what its images and weights throw, for wrong input. */
export interface System {
  readonly name: string;
  /** Names of its sets of values. */
  readonly presets: readonly string[];
  /** Keys of --set. */
  readonly settings: readonly string[];
  /** A preset with settings "key=value" applied, checked before anything is read; what it gives trains a run with them. */
  readonly plan: (preset: string, settings: readonly string[]) => (request: TrainRequest) => Promise<RunRecord>;
  readonly evaluate: (request: EvaluateRequest) => Promise<EvaluationSummary>;
  /** Whether its reports have heat maps of a member that can be chosen. */
  readonly explains?: boolean;
  readonly predict: (request: PredictRequest) => Promise<PredictionSummary>;
  /**
   * Of a system that can do without some of its networks: writes down that one's process broke off, and why. False for a network that it
   * cannot do without.
   */
  readonly recordFailure?: (run: string, member: string, reason: string) => Promise<boolean>;
  /** The paper's comparison, where it is written down. */
  readonly reproduction?: Reproduction;
}
