import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { BREAST_VIEWS } from './breast-shape.ts';
import { CANCER_TYPES } from './screening-cluster.ts';
import { drawScreeningFilm, screeningLesions, screeningPreset, screeningTextures } from './screening-film.ts';
import { drawScreenedWoman, type ScreenedWoman } from './screening-woman.ts';

const SIZE_PX = 160;
const women = (count: number, difficulty: number, seed = 3) =>
  Array.from({ length: count }, (_, patient) => drawScreenedWoman(patient, { seed, difficulty }));
const film = (woman: ScreenedWoman, view: 'CC' | 'MLO' = 'CC') =>
  drawScreeningFilm(woman, view, { heightPx: SIZE_PX, textures: screeningTextures(woman, SIZE_PX) });
const sha256 = (values: Float32Array) => createHash('sha256').update(new Uint8Array(values.buffer)).digest('hex');
const counts = (names: readonly string[]) =>
  Object.fromEntries(Object.entries(Object.groupBy(names, (name) => name)).map(([name, own]) => [name, own?.length]));

test('of five women two are malignant, two benign and one normal; types and receptors have their shares', () => {
  const all = women(50, 0.5);
  for (let first = 0; first < all.length; first += 5)
    assert.deepEqual(counts(all.slice(first, first + 5).map(({ label }) => label)), {
      benign: 2,
      malignant: 2,
      normal: 1,
    });
  const cancers = all.flatMap(({ clusters: [first] }) => first?.cancer ?? []);
  assert.deepEqual(counts(cancers.map(({ type }) => type)), {
    invasive: 10,
    'dcis with microinvasion': 4,
    'pure dcis': 6,
  });
  assert.deepEqual(counts(cancers.map(({ erStatus }) => erStatus)), { positive: 12, negative: 8 });
});

test('the label is that of the worst cluster, cancers of one breast are of one kind, and benign clusters have none', () => {
  for (const { label, clusters } of women(50, 0.5)) {
    assert.equal(clusters[0]?.label ?? 'normal', label);
    for (const cluster of clusters) {
      assert.equal(cluster.cancer !== undefined, cluster.label === 'malignant');
      if (cluster.cancer) assert.deepEqual(cluster.cancer, clusters[0]?.cancer);
    }
  }
  assert.ok(women(50, 0.5).some(({ clusters }) => clusters[0]?.cancer && clusters[1]?.label === 'benign'));
});

test('every cluster is seen in both views, in the breast, and overlaps no other', () => {
  const { dm } = screeningPreset(416);
  for (const woman of women(40, 0.5)) {
    for (const view of BREAST_VIEWS) {
      const lesions = screeningLesions(woman, view, 416);
      assert.equal(lesions.length, woman.clusters.length, `${woman.patientId} ${view}`);
      for (const [i, { box }] of lesions.entries()) {
        assert.ok(box[0] >= 0 && box[1] >= 0 && box[2] <= dm.widthPx && box[3] <= dm.heightPx);
        for (const { box: other } of lesions.slice(i + 1))
          assert.ok(
            box[2] <= other[0] || other[2] <= box[0] || box[3] <= other[1] || other[3] <= box[1],
            `${woman.patientId} ${view}: ${box} and ${other}`,
          );
      }
    }
  }
});

test('the same seed gives the same film; seeds, women and views differ', () => {
  const [first] = women(1, 0.5) as [ScreenedWoman];
  const films = [film(first), film(first), film(first, 'MLO'), ...women(2, 0.5, 4).map((woman) => film(woman))];
  const [one, again, ...others] = films.map(({ plane }) => sha256(plane));
  assert.equal(one, again);
  assert.equal(new Set([one, ...others]).size, 4);
});

