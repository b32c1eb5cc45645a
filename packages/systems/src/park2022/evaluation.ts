/** What an evaluation comes to, from scored cases: sections VI-B and VI-C for everything that was scored. */
import { basename } from 'node:path';
import type { Manifest, ManifestRow } from '@mammoscope/imaging';
import { SystemError } from '../errors.ts';
import type { SubgroupColumn, SubgroupsOfColumn } from '../reader-study/study.ts';
import { groupsOf } from '../reader-study/study.ts';
import { manifestTexts } from '../run/manifest-texts.ts';
import type { RunRecord } from '../run/run-record.ts';
import { type EvaluatedUnits, evaluateUnits } from './evaluated-units.ts';
import { type JudgedBreasts, judgedBreasts } from './judged-breasts.ts';
import type { Recipe } from './recipe.ts';
import { FINDINGS, PARK_MODALITIES, type ScoredCases, type ScoredImage } from './scored-cases.ts';
import { type SegmentationFigures, segmentationFigures, segmentedImages } from './segmentation.ts';

/** What is evaluated, and how. */
export interface EvaluationRequest {
  readonly record: RunRecord;
  readonly recipe: Recipe;
  /** That was evaluated. */
  readonly manifest: Manifest;
  readonly scored: ScoredCases;
  /** Of the run's validation split, for cut-offs. */
  readonly validation: readonly ScoredImage[];
  readonly cutoffFrom: 'validation' | 'test';
  /** Columns by which breasts are measured in subgroups. */
  readonly by?: readonly SubgroupColumn[];
}

/** An evaluated run. */
export interface Evaluation extends Omit<EvaluationRequest, 'validation' | 'by'> {
  /** Of each image scored, the first row that names it. */
  readonly rows: readonly ManifestRow[];
  /** Breasts by combination of modalities, and images by modality. */
  readonly breasts: readonly EvaluatedUnits[];
  readonly images: readonly EvaluatedUnits[];
  readonly judged: JudgedBreasts;
  readonly segmentation: readonly SegmentationFigures[];
  /** Subgroups of the judged breasts. */
  readonly by: readonly SubgroupsOfColumn[];
}

/** Measures scored cases. SystemError 'data-unusable' where neither benign nor malignant breasts of two patients were scored. */
export async function evaluation(request: EvaluationRequest): Promise<Evaluation> {
  const { record, manifest, scored, validation, cutoffFrom, by = [] } = request;
  const { seed } = record;
  const rowOf = rowsByImage(manifest);
  const judged = judgedBreasts(scored.images, validation, { seed, cutoffFrom, path: basename(manifest.path) });
  const segmented = await segmentedImages(scored.images, rowOf);
  return {
    ...request,
    rows: scored.images.map(rowOf),
    breasts: evaluateUnits(scored.images, 'breast', seed),
    images: evaluateUnits(scored.images, 'image', seed),
    judged,
    segmentation: PARK_MODALITIES.flatMap((modality) =>
      FINDINGS.flatMap((finding) => segmentationFigures(segmented, modality, finding, seed) ?? []),
    ),
    by: by.map((column) => subgroupsOf(manifest, judged, rowOf, column)),
  };
}

/** The row of a scored image: the first that names its file. */
export function rowsByImage(manifest: Pick<Manifest, 'path' | 'rows'>): (image: ScoredImage) => ManifestRow {
  const rows = new Map(manifest.rows.toReversed().map((row) => [row.absolutePath, row]));
  return ({ absolutePath, path }) => {
    const row = rows.get(absolutePath);
    if (row) return row;
    throw new SystemError(
      'run-mismatch',
      `${manifest.path} has no row of ${path}: evaluate with the manifest that was scored`,
    );
  };
}

/** Breasts by what a column says of their images; SystemError 'option-invalid' where those of one differ. */
function subgroupsOf(
  manifest: Manifest,
  { units }: JudgedBreasts,
  rowOf: (image: ScoredImage) => ManifestRow,
  column: SubgroupColumn,
): SubgroupsOfColumn {
  const name = basename(manifest.path);
  const texts = units.map(({ images, patientId, laterality }) => {
    const [text = '', ...others] = new Set(manifestTexts(manifest, images.map(rowOf), column.column));
    if (others.length === 0) return text;
    throw new SystemError(
      'option-invalid',
      `${name} has images of breast ${laterality} of patient ${patientId} that differ in ${column.column} (${[text, ...others].join(', ')}): make subgroups by a column that all images of a breast share`,
    );
  });
  return { column: column.column, groups: groupsOf(name, texts, column) };
}
