import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MinimalStandard } from '../../tests/minimal-standard.ts';
import { assertClose } from '../../tests/tolerance.ts';
import type { Detection, Lesion, Volume } from '../detection/findings.ts';
import { froc, sensitivityAt } from '../detection/froc.ts';
import { overlapHit } from '../detection/hits.ts';
import { resampledSensitivity } from './resampled-sensitivity.ts';

/** Twelve volumes with up to two lesions and up to six marks, scores to one digit so that they tie. */
function scene(seed: number): { detections: Detection[]; lesions: Lesion[]; volumes: Volume[] } {
  const random = new MinimalStandard(seed);
  const volumes = Array.from({ length: 12 }, (_, i) => ({ id: `v${i}`, slices: 40 }));
  const box = () => {
    const [x, y] = [random.integer(0, 900), random.integer(0, 900)];
    return [x, y, x + random.integer(20, 120), y + random.integer(20, 120)] as const;
  };
  const lesions = volumes.flatMap(({ id }) =>
    Array.from({ length: random.integer(0, 2) }, () => ({ volume: id, box: box(), slices: [10, 20] as const })),
  );
  const detections = [
    ...lesions.flatMap((lesion) =>
      random.integer(0, 2) > 0
        ? [{ volume: lesion.volume, box: lesion.box, slice: 15, score: random.integer(2, 9) / 10 }]
        : [],
    ),
    ...volumes.flatMap(({ id }) =>
      Array.from({ length: random.integer(0, 6) }, () => ({
        volume: id,
        box: box(),
        slice: random.integer(0, 39),
        score: random.integer(0, 7) / 10,
      })),
    ),
  ];
  return { detections, lesions, volumes };
}

test('a resample gives what the FROC of a list of volumes with copies gives', () => {
  const rates = [0.5, 1, 2, 4];
  for (const seed of [3, 5, 8, 13]) {
    const { detections, lesions, volumes } = scene(seed);
    const random = new MinimalStandard(seed + 100);
    const statistic = resampledSensitivity(detections, lesions, volumes, rates);
    for (let replicate = 0; replicate < 20; replicate++) {
      const multiplicities = new Uint32Array(volumes.length);
      for (let i = 0; i < volumes.length; i++) {
        const drawn = random.integer(0, volumes.length - 1);
        multiplicities[drawn] = (multiplicities[drawn] as number) + 1;
      }
      const copies = <T>(of: (id: string, copy: string) => T[]) =>
        volumes.flatMap(({ id }, i) =>
          Array.from({ length: multiplicities[i] as number }, (_, k) => of(id, `${id}-${k}`)).flat(),
        );
      const curve = froc(
        copies((id, volume) => detections.filter((each) => each.volume === id).map((each) => ({ ...each, volume }))),
        copies((id, volume) => lesions.filter((each) => each.volume === id).map((each) => ({ ...each, volume }))),
        copies((_, id) => [{ id, slices: 40 }]),
      );
      const expected = rates.reduce((sum, rate) => sum + sensitivityAt(curve, rate), 0) / rates.length;
      assertClose(statistic(multiplicities) ?? Number.NaN, expected, 1e-12, `seed ${seed}, replicate ${replicate}`);
    }
  }
});

test('without a lesion there is no value', () => {
  const { detections, lesions, volumes } = scene(3);
  const healthy = volumes.map(({ id }) => Number(!lesions.some(({ volume }) => volume === id)));
  const statistic = resampledSensitivity(detections, lesions, volumes, [1]);
  assert.equal(statistic(Uint32Array.from(healthy)), undefined);
});

test('the rule of overlap: boxes and slices, the lesion of most overlap; a share outside (0, 1] is refused', () => {
  const rule = overlapHit(0.5);
  const lesion: Lesion = { volume: 'v', box: [0, 0, 10, 10], slices: [3, 5] };
  const volume = { id: 'v', slices: 9 };
  const mark = (x: number, slice: number): Detection => ({ volume: 'v', box: [x, 0, x + 10, 10], slice, score: 1 });
  assert.deepEqual(rule(mark(0, 5), lesion, volume), { hit: true, distance: 0 });
  assert.equal(rule(mark(0, 6), lesion, volume).hit, false);
  assert.equal(rule(mark(3, 4), lesion, volume).hit, true); // 70 / 130
  assert.equal(rule(mark(4, 4), lesion, volume).hit, false); // 60 / 140
  assert.throws(() => overlapHit(0), { code: 'stats/argument' });
  assert.throws(() => overlapHit(1.1), { code: 'stats/argument' });
});
