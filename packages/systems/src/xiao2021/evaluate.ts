import { basename } from 'node:path';
import type { Manifest, ManifestRow } from '@mammoscope/imaging';
import type { Engine } from '@mammoscope/runtime';
import { youden } from '@mammoscope/stats';
import type { ValidationScores } from '../classifier/evaluated.ts';
import { declarationsOf } from '../classifier/graphs.ts';
import { type MeasuredModel, measuredModel, patientClusters } from '../classifier/metric-figures.ts';
import { loadBest, loadScorer, positiveScore, SCORING_BATCH } from '../classifier/scores.ts';
import { readValidationScores } from '../classifier/validation.ts';
import { SystemError } from '../errors.ts';
import { groupsOf, type SubgroupColumn, type SubgroupsOfColumn } from '../reader-study/study.ts';
import { requireBothSides, sidesOf } from '../run/both-sides.ts';
import { manifestTexts } from '../run/manifest-texts.ts';
import { type RunRecord, readRunRecord, runFiles } from '../run/run-record.ts';
import { requireClasses, type UnseenRows, unseenRows } from '../run/unseen-rows.ts';
import { ensemblesOf, weightedScores } from './ensembles.ts';
import { requireLesions } from './lesion-check.ts';
import { LesionRois, lesionInputs } from './lesion-inputs.ts';
import { lesionUnits, type Unit, type UnitRow, unitScores, viewUnits } from './levels.ts';
import { isMemberName, type MemberName, memberOf } from './members.ts';
import { radiomicsScores } from './radiomics-scores.ts';
import type { Recipe } from './recipe.ts';
import { recipeOf } from './settings.ts';
import { lesionRows, memberSpec } from './train.ts';

/** A member or an ensemble, measured at one level. */
export interface ModelMetrics extends MeasuredModel {
  readonly model: string;
  readonly role: 'member' | 'ensemble' | 'single';
  /** One a unit of the level. */
  readonly scores: readonly number[];
  /** Of the units of the validation rows. */
  readonly validation: ValidationScores;
}

/** What is measured where CC and MLO count as two, and where they count as one. */
export interface LevelMetrics {
  readonly level: 'lesion' | 'view';
  readonly units: readonly Unit[];
  readonly positive: readonly boolean[];
  /** The patient of each unit, where some patients have several: intervals and tests are by patient. */
  readonly clusters: readonly string[] | undefined;
  readonly models: readonly ModelMetrics[];
}

/** What an evaluation came to. */
export interface Evaluation extends UnseenRows {
  readonly record: RunRecord;
  readonly recipe: Recipe;
  readonly lesion: LevelMetrics;
  readonly view: LevelMetrics;
  readonly cutoffFrom: 'validation' | 'test';
  /** That was evaluated. */
  readonly manifest: { readonly name: string; readonly sha256: string };
  /** Subgroups of the lesions. */
  readonly by: readonly SubgroupsOfColumn[];
}

export interface EvaluateOptions {
  readonly engine: Engine;
  readonly run: string;
  readonly manifest: Manifest;
  readonly cutoffFrom: 'validation' | 'test';
  /** Columns by which lesions are measured in subgroups. */
  readonly by?: readonly SubgroupColumn[];
  readonly onImages?: (model: string, images: number) => void;
}

/** A model's scores on the rows evaluated and on the validation rows. */
interface RowScores {
  readonly model: string;
  readonly role: ModelMetrics['role'];
  readonly scores: readonly number[];
  readonly validation: readonly number[];
}

/** Scores lesions that training never saw with every member, averages them, and measures views and lesions. */
export async function evaluateXiao2021(options: EvaluateOptions): Promise<Evaluation> {
  const { engine, run, cutoffFrom, by = [], onImages } = options;
  const record = await readRunRecord(run);
  const recipe = recipeOf(record.recipe);
  const manifest = lesionRows(options.manifest);
  requireClasses(record, manifest);
  const unseen = unseenRows(record, manifest);
  const lesions = lesionUnits(unseen.rows);
  const subgroups = by.map((column) => subgroupsOf(manifest, unseen.rows, lesions, column));
  const rois = new LesionRois(recipe);
  await requireLesions(manifest.path, unseen.rows, rois);
  const members: RowScores[] = [];
  for (const model of record.members) {
    onImages?.(model, unseen.rows.length);
    const validation = (await readValidationScores(runFiles(run).member(model).validation)).map(({ score }) => score);
    const scores = await scoreMember(engine, run, record, recipe, rois, model, unseen.rows);
    members.push({ model, role: record.members.length === 1 ? 'single' : 'member', scores, validation });
  }
  const ownManifest = manifest.sha256 === record.manifest.sha256;
  if (recipe.radiomics && ownManifest) onImages?.('radiomics', record.rows.length);
  const radiomics =
    recipe.radiomics && ownManifest ? await radiomicsScores({ record, recipe, manifest }, unseen.rows) : [];
  const models = [...members, ...ensembleScores(recipe, members), ...radiomics];
  const validationRows = record.rows.filter(({ split }) => split === 'val');
  const level = (name: LevelMetrics['level'], unitsOf: (rows: readonly UnitRow[]) => Unit[]) =>
    measured(name, models, { record, manifest, rows: unseen.rows, validationRows, unitsOf, cutoffFrom });
  return {
    ...unseen,
    record,
    recipe,
    lesion: level('lesion', lesionUnits),
    view: level('view', viewUnits),
    cutoffFrom,
    manifest: { name: basename(manifest.path), sha256: manifest.sha256 },
    by: subgroups,
  };
}

