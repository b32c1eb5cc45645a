import { basename, extname, join } from 'node:path';
import { writeAside } from '@mammoscope/files';
import { formatCsv, readManifest, writePng8 } from '@mammoscope/imaging';
import { type PlacedMap, writePlacedMap } from '../classifier/pictures.ts';
import { positiveScore } from '../classifier/scores.ts';
import { SystemError } from '../errors.ts';
import { makeFolder } from '../run/make-folder.ts';
import { partsDone } from '../run/progress.ts';
import { formatJson, readRunRecord, runFiles } from '../run/run-record.ts';
import type { PredictionSummary, PredictRequest } from '../system.ts';
import { probabilitiesOf, votesOf } from './evaluate.ts';
import { explainPairs } from './explain.ts';
import { featureFolder } from './feature-cache.ts';
import { randomMembers } from './frozen-backbone.ts';
import { requirePairs } from './pair-check.ts';
import { dynamicImageOf, SIDES, type Side, wholeImage } from './pair-images.ts';
import { CLASSIFIERS } from './recipe.ts';
import { recipeOf } from './settings.ts';
import { requirePairing } from './train.ts';
import { argmax, type Vote } from './vote.ts';

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
  /** What the overlays are laid over with; that of the tomosynthesis, from the dynamic image, is of all slices. */
  readonly maps: Readonly<Record<Side, PlacedMap>>;
  /** Images in which nothing raised the score, so that their overlay shows no colour. */
  readonly withoutEvidence: readonly Side[];
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
  { engine, run, files, out, onProgress }: PredictRequest,
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
  const manifest = await readManifest(file, { unlabelled: true });
  const { pairs, exclusions } = requirePairing(manifest);
  await requirePairs(manifest, pairs);
  const place = { engine, run, record, recipe, cacheFolder };
  const done = partsDone((CLASSIFIERS.length + 2) * pairs.length, onProgress); // scored by each, explained, drawn
  const probabilities = await probabilitiesOf(place, CLASSIFIERS, pairs, { onPairs: done });
  const votes = votesOf(recipe, probabilities);
  const explained = await explainPairs(place, pairs, done);
  const folder = join(out, 'images');
  await makeFolder(folder); // not before every image was read: one that is refused leaves no folder behind
  const predictions: PairPrediction[] = [];
  for (const [i, pair] of pairs.entries()) {
    const stem = `${String(i + 1).padStart(4, '0')}-${basename(pair.path, extname(pair.path))}`;
    const dynamic = await dynamicImageOf(pair.dbt, recipe);
    await writePng8(join(folder, `${stem}-dynamic.png`), dynamic.data, dynamic.width, dynamic.height);
    const overlays = { dm: `${stem}-dm-overlay.png`, dbt: `${stem}-dbt-overlay.png` };
    const explanation = explained[i] as (typeof explained)[number];
    for (const side of SIDES) await writeAside(join(folder, overlays[side]), explanation[side].overlay);
    const mapOf = async (side: Side) =>
      writePlacedMap(out, `images/${stem}-${side}.nii.gz`, explanation[side].map, await wholeImage(pair, side));
    const maps = { dm: await mapOf('dm'), dbt: await mapOf('dbt') };
    const vote = votes[i] as Vote;
    predictions.push({
      path: pair.path,
      dbtPath: pair.dbt.path,
      patientId: pair.patientId,
      score: positiveScore(Float64Array.from(vote.probabilities)),
      decision: record.classes[vote.called] as string,
      share: vote.share,
      votes: Object.fromEntries(
        CLASSIFIERS.map((classifier) => {
          const row = (probabilities.get(classifier) as Float64Array[])[i] as Float64Array;
          return [classifier, voteOf(row, record.classes)];
        }),
      ),
      dynamicImage: `${stem}-dynamic.png`,
      overlays,
      maps,
      withoutEvidence: SIDES.filter((side) => explanation[side].empty),
    });
    done();
  }
  const isRandom = randomMembers(recipe, record).includes('dm-dbt');
  const result: PairPredictions = {
    system: record.system,
    classes: record.classes,
    cutoff: 0.5,
    rule: 'the class with most votes of dm, dbt and dm-dbt',
    notice: 'Not a medical device. For research only.',
    ...(isRandom ? { warning: 'The backbone has random weights: these predictions mean nothing.' } : {}),
    predictions,
    exclusions,
  };
  await writeAside(runFiles(out).predictions, csvOf(predictions));
  await writeAside(join(out, 'predictions.json'), formatJson(result));
  return result;
}

function voteOf(probabilities: Float64Array, classes: readonly string[]): ClassifierVote {
  const called = argmax([...probabilities]);
  return {
    vote: classes[called] as string,
    confidence: probabilities[called] as number,
    score: positiveScore(probabilities),
  };
}

/** predictions.csv: a line a pair. */
const csvOf = (predictions: readonly PairPrediction[]): string =>
  formatCsv(
    predictions.map(({ patientId, path, dbtPath, score, decision, share, votes, dynamicImage, overlays }) => ({
      ...{ patient_id: patientId, path, dbt_path: dbtPath, score, decision, share },
      ...Object.fromEntries(
        Object.entries(votes).flatMap(([name, { vote, confidence }]) => [
          [`vote_${name}`, vote],
          [`confidence_${name}`, confidence],
        ]),
      ),
      ...{ dynamic_image: dynamicImage, dm_overlay: overlays.dm, dbt_overlay: overlays.dbt },
    })),
  );
