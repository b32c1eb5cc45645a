/** FROC analysis of findings in images or volumes. */
import { RandomStream } from '@mammoscope/random';
import {
  type BootstrapMethod,
  bootstrap,
  type Detection,
  dbtexHit,
  detectionAveragePrecision,
  type FrocPoint,
  froc,
  type HitRule,
  type Interval,
  type Lesion,
  overlapHit,
  resampledSensitivity,
  sensitivityAt,
  type Volume,
} from '@mammoscope/stats';
import { SystemError } from '../errors.ts';
import type { Findings } from './findings.ts';

/** When a detection finds a lesion. */
export type HitChoice = { readonly rule: 'dbtex' } | { readonly rule: 'iou'; readonly iou: number };

/** What is computed. */
export interface FreeResponseOptions {
  readonly hit: HitChoice;
  /** False positives a volume at which sensitivity is read; 1, 2, 3, 4 in DBTex. */
  readonly rates: readonly number[];
  readonly confidence: number;
  readonly seed: number;
  readonly replicates: number;
  readonly bootstrap: BootstrapMethod;
}

/** Sensitivity at a rate of false positives. */
export interface SensitivityAtRate {
  readonly falsePositives: number;
  readonly sensitivity: number;
  /** null with fewer than two units to draw. */
  readonly interval: Interval | null;
}

/** One FROC. */
export interface FrocFigures {
  readonly volumes: number;
  readonly lesions: number;
  readonly detections: number;
  readonly sensitivities: readonly SensitivityAtRate[];
  readonly meanSensitivity: number;
  readonly meanInterval: Interval | null;
  /** The first point is that of no mark; its threshold is null, for no finite one leaves none. */
  readonly points: readonly (Omit<FrocPoint, 'threshold'> & { readonly threshold: number | null })[];
}

/** The whole analysis. */
export interface FreeResponse {
  readonly files: Findings['files'];
  readonly hit: HitChoice;
  readonly confidence: number;
  readonly seed: number;
  readonly clusters: { readonly column: string; readonly count: number } | null;
  /** Volumes with lesions alone, by which the DBTex challenge ranks. */
  readonly positives: FrocFigures;
  readonly all: FrocFigures;
  /** COCO's, of boxes in plane at the overlap of the rule; null under the DBTex rule. */
  readonly averagePrecision: number | null;
  readonly subgroups: readonly {
    readonly by: string;
    readonly subgroup: string;
    readonly volumes: number;
    /** null where the subgroup has no lesion. */
    readonly figures: FrocFigures | null;
  }[];
  readonly notes: readonly string[];
}

/**
 * FROC analysis: sensitivity at rates of false positives a volume, over volumes with lesions and over all, with
 * intervals from a bootstrap of volumes, or of whole clusters of them. Throws SystemError 'option-invalid' for no rate
 * or one that is not above 0, StatsError without a lesion.
 */
export function freeResponse(findings: Findings, options: FreeResponseOptions): FreeResponse {
  const { detections, lesions, volumes, clusters } = findings;
  if (options.rates.length === 0 || options.rates.some((rate) => !(rate > 0)))
    throw new SystemError(
      'option-invalid',
      `rates of false positives a volume must be above 0, got ${options.rates.join(', ') || 'none'}: give such as 1,2,3,4`,
    );
  const hit = options.hit.rule === 'dbtex' ? dbtexHit : overlapHit(options.hit.iou);
  const diseased = new Set(lesions.map(({ volume }) => volume));
  const over = (keep: (volume: Volume) => boolean) => figuresOver(findings, keep, hit, options);
  return {
    files: findings.files,
    hit: options.hit,
    confidence: options.confidence,
    seed: options.seed,
    clusters: clusters ? { column: clusters.column, count: new Set(clusters.of.values()).size } : null,
    positives: over(({ id }) => diseased.has(id)),
    all: over(() => true),
    averagePrecision:
      options.hit.rule === 'iou'
        ? detectionAveragePrecision(detections, lesions, volumes, { iou: options.hit.iou }).value
        : null,
    subgroups: findings.by.flatMap(({ column, groups }) =>
      groups.map(({ name, rows }) => {
        const own = new Set(rows.map((row) => volumes[row]?.id));
        const some = lesions.some(({ volume }) => own.has(volume));
        const figures = some ? over(({ id }) => own.has(id)) : null;
        return { by: column, subgroup: name, volumes: rows.length, figures };
      }),
    ),
    notes: notesOf(findings, options),
  };
}

function figuresOver(
  findings: Findings,
  keep: (volume: Volume) => boolean,
  hit: HitRule,
  { rates, confidence: level, seed, replicates, bootstrap: method }: FreeResponseOptions,
): FrocFigures {
  const volumes = findings.volumes.filter(keep);
  const kept = new Set(volumes.map(({ id }) => id));
  const inside = ({ volume }: Detection | Lesion) => kept.has(volume);
  const [detections, lesions] = [findings.detections.filter(inside), findings.lesions.filter(inside)];
  const curve = froc(detections, lesions, volumes, { hit });
  const clusters = findings.clusters && volumes.map(({ id }) => findings.clusters?.of.get(id) as string);
  const enough = new Set(clusters ?? kept).size > 1;
  const intervalOf = (at: readonly number[]): Interval | null =>
    enough
      ? bootstrap(volumes.length, resampledSensitivity(detections, lesions, volumes, at, { hit }), {
          random: new RandomStream(seed, 'stats', 'froc'),
          replicates,
          level,
          method,
          ...(clusters && { clusters }),
        }).interval
      : null;
  const sensitivities = rates.map((rate) => ({
    falsePositives: rate,
    sensitivity: sensitivityAt(curve, rate),
    interval: intervalOf([rate]),
  }));
  return {
    volumes: volumes.length,
    lesions: lesions.length,
    detections: detections.length,
    sensitivities,
    meanSensitivity: sensitivities.reduce((sum, { sensitivity }) => sum + sensitivity, 0) / rates.length,
    meanInterval: intervalOf(rates),
    points: curve.points.map((point) => ({
      ...point,
      threshold: Number.isFinite(point.threshold) ? point.threshold : null,
    })),
  };
}

function notesOf({ clusters }: Findings, { hit, rates, replicates, bootstrap: method }: FreeResponseOptions): string[] {
  return [
    hit.rule === 'dbtex'
      ? "A mark finds a lesion when its centre lies within half the diagonal of the lesion's box or 100 px, whichever is more, and within a quarter of the volume's slices (DBTex; Buda et al. 2021)."
      : `A mark finds a lesion when their boxes overlap by an IoU of at least ${hit.iou} and its slice is one of the lesion's.`,
    `Sensitivity at ${rates.join(', ')} false positives a volume, on the straight line between operating points; second marks on a lesion count neither way.`,
    `Intervals: ${method} bootstrap, ${replicates} replicates of ${clusters ? `whole clusters (${clusters.column})` : 'volumes'}.`,
  ];
}
