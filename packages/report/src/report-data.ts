/**
 * What a report shows, as plain data that survives JSON. Everything that a run may lack is optional, and its section
 * then says that it is missing. Proportions are fractions of 1 (the report prints percent).
 */
export type ReportData = {
  readonly title: string;
  /** The published system that was trained. `doi` without prefix, for example 10.1038/s41598-021-03516-0. */
  readonly system: { readonly name: string; readonly citation: string; readonly doi?: string };
  /** When the report was made, as text (a caller who wants the same bytes leaves it out). */
  readonly date?: string;
  readonly notes?: readonly Note[];
  /** Class names, negative first; all but the first count as positive in the two-class measures. */
  readonly classes: readonly string[];
  readonly performance?: Performance;
  readonly roc?: readonly RocCurve[];
  readonly scores?: readonly ScoreDistribution[];
  readonly confusion?: readonly ConfusionMatrix[];
  readonly gallery?: Gallery;
  readonly training?: readonly TrainingHistory[];
  readonly splits?: readonly Split[];
  readonly exclusions?: readonly Exclusion[];
  readonly recipe?: readonly RecipeValue[];
  readonly deviations?: readonly Deviation[];
  readonly provenance?: Provenance;
};

/** A remark on the whole run; a warning is a reason to doubt a number. */
export type Note = { readonly kind: 'note' | 'warning'; readonly text: string };

/** A number with its confidence interval; `value` null where it is undefined (0/0), with the reason where it is known. */
export type Estimate = {
  readonly value: number | null;
  readonly interval?: readonly [number, number] | null;
  readonly numerator?: number;
  readonly denominator?: number;
  readonly undefinedReason?: string;
};

/** An image is called positive when its score is > (or ≥) `value`; `rule` says how and on which images it was chosen. */
export type Cutoff = { readonly value: number; readonly comparison?: '>' | '≥'; readonly rule?: string };

/** The measures of a row of the performance table. */
export type MeasureName = 'auc' | 'sensitivity' | 'specificity' | 'accuracy' | 'ppv' | 'npv' | 'f1';

/** One model on one data set. The first ensemble (otherwise the first row) is the report's headline. */
export type ModelPerformance = {
  readonly model: string;
  readonly role?: 'member' | 'ensemble' | 'single';
  /** The data set and split that it was measured on, for example 'test split'. */
  readonly dataset: string;
  readonly images: number;
  readonly patients?: number;
  readonly cutoff?: Cutoff;
} & { readonly [name in MeasureName]?: Estimate };

/** The performance table; `intervals` names level and methods, `pValues` the overall comparison of the models. */
export type Performance = {
  readonly models: readonly ModelPerformance[];
  readonly intervals?: string;
  readonly pValues?: { readonly test: string } & { readonly [name in MeasureName]?: number };
};

/** A ROC curve from (0, 0) to (1, 1), and a pointwise interval of sensitivity on a grid of false-positive fractions. */
export type RocCurve = {
  readonly model: string;
  readonly role?: 'member' | 'ensemble' | 'single';
  readonly dataset?: string;
  readonly points: readonly { readonly fpr: number; readonly tpr: number }[];
  readonly auc?: Estimate;
  readonly band?: {
    readonly fpr: readonly number[];
    readonly lower: readonly number[];
    readonly upper: readonly number[];
    /** For example '95 % interval, 1000 bootstrap replicas of patients'. */
    readonly description?: string;
  };
  readonly operatingPoint?: { readonly fpr: number; readonly tpr: number; readonly cutoff?: Cutoff };
};

/** The raw scores of every image by reference class; the report makes the histogram. */
export type ScoreDistribution = {
  readonly model: string;
  readonly dataset?: string;
  readonly cutoff?: Cutoff;
  readonly classes: readonly { readonly label: string; readonly scores: readonly number[] }[];
};

/** counts[reference][predicted], both in the order of `classes`. */
export type ConfusionMatrix = {
  readonly model: string;
  readonly dataset?: string;
  readonly cutoff?: Cutoff;
  readonly classes: readonly string[];
  readonly counts: readonly (readonly number[])[];
};

/** How a case of the gallery was read against its reference. */
export type CaseKind = 'true positive' | 'false negative' | 'true negative' | 'false positive';

/** An image and its heat map; both images as data: URIs (PNG, JPEG, WebP, GIF or SVG). */
export type GalleryCase = {
  readonly imageDataUri: string;
  readonly overlayDataUri: string;
  readonly patientId: string;
  readonly path: string;
  readonly label: string;
  readonly score: number;
  readonly kind: CaseKind;
  readonly note?: string;
};

/** Heat maps of one model. `colours`: #rrggbb from least to most activated (jet by default). */
export type Gallery = {
  readonly method?: string;
  readonly model?: string;
  readonly layer?: string;
  readonly cutoff?: Cutoff;
  readonly colours?: readonly string[];
  readonly cases: readonly GalleryCase[];
};

/** One epoch; null where a value was not finite (JSON has no NaN). */
export type Epoch = {
  readonly epoch: number;
  readonly trainLoss?: number | null;
  readonly valLoss?: number | null;
  readonly valAuc?: number | null;
  readonly learningRate?: number | null;
};

/** The training of one model; `selection` says by what the best epoch was chosen. */
export type TrainingHistory = {
  readonly model: string;
  readonly epochs: readonly Epoch[];
  readonly bestEpoch?: number;
  readonly earlyStopEpoch?: number;
  readonly selection?: string;
};

/** Images and patients of a split. A patient may have images of several classes, so `patients` is no sum. */
export type Split = {
  readonly split: string;
  readonly patients: number;
  readonly images: number;
  readonly classes: readonly { readonly label: string; readonly patients: number; readonly images: number }[];
};

/** An image or row that was left out. */
export type Exclusion = { readonly reason: string; readonly path: string; readonly patientId?: string };

/** A value of the recipe and the sentence of the paper that it comes from. */
export type RecipeValue = { readonly name: string; readonly value: string; readonly sentence?: string };

/** Where this run departs from the paper. */
export type Deviation = {
  readonly name: string;
  readonly paper: string;
  readonly here: string;
  readonly reason?: string;
};

/** What is needed to repeat the run. */
export type Provenance = {
  readonly command?: string;
  readonly seed?: number;
  readonly device?: string;
  readonly started?: string;
  readonly durationSeconds?: number;
  readonly versions?: readonly { readonly name: string; readonly version: string }[];
  /** SHA-256 of manifest, weights and the like. */
  readonly hashes?: readonly { readonly name: string; readonly sha256: string }[];
  /** Which lowering ran for which shape: equal hashes, equal arithmetic. */
  readonly loweringsHash?: string;
};
