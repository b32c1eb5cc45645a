import { basename, extname, join } from 'node:path';
import { writeAside } from '@mammoscope/files';
import { formatCsv, readManifest, writePng8 } from '@mammoscope/imaging';
import { lower, type TensorData } from '@mammoscope/nn';
import { overlayPng } from '../classifier/colour-map.ts';
import { loadBest, positiveScore } from '../classifier/scores.ts';
import { SystemError } from '../errors.ts';
import { makeFolder } from '../run/make-folder.ts';
import { formatJson, readRunRecord, runFiles } from '../run/run-record.ts';
import type { PredictionSummary, PredictRequest } from '../system.ts';
import { type RunPlace, runFeatures, votesOf } from './evaluate.ts';
import { featureFolder } from './feature-cache.ts';
import { headDeclarations, headGradCam, PORTS, sidesOf } from './head-graphs.ts';
import { dynamicImageOf, planeOf, type Side } from './pair-images.ts';
import { type PairRow, pairImages } from './pairs.ts';
import { CLASSIFIERS } from './recipe.ts';
import { recipeOf } from './settings.ts';
import { headSpec } from './train.ts';
import { argmax } from './vote.ts';

/** A classifier's vote. */
export interface ClassifierVote {
  readonly vote: string;
  /** Probability of the class that it votes for. */
  readonly confidence: number;
  /** Probability of the positive class. */
  readonly score: number;
}

/** A pair's result. */
export interface PairPrediction {
  readonly path: string;
  readonly dbtPath: string;
  readonly patientId: string;
  /** Mean probability of the positive class, weighted as the votes. */
  readonly score: number;
  readonly decision: string;
  /** Share of the votes that the decision got. */
  readonly share: number;
  readonly votes: Readonly<Record<string, ClassifierVote>>;
  /** Files in the folder images/. */
  readonly dynamicImage: string;
  readonly overlays: Readonly<Record<Side, string>>;
}

/** What predictions.json holds. */
export interface PairPredictions extends PredictionSummary {
  readonly system: string;
  readonly notice: string;
  readonly warning?: string;
  readonly predictions: readonly PairPrediction[];
  readonly exclusions: readonly { readonly path: string; readonly patientId: string; readonly reason: string }[];
}

/**
 * Scores the pairs of a manifest and writes predictions.csv, predictions.json and, in images/, each pair's dynamic image and the Grad-CAM of the
 * joint classifier on both images. A pair is told by patient, breast and view, which files alone do not say: SystemError 'option-invalid'
 * unless one manifest is given.
 */
