import type { Detection, Lesion, Volume } from '../detection/findings.ts';
import { type FrocOptions, type FrocPoint, sensitivityAt } from '../detection/froc.ts';
import { dbtexHit, findHits } from '../detection/hits.ts';
import type { ResampledStatistic } from './units.ts';

/** One mark, or the best mark of a lesion found. */
interface Mark {
  readonly score: number;
  /** Index of the volume. */
  readonly volume: number;
  readonly kind: 'wrong' | 'lesion' | 'corner';
}

/**
 * The mean sensitivity of a FROC at rates of false positives a volume, as a statistic of a resample of volumes, for
 * {@link bootstrap}: findings are matched and sorted once, and a resample weights them by their volume. A resample
 * without a lesion has no value. The curve is that of froc: corners at every mark that finds a lesion, and at the last
 * mark. O(marks) a resample. Throws as findHits does, and stats/argument for a negative rate.
 */
export function resampledSensitivity(
  detections: readonly Detection[],
  lesions: readonly Lesion[],
  volumes: readonly Volume[],
  rates: readonly number[],
  { hit = dbtexHit }: FrocOptions = {},
): ResampledStatistic {
  const { lesionOf, best } = findHits(detections, lesions, volumes, hit);
  const index = new Map(volumes.map(({ id }, i) => [id, i]));
  const at = (id: string) => index.get(id) ?? 0;
  const marks: Mark[] = [
    ...detections.map(
      ({ score, volume }, row): Mark => ({
        score,
        volume: at(volume),
        kind: lesionOf[row] === -1 ? 'wrong' : 'corner',
      }),
    ),
    ...lesions.map(({ volume }, i): Mark => ({ score: best[i] as number, volume: at(volume), kind: 'lesion' })),
  ]
    .filter(({ score }) => score > Number.NEGATIVE_INFINITY)
    .sort((a, b) => b.score - a.score);
  const lesionsOf = new Uint32Array(volumes.length);
  for (const { volume } of lesions) lesionsOf[at(volume)] = (lesionsOf[at(volume)] as number) + 1;

  return (multiplicities) => {
    const drawn = multiplicities.reduce((sum, times) => sum + times, 0);
    const present = multiplicities.reduce((sum, times, i) => sum + times * (lesionsOf[i] as number), 0);
    if (present === 0) return undefined;
    let [wrong, found, corner] = [0, 0, false];
    const points: FrocPoint[] = [{ threshold: Number.POSITIVE_INFINITY, falsePositives: 0, sensitivity: 0 }];
    const add = (threshold: number) =>
      points.push({ threshold, falsePositives: wrong / drawn, sensitivity: found / present });
    marks.forEach(({ score, volume, kind }, i) => {
      const times = multiplicities[volume] as number;
      if (kind === 'wrong') wrong += times;
      else if (kind === 'lesion') found += times;
      else corner ||= times > 0;
      if (marks[i + 1]?.score === score) return;
      if (corner || i === marks.length - 1) add(score);
      corner = false;
    });
    const curve = { points, lesions: present, volumes: drawn };
    return rates.reduce((sum, rate) => sum + sensitivityAt(curve, rate), 0) / rates.length;
  };
}
