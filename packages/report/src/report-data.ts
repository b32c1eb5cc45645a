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
  readonly precisionRecall?: readonly PrecisionRecallCurve[];
  readonly comparisons?: readonly AucComparison[];
  readonly pairwise?: readonly PairwiseComparison[];
  readonly calibration?: readonly Calibration[];
  readonly decision?: readonly DecisionCurve[];
  readonly froc?: readonly FrocCurve[];
  readonly subgroups?: readonly SubgroupAnalysis[];
  readonly operatingPoints?: readonly OperatingPointTable[];
  readonly tables?: readonly FigureTable[];
  readonly saliency?: readonly SaliencyExample[];
  readonly flow?: Flow;
  readonly methods?: Methods;
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

/** What a report counts as one: an image where not given. */
export type Case = 'image' | 'view' | 'breast' | 'lesion' | 'pair';

/** One model on one data set. The first ensemble (otherwise the first row) is the report's headline. */
export type ModelPerformance = {
  readonly model: string;
  readonly role?: 'member' | 'ensemble' | 'single';
  /** The data set and split that it was measured on, for example 'test split'. */
  readonly dataset: string;
  /** Number of cases. */
  readonly images: number;
  readonly case?: Case;
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
  /** Cases of either class, for the axes. */
  readonly positives?: number;
  readonly negatives?: number;
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

/** Precision (PPV) against recall (sensitivity), in the order of ascending recall, and an interval on a grid of recalls. */
export type PrecisionRecallCurve = {
  readonly model: string;
  readonly role?: 'member' | 'ensemble' | 'single';
  readonly dataset?: string;
  readonly positives?: number;
  readonly negatives?: number;
  readonly points: readonly { readonly recall: number; readonly precision: number }[];
  readonly averagePrecision?: Estimate;
  readonly band?: {
    readonly recall: readonly number[];
    readonly lower: readonly number[];
    readonly upper: readonly number[];
    readonly description?: string;
  };
};

/** Differences of AUCs of models on the same cases: each pair, and all at once. `test` names the method. */
export type AucComparison = {
  readonly dataset?: string;
  readonly test: string;
  readonly pairs: readonly {
    readonly first: string;
    readonly second: string;
    /** AUC of the first less AUC of the second, from -1 to 1. */
    readonly difference: number;
    readonly interval?: readonly [number, number] | null;
    readonly p: number;
    readonly adjustedP?: number;
  }[];
  /** For example 'Holm'. */
  readonly adjustment?: string;
  /** How many p values were adjusted together, where more than are shown. */
  readonly adjustedPairs?: number;
  readonly overall?: { readonly chiSquare: number; readonly degreesOfFreedom: number; readonly p: number };
};

/** Every two models of a data set, in each measure of the performance table that can be tested. `test` names the methods. */
export type PairwiseComparison = {
  readonly dataset?: string;
  readonly test: string;
  /** Of the p values of a measure, for example 'Holm'. */
  readonly adjustment?: string;
  readonly pairs: readonly PairDifference[];
};

/** The first model's value less the second's, from -1 to 1, by measure. */
export type PairDifference = { readonly first: string; readonly second: string } & {
  readonly [name in MeasureName]?: {
    readonly difference: number;
    readonly interval?: readonly [number, number] | null;
    readonly p: number;
    readonly adjustedP?: number;
  };
};

/** A reliability diagram: before and after recalibration as two curves, each with its own bins. */
export type Calibration = {
  readonly model: string;
  readonly dataset?: string;
  readonly curves: readonly {
    /** For example 'as trained', 'after Platt scaling on the validation images'. */
    readonly name: string;
    readonly bins: readonly {
      readonly lower: number;
      readonly upper: number;
      readonly count: number;
      /** Mean predicted probability. */
      readonly predicted: number;
      /** Share of positives. */
      readonly observed: Estimate;
    }[];
    readonly brier?: number;
    readonly expectedError?: number;
  }[];
};

/** Net benefit of models over threshold probabilities, beside treating all and none (Vickers and Elkin 2006). */
export type DecisionCurve = {
  readonly dataset?: string;
  readonly cases: number;
  readonly prevalence: number;
  readonly models: readonly {
    readonly model: string;
    readonly role?: 'member' | 'ensemble' | 'single';
    readonly points: readonly { readonly threshold: number; readonly netBenefit: number }[];
  }[];
  readonly all: readonly { readonly threshold: number; readonly netBenefit: number }[];
  /** What is decided on, for example 'biopsy'. */
  readonly action?: string;
};

/** A free-response ROC curve from (0, 0) on, joined by straight lines; `unit` is what false positives are counted in. */
export type FrocCurve = {
  readonly model: string;
  readonly role?: 'member' | 'ensemble' | 'single';
  readonly dataset?: string;
  readonly unit: 'image' | 'volume' | 'case';
  readonly units: number;
  readonly lesions: number;
  readonly points: readonly { readonly falsePositives: number; readonly sensitivity: number }[];
  readonly band?: {
    readonly falsePositives: readonly number[];
    readonly lower: readonly number[];
    readonly upper: readonly number[];
    readonly description?: string;
  };
  /** Marked on the curve, for example at 1, 2, 3 and 4 false positives a volume. */
  readonly marked?: readonly { readonly falsePositives: number; readonly sensitivity: number }[];
  /** What counts as a hit. */
  readonly hitRule?: string;
};

/** One measure in subgroups, for a forest plot; `overall` is drawn last. */
export type SubgroupAnalysis = {
  readonly model: string;
  readonly dataset?: string;
  readonly measure: MeasureName;
  readonly overall?: SubgroupRow;
  readonly groups: readonly { readonly name: string; readonly rows: readonly SubgroupRow[] }[];
};

/** A subgroup: `positives` of `cases`. */
export type SubgroupRow = {
  readonly label: string;
  readonly cases: number;
  readonly positives?: number;
  readonly estimate: Estimate;
};

/** The 2 x 2 table of a model at one operating point, with what follows from it. */
export type OperatingPointTable = {
  readonly model: string;
  readonly dataset?: string;
  /** By what rule the cut-off was chosen, for example 'specificity of 90 % on the validation images'. */
  readonly name: string;
  readonly cutoff?: Cutoff;
  readonly tp: number;
  readonly fp: number;
  readonly fn: number;
  readonly tn: number;
} & { readonly [name in Exclude<MeasureName, 'auc'>]?: Estimate };

/** A figure of a table, with its interval, or with the standard deviation over what it is the mean of. */
export type TableFigure = Estimate & { readonly deviation?: number };

/** Columns of figures as a paper lays them out: in a cell what was found here, what was published, or both. */
export type FigureTable = {
  /** 'Table II' */
  readonly number: string;
  readonly caption: string;
  readonly columns: readonly string[];
  readonly rows: readonly {
    readonly label: string;
    /** Of how many cases, or which of the models. */
    readonly detail?: string;
    /** One a column; an empty one where there is nothing to print. */
    readonly cells: readonly { readonly here?: TableFigure; readonly published?: TableFigure }[];
  }[];
  readonly remark?: string;
  /** Cells are counts; fractions of 1 unless it says. */
  readonly unit?: 'count';
};

/** A picture with what it shows; a data: URI. */
export type Panel = { readonly caption: string; readonly dataUri: string };

/** The slices of a volume one above the other in one picture, to be scrolled through or played. */
export type Film = {
  readonly slices: number;
  /** Of one slice's part of the picture. */
  readonly widthPx: number;
  readonly heightPx: number;
  readonly dataUri: string;
  /** What is side by side in a slice's part, of equal widths. */
  readonly columns: readonly string[];
  /** Slices worth a look, counted from 1, the first above all, each with its reason. */
  readonly marked: readonly { readonly slice: number; readonly reason: string }[];
};

/** What a network made of a breast: for each image the same panels, and for a volume its film. */
export type SaliencyExample = {
  readonly title: string;
  readonly text?: string;
  readonly rows: readonly { readonly name: string; readonly panels: readonly Panel[]; readonly film?: Film }[];
};

/** How many of one stage of a flow of participants. */
export type FlowCount = { readonly images: number; readonly patients?: number };

/** A stage of inclusions: what is left, after those who were left out before it, with reasons. */
export type FlowStage = FlowCount & {
  readonly name: string;
  readonly excluded?: readonly (FlowCount & { readonly reason: string })[];
};

/** Flow of participants (STARD 2015, item 19): stages from top to bottom, then the parts that the last one is split into. */
export type Flow = {
  readonly stages: readonly FlowStage[];
  readonly parts?: readonly (FlowCount & { readonly name: string; readonly detail?: readonly string[] })[];
};

/** A methods section in the words of the field: what was computed, by which method, ready for a paper. */
export type Methods = {
  readonly paragraphs: readonly { readonly heading: string; readonly text: string }[];
  /** Works that the paragraphs name. */
  readonly references?: readonly string[];
};

/** The raw scores of every case by reference class; the report makes the histogram. */
export type ScoreDistribution = {
  readonly model: string;
  readonly case?: Case;
  readonly dataset?: string;
  readonly cutoff?: Cutoff;
  readonly classes: readonly { readonly label: string; readonly scores: readonly number[] }[];
};

/** counts[reference][predicted], both in the order of `classes`. */
export type ConfusionMatrix = {
  readonly model: string;
  readonly case?: Case;
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
