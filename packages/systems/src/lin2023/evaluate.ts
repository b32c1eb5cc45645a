import { basename } from 'node:path';
import type { ManifestRow } from '@mammoscope/imaging';
import type { Engine } from '@mammoscope/runtime';
import type { ValidationScores } from '../classifier/evaluated.ts';
import { readValidationScores } from '../classifier/validation.ts';
import { SystemError } from '../errors.ts';
import { groupsOf, type SubgroupsOfColumn } from '../reader-study/study.ts';
import { requireBothSides } from '../run/both-sides.ts';
import { manifestTexts } from '../run/manifest-texts.ts';
import { type RunRecord, readRunRecord, runFiles } from '../run/run-record.ts';
import { requireClasses, type UnseenRows, unseenRows } from '../run/unseen-rows.ts';
import type { EvaluateRequest } from '../system.ts';
import { type CohortCount, cohortTable } from './cohort-table.ts';
import { filmDecision, ONE_HALF } from './decisions.ts';
import { detectorSpec } from './detector.ts';
import { loadDetector } from './detector-weights.ts';
import { type ClassPrecision, cocoPrecision } from './evaluation.ts';
import { filmRows } from './film-rows.ts';
import { type Film, filmsOf, readFilm } from './films.ts';
import { type FrocOfLesions, frocOf } from './froc.ts';
import {
  breastCases,
  imageCases,
  type JudgedBreast,
  type JudgedFilm,
  type JudgedLevel,
  judgeBreasts,
  type Level,
  type LevelCase,
  type LevelMetrics,
  lesionCases,
  measureLevel,
  patchCases,
} from './levels.ts';
import { isMemberName, sppnetOf } from './members.ts';
import type { PatchTaskName } from './pathology.ts';
import { type PathologyRow, pathologyRow } from './pathology-table.ts';
import type { Recipe } from './recipe.ts';
import { type ScoredFilm, scoreFilms } from './score-films.ts';
import { recipeOf } from './settings.ts';
import { scoreSppnet, type TrainedSppnet } from './sppnet.ts';
import { classesOf, SPPNET_MEMBERS, type SppnetMember } from './sppnet-members.ts';

/** What an evaluation came to. */
export interface Evaluation {
  readonly record: RunRecord;
  readonly recipe: Recipe;
  /** The films evaluated, with the detector's boxes. */
  readonly films: readonly ScoredFilm[];
  readonly breasts: readonly JudgedBreast[];
  /** Those that have enough cases, the image level among them always. */
  readonly levels: readonly LevelMetrics[];
  /** Table 4, of the tasks that the run was trained for and the films have lesions of. */
  readonly pathology: readonly PathologyRow[];
  /** The same tasks as cases. */
  readonly tasks: readonly LevelMetrics<PatchTaskName>[];
  /** The detector's scores of the validation films. */
  readonly validation: ValidationScores;
  readonly cutoffFrom: 'validation' | 'test';
  /** Subgroups of the films. */
  readonly by: readonly SubgroupsOfColumn[];
  /** Table 1, of the run's own manifest. */
  readonly cohort?: readonly CohortCount[];
  readonly froc: readonly FrocOfLesions[];
  readonly precision: readonly ClassPrecision[];
  readonly exclusions: UnseenRows['exclusions'];
  readonly dataset: string;
  readonly manifest: { readonly name: string; readonly sha256: string };
}

/** Reads the films that training never saw with the networks of a run, and measures boxes, images, breasts and lesions. */
export async function evaluateLin2023(options: Omit<EvaluateRequest, 'out'>): Promise<Evaluation> {
  const { engine, run, cutoffFrom, by = [], onImages } = options;
  const record = await readRunRecord(run);
  const recipe = recipeOf(record.recipe);
  const { manifest, exclusions: otherImages } = filmRows(options.manifest, recipe);
  requireClasses(record, manifest);
  const unseen = unseenRows(record, manifest);
  const films = filmsOf(unseen.rows);
  requireBothSides(
    manifest.path,
    films,
    films.map(({ malignant }) => malignant),
    { cases: 'films', negative: 'others', positive: 'malignant' },
  );
  const name = basename(manifest.path);
  const texts = (column: string) =>
    manifestTexts(
      manifest,
      films.map(({ row }) => row),
      column,
    );
  const subgroups = by.map((each) => ({ column: each.column, groups: groupsOf(name, texts(each.column), each) }));
  const place = { engine, run, record, recipe };
  onImages?.('detector', films.length);
  const scored = await detectOn(place, films);
  const { judged, patches } = await judgeBySppnets(place, { rows: unseen.rows, films, onImages });
  const judging = {
    cutoff:
      cutoffFrom === 'test' ? cutoffFrom : (model: string) => (model === 'detector' ? recipe.scoreThreshold : ONE_HALF),
    ...{ seed: record.seed, leftOut: 0 },
  };
  return {
    ...{ record, recipe, films: scored, breasts: judgeBreasts(scored, recipe), dataset: unseen.dataset },
    ...{ cutoffFrom, by: subgroups, validation: await validationOf(run) },
    ...(manifest.sha256 === record.manifest.sha256 ? { cohort: cohortTable(record, manifest) } : {}),
    levels: levelsOf(scored, new Map([['detector', scored], ...judged]), judging, recipe),
    pathology: patches.map(({ task, rows, scores }) => pathologyRow(task, rows, scores)),
    tasks: patches.flatMap(({ task, rows, scores }) => {
      const models = new Map([[task, patchCases(SPPNET_MEMBERS[task], rows, scores)]]);
      const measured = measureLevel({ ...judging, cutoff: () => ONE_HALF, level: task, models });
      return measured ? [measured] : [];
    }),
    froc: frocOf(scored, record.seed),
    precision: cocoPrecision(scored.map(({ lesions: truth, candidates }) => ({ truth, boxes: candidates }))),
    exclusions: [...unseen.exclusions, ...otherImages],
    manifest: { name, sha256: manifest.sha256 },
  };
}