export async function predictLiang2019(
  { engine, run, files, out }: PredictRequest,
  cacheFolder = featureFolder(),
): Promise<PairPredictions> {
  const [file, ...more] = files;
  if (file === undefined || more.length > 0 || extname(file).toLowerCase() !== '.csv')
    throw new SystemError(
      'option-invalid',
      'liang2019 reads a mammogram and a tomosynthesis together: give one manifest (CSV) that says which are of one breast and view',
    );
  const record = await readRunRecord(run);
  const recipe = recipeOf(record.recipe);
  const { pairs, exclusions } = pairImages(await readManifest(file));
  if (pairs.length === 0)
    throw new SystemError(
      'data-unusable',
      `${file} has no pair of a DM and a DBT: ${exclusions[0]?.path ?? 'it'} is left out because: ${exclusions[0]?.reason ?? 'it is empty'}`,
    );
  const place = { engine, run, record, recipe, cacheFolder };
  const { members, votes } = await votesOf(place, pairs);
  const maps = await jointMaps(place, pairs);
  const folder = join(out, 'images');
  await makeFolder(folder); // not before every image was read: one that is refused leaves no folder behind
  const predictions: PairPrediction[] = [];
  for (const [i, pair] of pairs.entries()) {
    const stem = `${String(i + 1).padStart(4, '0')}-${basename(pair.path, extname(pair.path))}`;
    const dynamic = await dynamicImageOf(pair.dbt, recipe);
    await writePng8(join(folder, `${stem}-dynamic.png`), dynamic.data, dynamic.width, dynamic.height);
    const overlays = { dm: `${stem}-dm-overlay.png`, dbt: `${stem}-dbt-overlay.png` };
    for (const side of sidesOf('dm-dbt')) {
      const { data } = await planeOf(pair, side, recipe);
      const { values, rows, columns } = (maps[i] as Readonly<Record<Side, CamMap>>)[side];
      const uri = await overlayPng(data, recipe.sizePx, values, rows, columns);
      await writeAside(join(folder, overlays[side]), Buffer.from(uri.split(',')[1] ?? '', 'base64'));
    }
    const vote = votes[i] as (typeof votes)[number];
    predictions.push({
      path: pair.path,
      dbtPath: pair.dbt.path,
      patientId: pair.patientId,
      score: positiveScore(Float64Array.from(vote.probabilities)),
      decision: record.classes[vote.called] as string,
      share: vote.share,
      votes: Object.fromEntries(
        CLASSIFIERS.map((classifier, m) => {
          const row = (members[m] as Float64Array[])[i] as Float64Array;
          const called = argmax([...row]);
          return [
            classifier,
            { vote: record.classes[called] as string, confidence: row[called] as number, score: positiveScore(row) },
          ];
        }),
      ),
      dynamicImage: `${stem}-dynamic.png`,
      overlays,
    });
  }
  const result: PairPredictions = {
    system: record.system,
    classes: record.classes,
    cutoff: 0.5,
    notice: 'Not a medical device. For research only.',
    ...(Object.hasOwn(record.weights, recipe.backbone)
      ? {}
      : { warning: 'The backbone has random weights: these predictions mean nothing.' }),
    predictions,
    exclusions,
  };
  await writeAside(
    runFiles(out).predictions,
    formatCsv(
      predictions.map(({ votes: each, overlays, ...prediction }) => ({
        ...prediction,
        ...Object.fromEntries(
          Object.entries(each).flatMap(([name, { vote, confidence }]) => [
            [`vote_${name}`, vote],
            [`confidence_${name}`, confidence],
          ]),
        ),
      })),
    ),
  );
  await writeAside(join(out, 'predictions.json'), formatJson(result));
  return result;
}

/** Grad-CAM at the backbone's last map. */
interface CamMap {
  readonly values: Float32Array;
  readonly rows: number;
  readonly columns: number;
}

/** Grad-CAM of the joint classifier's score for the positive class on both images of each pair. */
async function jointMaps(place: RunPlace, pairs: readonly PairRow[]): Promise<Readonly<Record<Side, CamMap>>[]> {
  const { engine, run, record, recipe } = place;
  const spec = headSpec(recipe, 'dm-dbt', record.classes.length);
  const features = await runFeatures(place);
  const session = await engine.load(lower(headGradCam(spec), engine.target, new Map(Object.entries(record.lowerings))));
  try {
    await loadBest(engine, runFiles(run).member('dm-dbt').best, headDeclarations(spec));
    const [, rows, columns] = spec.map as readonly [number, number, number];
    const classSeed = new Float32Array(record.classes.length);
    classSeed[1] = 1;
    const maps: Readonly<Record<Side, CamMap>>[] = [];
    for (const pair of pairs) {
      const inputs = new Map<string, TensorData>([
        ['dm', await features.of(pair, 'dm', 0)],
        ['dbt', await features.of(pair, 'dbt', 0)],
        [PORTS.classSeed, classSeed],
      ]);
      const outputs = await session.run(inputs);
      const mapOf = (side: Side) => ({ values: outputs.get(`out:cam-${side}`) as Float32Array, rows, columns });
      maps.push({ dm: mapOf('dm'), dbt: mapOf('dbt') });
    }
    return maps;
  } finally {
    await session.release();
    await features.release();
  }
}