/** Lesions by what a column says of their views; SystemError 'option-invalid' where the views of one differ. */
function subgroupsOf(
  manifest: Manifest,
  rows: readonly ManifestRow[],
  lesions: readonly Unit[],
  column: SubgroupColumn,
): SubgroupsOfColumn {
  const name = basename(manifest.path);
  const texts = manifestTexts(manifest, rows, column.column);
  const ofLesions = lesions.map(({ patientId, lesionId, members }) => {
    const [text = '', ...others] = new Set(members.map((row) => texts[row] as string));
    if (others.length === 0) return text;
    throw new SystemError(
      'option-invalid',
      `${name} has views of lesion ${lesionId} of patient ${patientId} that differ in ${column.column} (${[text, ...others].join(', ')}): make subgroups by a column that all views of a lesion share`,
    );
  });
  return { column: column.column, groups: groupsOf(name, ofLesions, column) };
}

/** The ensembles of decisions, the headline first. */
export function ensembleScores(recipe: Recipe, members: readonly RowScores[]): RowScores[] {
  const of = (name: MemberName) => members.find(({ model }) => model === name) as RowScores;
  return ensemblesOf(recipe).map((ensemble) => {
    const [focus, volume] = [of(ensemble.focus), of(ensemble.volume)];
    return {
      model: ensemble.name,
      role: 'ensemble',
      scores: weightedScores(ensemble, focus.scores, volume.scores),
      validation: weightedScores(ensemble, focus.validation, volume.validation),
    };
  });
}

interface LevelOptions {
  readonly record: RunRecord;
  readonly manifest: Manifest;
  readonly rows: readonly UnitRow[];
  readonly validationRows: readonly UnitRow[];
  readonly unitsOf: (rows: readonly UnitRow[]) => Unit[];
  readonly cutoffFrom: 'validation' | 'test';
}

function measured(
  level: LevelMetrics['level'],
  models: readonly RowScores[],
  { record, manifest, rows, validationRows, unitsOf, cutoffFrom }: LevelOptions,
): LevelMetrics {
  const isPositive = ({ label }: Unit) => record.classes.indexOf(label) > 0;
  const [units, validationUnits] = [unitsOf(rows), unitsOf(validationRows)];
  const positive = units.map(isPositive);
  requireBothSides(manifest.path, units, positive, sidesOf(`${level}s`, record.classes));
  const clusters = patientClusters(units);
  return {
    ...{ level, units, positive, clusters },
    models: models.map(({ model, role, scores: ofRows, validation: ofValidationRows }) => {
      const scores = unitScores(units, ofRows);
      const validation = {
        scores: unitScores(validationUnits, ofValidationRows),
        positive: validationUnits.map(isPositive),
      };
      const source = cutoffFrom === 'test' ? { scores, positive } : validation;
      const cutoff = youden(source.scores, source.positive).threshold;
      return {
        ...{ model, role, scores, validation },
        ...measuredModel(scores, positive, cutoff, { clusters, seed: record.seed }),
      };
    }),
  };
}

/** The model that a result leads with: the unweighted ensemble, or the first member. */
export const headline = ({ models }: LevelMetrics): ModelMetrics =>
  (models.find(({ role }) => role === 'ensemble') ?? models[0]) as ModelMetrics;

/** Probabilities of the positive class by one member of a run. */
export async function scoreMember(
  engine: Engine,
  run: string,
  record: RunRecord,
  recipe: Recipe,
  rois: LesionRois,
  name: string,
  rows: readonly ManifestRow[],
  onRows?: (rows: number) => void,
): Promise<number[]> {
  const spec = recordedSpec(record, recipe, name);
  const inputs = lesionInputs(rois, memberOf(name as MemberName).input, {
    ...{ recipe, seed: record.seed, channels: spec.channels },
  });
  const batch = spec.slices === undefined ? SCORING_BATCH : recipe.volumeBatch;
  const scorer = await loadScorer(engine, spec, inputs, batch, new Map(Object.entries(record.lowerings)));
  try {
    await loadBest(engine, runFiles(run).member(name).best, declarationsOf(spec));
    return (await scorer.score(rows, onRows)).probabilities.map(positiveScore);
  } finally {
    await scorer.release();
  }
}

/** The network that a run's member is; SystemError 'run-missing' for one that this version does not have. */
export function recordedSpec(record: RunRecord, recipe: Recipe, name: string) {
  if (!isMemberName(name))
    throw new SystemError('run-missing', `run.json names the member "${name}", which this version does not have`);
  const pretrained = Object.hasOwn(record.weights, memberOf(name).network);
  return memberSpec(recipe, name, record.classes.length, pretrained);
}