/** The patches of a task with the probabilities of its second class. */
interface ScoredPatches {
  readonly task: PatchTaskName;
  readonly rows: readonly ManifestRow[];
  readonly scores: readonly number[];
}

/** What the SPPNets of a run say of films, and of the patches of each task that has two of either class. */
async function judgeBySppnets(
  place: RunPlace,
  {
    rows: all,
    films,
    onImages,
  }: { readonly rows: readonly ManifestRow[]; readonly films: readonly Film[] } & Pick<EvaluateRequest, 'onImages'>,
): Promise<{
  readonly judged: readonly [string, readonly JudgedFilm[]][];
  readonly patches: readonly ScoredPatches[];
}> {
  const judged: [string, readonly JudgedFilm[]][] = [];
  const patches: ScoredPatches[] = [];
  for (const name of place.record.members.filter(isMemberName)) {
    const member = sppnetOf(name);
    if (!member) continue;
    const rows = member.rowsOf(all);
    onImages?.(name, rows.length);
    const scores = await scoreSppnet(place.engine, trainedSppnet(place, member), rows);
    if (member.subject === 'film')
      judged.push([name, films.map((film, i) => ({ film, decision: filmDecision(scores[i] as number) }))]);
    else if (bothTwice(classesOf(member, rows))) patches.push({ task: name as PatchTaskName, rows, scores });
  }
  return { judged, patches };
}

/** Images, breasts and lesions, as far as they can be measured. */
function levelsOf(
  scored: readonly ScoredFilm[],
  judged: ReadonlyMap<string, readonly JudgedFilm[]>,
  judging: Pick<JudgedLevel<Level>, 'cutoff' | 'seed'>,
  recipe: Recipe,
): LevelMetrics[] {
  const each = (casesOf: (own: readonly JudgedFilm[]) => LevelCase[]) =>
    new Map([...judged].map(([name, own]) => [name, casesOf(own)]));
  const lesions = lesionCases(scored);
  const levels = [
    measureLevel({ ...judging, level: 'image', models: each(imageCases), leftOut: 0 }),
    measureLevel({
      ...{ ...judging, level: 'breast', models: each((own) => breastCases(judgeBreasts(own, recipe))) },
      leftOut: scored.filter(({ film }) => !film.laterality).length,
    }),
    measureLevel({
      ...{ ...judging, level: 'lesion', models: new Map([['detector', lesions.cases]]) },
      leftOut: lesions.unmatched,
    }),
  ];
  return levels.filter((level) => level !== undefined);
}

/** The detector's scores of the validation films. */
async function validationOf(run: string): Promise<ValidationScores> {
  const scores = await readValidationScores(runFiles(run).member('detector').validation);
  return { scores: scores.map(({ score }) => score), positive: scores.map(({ positive }) => positive) };
}

const bothTwice = (classes: readonly (0 | 1)[]) =>
  [0, 1].every((index) => classes.filter((own) => own === index).length >= 2);

/** A run at hand. */
export interface RunPlace {
  readonly engine: Engine;
  readonly run: string;
  readonly record: RunRecord;
  readonly recipe: Recipe;
}

/** An SPPNet of a run. */
export const trainedSppnet = ({ run, record, recipe }: RunPlace, member: SppnetMember): TrainedSppnet => ({
  member,
  recipe: recipe[member.subject],
  best: runFiles(run).member(member.name).best,
  lowerings: new Map(Object.entries(record.lowerings)),
  pretrained: Object.hasOwn(record.weights, recipe.classifier),
});

/** Films with the boxes that a run's detector finds. SystemError 'run-missing' for a run without one. */
export async function detectOn(
  { engine, run, record, recipe }: RunPlace,
  films: Parameters<typeof scoreFilms>[0],
  onFilm?: Parameters<typeof scoreFilms>[1]['onFilm'],
): Promise<ScoredFilm[]> {
  const unknown = record.members.find((name) => !isMemberName(name));
  if (unknown !== undefined || !record.members.includes('detector'))
    throw new SystemError(
      'run-missing',
      `run.json names the networks ${record.members.join(', ')}, and boxes need a detector: train with --set members=detector`,
    );
  const { best, validation } = runFiles(run).member('detector');
  await readValidationScores(validation); // written last: without it training did not finish
  await loadDetector(engine, best, detectorSpec(recipe, 'inference'));
  const lowerings = new Map(Object.entries(record.lowerings));
  return scoreFilms(films, {
    engine,
    recipe,
    lowerings,
    read: (film) => readFilm(film, recipe),
    ...(onFilm ? { onFilm } : {}),
  });
}