test('the chest wall is at the left of a left breast and at the right of a right one; air is 0; boxes hold the calcifications', () => {
  const chosen = (['L', 'R'] as const).map(
    (side) => women(20, 0).find((woman) => woman.side === side && woman.clusters.length > 0) as ScreenedWoman,
  );
  for (const woman of chosen) {
    const { plane, widthPx, heightPx, lesions } = film(woman);
    const bare = film({ ...woman, clusters: [] });
    const at = (column: number) => plane[(heightPx / 2) * widthPx + column] as number;
    const [wall, air] = woman.side === 'L' ? [1, widthPx - 2] : [widthPx - 2, 1];
    assert.ok(at(wall) > 1000 && at(air) === 0, `${woman.side}: ${at(wall)}, ${at(air)}`);
    assert.ok(plane.every((value) => value >= 0 && value <= 65535));
    const added = plane.map((value, i) => value - (bare.plane[i] as number));
    const most = Math.max(...added);
    assert.ok(most > 3000, `calcifications add ${most} grey levels at most`);
    for (const [i, value] of added.entries()) {
      if (value < 0.2 * most) continue;
      const [x, y] = [i % widthPx, Math.floor(i / widthPx)];
      assert.ok(
        lesions.some(({ box }) => x >= box[0] && x < box[2] && y >= box[1] && y < box[3]),
        `${woman.patientId}: ${x}, ${y} is in no box`,
      );
    }
  }
});

/** Pixels of the largest piece of a mask that hang together, as the longer side of its box, and how many pieces there are. */
function piecesOf(mask: Uint8Array, widthPx: number): { readonly count: number; readonly longest: number } {
  const left = mask.slice();
  let [count, longest] = [0, 0];
  for (const [start, value] of mask.entries()) {
    if (value === 0 || left[start] === 0) continue;
    count++;
    const found = [start];
    left[start] = 0;
    for (const at of found)
      for (const step of [1, widthPx - 1, widthPx, widthPx + 1].flatMap((s) => [s, -s]))
        if (left[at + step] === 1) {
          left[at + step] = 0;
          found.push(at + step);
        }
    const side = (values: readonly number[]) => Math.max(...values) - Math.min(...values) + 1;
    longest = Math.max(
      longest,
      side(found.map((at) => at % widthPx)),
      side(found.map((at) => Math.floor(at / widthPx))),
    );
  }
  return { count, longest };
}

/** Area under the ROC curve by comparing all pairs. */
function areaOf(values: readonly number[], positive: readonly boolean[]): number {
  const [highs, lows] = [true, false].map((wanted) => values.filter((_, i) => positive[i] === wanted));
  const wins = (highs ?? []).map((high) => (lows ?? []).reduce((sum, low) => sum + Math.sign(high - low) / 2 + 0.5, 0));
  return wins.reduce((sum, count) => sum + count, 0) / ((highs?.length ?? 0) * (lows?.length ?? 0));
}

test('type shows in the length of the pieces and receptor in their number at difficulty 0, and in neither at 1', () => {
  const measured = (difficulty: number) =>
    women(150, difficulty).flatMap((woman) => {
      const [first] = screeningLesions(woman, 'CC', 832);
      return first?.cancer ? [{ ...first.cancer, ...piecesOf(first.mask, screeningPreset(832).dm.widthPx) }] : [];
    });
  const areas = (difficulty: number) => {
    const all = measured(difficulty);
    const pure = all.filter(({ type }) => type !== CANCER_TYPES[1]);
    return [
      areaOf(
        pure.map(({ longest, count }) => longest / Math.sqrt(count)),
        pure.map(({ type }) => type === 'pure dcis'),
      ),
      areaOf(
        all.map(({ count }) => count),
        all.map(({ erStatus }) => erStatus === 'negative'),
      ),
    ] as const;
  };
  const [typeArea, receptorArea] = areas(0);
  assert.ok(typeArea > 0.85 && receptorArea > 0.9, `at difficulty 0: ${typeArea}, ${receptorArea}`);
  for (const area of areas(1)) assert.ok(Math.abs(area - 0.5) < 0.2, `at difficulty 1: ${area}`);
});

test('what is out of range is refused', () => {
  assert.throws(() => drawScreenedWoman(-1, { seed: 1 }), RangeError);
  assert.throws(() => drawScreenedWoman(0, { seed: 1, difficulty: 2 }), RangeError);
});
