/** The part of metrics.json that tables are made of, of one evaluation or the mean of several. */
import { readFile } from 'node:fs/promises';
import type { Estimate } from '@mammoscope/report';
import * as z from 'zod';
import { meanEstimate } from '../reproduce/figures.ts';
import { runFiles } from '../run/run-record.ts';
import type { MeasuredScores } from './measures.ts';
import { ARCHITECTURES, type Architecture, FINDINGS, type Finding, PARK_MODALITIES } from './scored-cases.ts';
import type { SegmentationFigures } from './segmentation.ts';
import { publishedKey, type TabledUnits } from './tables.ts';

const estimate = z.object({
  value: z.number().nullable(),
  interval: z.tuple([z.number(), z.number()]).nullable().optional(),
  undefinedReason: z.string().optional(),
});
const measured = z.object({
  ...{ auc: estimate, specificity: estimate, mcc: estimate },
  ...{ cases: z.number(), positives: z.number(), sensitivity: z.number().nullable() },
});
const perFinding = z.object({ benign: measured, malignant: measured });
const units = z.object({
  modalities: z.array(z.enum(PARK_MODALITIES)),
  architectures: z.object({ full: perFinding, global: perFinding, local: perFinding }),
});
const ofMembers = z.object({ mean: z.number(), deviation: z.number().nullable() });
const overlap = z.object({ dsc: z.number(), pxap: z.number() });
const segmentation = z.object({
  ...{ modality: z.enum(PARK_MODALITIES), finding: z.enum(FINDINGS), images: z.number() },
  members: z.object({ dsc: ofMembers, pxap: ofMembers }),
  ...{ ensemble: overlap, baseline: overlap, gain: estimate },
});
const metrics = z.object({
  breastWise: z.array(units),
  imageWise: z.array(units),
  segmentation: z.array(segmentation),
});

/** What tables II to VII are made of. */
export interface TabledMetrics {
  readonly breasts: readonly TabledUnits[];
  readonly images: readonly TabledUnits[];
  readonly segmentation: readonly SegmentationFigures[];
}

/** Those of an evaluation, from the folder that it wrote. */
export async function readTabledMetrics(evaluation: string): Promise<TabledMetrics> {
  const { breastWise, imageWise, ...rest } = metrics.parse(
    JSON.parse(await readFile(runFiles(evaluation).metrics, 'utf8')),
  );
  const tabled = (own: z.infer<typeof units>): TabledUnits => ({
    modalities: own.modalities,
    measured: own.architectures as TabledUnits['measured'],
  });
  return {
    breasts: breastWise.map(tabled),
    images: imageWise.map(tabled),
    segmentation: rest.segmentation as readonly SegmentationFigures[],
  };
}

/** The means of several repetitions, of what all of them have, with Student's intervals; of one repetition its own. For `overlap` see meanEstimate. */
export function meanMetrics(all: readonly TabledMetrics[], overlap: number): TabledMetrics {
  const [first] = all as [TabledMetrics, ...TabledMetrics[]];
  if (all.length === 1) return first;
  const merged = (of: (metrics: TabledMetrics) => readonly TabledUnits[]) =>
    of(first).flatMap((own) => {
      const same = all.flatMap(
        (each) => of(each).find(({ modalities }) => publishedKey(modalities) === publishedKey(own.modalities)) ?? [],
      );
      return same.length === all.length ? [meanUnits(same, overlap)] : [];
    });
  return {
    breasts: merged(({ breasts }) => breasts),
    images: merged(({ images }) => images),
    segmentation: first.segmentation.flatMap((own) => {
      const same = all.flatMap(
        (each) => each.segmentation.find((s) => s.modality === own.modality && s.finding === own.finding) ?? [],
      );
      return same.length === all.length ? [meanSegmentation(same, overlap)] : [];
    }),
  };
}

/** A mean of figures from -1 to 1, which meanEstimate would cut to fractions. */
function meanSigned(all: readonly Estimate[], overlap: number): Estimate {
  const halves = all.map(({ value }) => (value === null ? null : (value + 1) / 2));
  const { value, interval } = meanEstimate(halves, overlap);
  return {
    value: value === null ? null : 2 * value - 1,
    ...(interval ? { interval: [2 * interval[0] - 1, 2 * interval[1] - 1] as const } : {}),
  };
}

function meanUnits(all: readonly TabledUnits[], overlap: number): TabledUnits {
  const [{ modalities }] = all as [TabledUnits];
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const mean = (architecture: Architecture, finding: Finding): MeasuredScores => {
    const each = all.map(({ measured: own }) => own[architecture][finding]);
    return {
      auc: meanSigned(
        each.map((own) => own.auc),
        overlap,
      ),
      specificity: meanSigned(
        each.map((own) => own.specificity),
        overlap,
      ),
      mcc: meanSigned(
        each.map((own) => own.mcc),
        overlap,
      ),
      cases: sum(each.map(({ cases }) => cases)),
      positives: sum(each.map(({ positives }) => positives)),
      sensitivity: null,
    };
  };
  const both = (architecture: Architecture) =>
    Object.fromEntries(FINDINGS.map((finding) => [finding, mean(architecture, finding)]));
  const all_ = Object.fromEntries(ARCHITECTURES.map((architecture) => [architecture, both(architecture)]));
  return { modalities, measured: all_ as TabledUnits['measured'] };
}

function meanSegmentation(all: readonly SegmentationFigures[], overlap: number): SegmentationFigures {
  const [first] = all as [SegmentationFigures];
  const mean = (of: (figures: SegmentationFigures) => number) =>
    all.reduce((sum, each) => sum + of(each), 0) / all.length;
  const both = (of: (figures: SegmentationFigures, measure: 'dsc' | 'pxap') => number) => ({
    dsc: mean((each) => of(each, 'dsc')),
    pxap: mean((each) => of(each, 'pxap')),
  });
  const members = both((each, measure) => each.members[measure].mean);
  return {
    ...first,
    images: all.reduce((sum, { images }) => sum + images, 0),
    members: { dsc: { mean: members.dsc, deviation: null }, pxap: { mean: members.pxap, deviation: null } },
    ensemble: both(({ ensemble }, measure) => ensemble[measure]),
    baseline: both(({ baseline }, measure) => baseline[measure]),
    gain: meanSigned(
      all.map(({ gain }) => gain),
      overlap,
    ),
  };
}
