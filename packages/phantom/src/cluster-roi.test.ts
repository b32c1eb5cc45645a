import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { type ClusterRoi, drawClusterCase, drawClusterRoi } from './cluster-roi.ts';

const SIZE = { sizePx: 40, spacingMm: 0.5, slices: 12, sliceMm: 2 } as const;

const digest = ({ dm, dbt }: ClusterRoi) =>
  createHash('sha256').update(new Uint8Array(dm.buffer)).update(new Uint8Array(dbt.buffer)).digest('hex');
const draw = (patient: number, seed = 1, view: 'CC' | 'MLO' = 'CC') =>
  drawClusterRoi(drawClusterCase(patient, seed, { difficulty: 0.5 }), view, SIZE);

test('the same seed gives the same bytes; seeds, patients and views differ', () => {
  const [first, again, ...others] = [draw(0), draw(0), draw(0, 2), draw(1), draw(0, 1, 'MLO')].map(digest);
  assert.equal(first, again);
  assert.equal(new Set([first, ...others]).size, 4);
});

test('labels take turns, and difficulty is of 0 to 1', () => {
  assert.deepEqual(
    [0, 1, 2].map((patient) => drawClusterCase(patient, 1, { difficulty: 0.5 }).label),
    ['malignant', 'benign', 'malignant'],
  );
  assert.throws(() => drawClusterCase(0, 1, { difficulty: 1.5 }), RangeError);
});

/** What the calcifications of a case add to its images: noise and tissue are the same without them. */
function addedBy(patient: number) {
  const woman = drawClusterCase(patient, 1, { difficulty: 0.5 });
  const roi = drawClusterRoi(woman, 'CC', SIZE);
  const bare = drawClusterRoi({ ...woman, cluster: { ...woman.cluster, calcifications: [] } }, 'CC', SIZE);
  const less = (values: Float32Array, without: Float32Array) =>
    values.map((value, i) => value - (without[i] as number));
  return { roi, dm: less(roi.dm, bare.dm), dbt: less(roi.dbt, bare.dbt) };
}

test('a cluster is sharp in its own slices and smeared at the ends of the stack', () => {
  for (let patient = 0; patient < 6; patient++) {
    const { roi, dbt } = addedBy(patient);
    const pixels = SIZE.sizePx ** 2;
    const greatest = Array.from({ length: SIZE.slices }, (_, k) =>
      Math.max(...dbt.subarray(k * pixels, (k + 1) * pixels)),
    );
    const own = Math.max(...greatest.slice(roi.sliceFirst, roi.sliceLast + 1));
    const ends = Math.max(greatest[0] as number, greatest.at(-1) as number);
    assert.equal(own, Math.max(...greatest), `patient ${patient}`);
    assert.ok(own > 1.5 * ends, `patient ${patient}: ${own} in its slices, ${ends} at the ends`);
  }
});

test('the box holds what calcifications add to the mammogram', () => {
  for (let patient = 0; patient < 6; patient++) {
    const { roi, dm } = addedBy(patient);
    const [x1, y1, x2, y2] = roi.box;
    const added = [...dm.entries()].filter(([, value]) => value > 0.1 * Math.max(...dm));
    assert.ok(added.length > 0);
    for (const [at] of added) {
      const [x, y] = [at % SIZE.sizePx, Math.floor(at / SIZE.sizePx)];
      assert.ok(x >= x1 && x < x2 && y >= y1 && y < y2, `patient ${patient}: ${x}, ${y} is outside of ${roi.box}`);
    }
  }
});
