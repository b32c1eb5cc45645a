import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drawRegion } from './cluster-roi.ts';
import { drawMassCase, drawMassRoi, type MassCase } from './mass-roi.ts';

const SIZE = { sizePx: 48, spacingMm: 0.6, slices: 5, sliceMm: 4 } as const;
const MIDDLE = SIZE.sizePx / 2;

/** A smooth ellipsoid of these radii in the tissue of a woman. */
function ellipsoid(axes: readonly [number, number, number]): MassCase {
  const woman = drawMassCase(1, 7, 0);
  const waves = woman.mass.waves.map((wave) => ({ ...wave, amplitude: 0 }));
  return { ...woman, mass: { ...woman.mass, coreMm: 6, axes, waves, spicules: [], density: 1, fadeMm: 0.5 } };
}

/** By how much a mass brightens each pixel of the mammogram. */
function added(woman: MassCase, view: 'CC' | 'MLO'): Float32Array {
  const { dm } = drawMassRoi(woman, view, SIZE);
  const { dm: without } = drawRegion(woman, view, SIZE, { balls: [] });
  return dm.map((value, i) => value - (without[i] as number));
}

/** Rows of the middle column, or columns of the middle row, that are brighter by a tenth of the middle. */
function extentPx(difference: Float32Array, along: 'rows' | 'columns'): number {
  const at = (k: number) =>
    difference[along === 'rows' ? k * SIZE.sizePx + MIDDLE : MIDDLE * SIZE.sizePx + k] as number;
  return Array.from({ length: SIZE.sizePx }, (_, k) => at(k)).filter((value) => value > 0.1 * at(MIDDLE)).length;
}

test('a mass is as long and as high as its axes say in CC, and is seen turned by 45 degrees in MLO', () => {
  const [x, y, z] = [0.8, 1.2, 0.7] as const;
  const cc = added(ellipsoid([x, y, z]), 'CC');
  const mlo = added(ellipsoid([x, y, z]), 'MLO');
  const pixels = (share: number) => (2 * 6 * share) / SIZE.spacingMm;
  const near = (found: number, expected: number) => assert.ok(Math.abs(found - expected) <= 2, `${found}, ${expected}`);
  near(extentPx(cc, 'columns'), pixels(x));
  near(extentPx(cc, 'rows'), pixels(y));
  near(extentPx(mlo, 'columns'), pixels(x));
  // An ellipse of half axes y and z is sqrt((y^2 + z^2) / 2) high when it is turned by 45 degrees.
  near(extentPx(mlo, 'rows'), pixels(Math.sqrt((y * y + z * z) / 2)));
});

test('what bulges away from the detector is in the upper slices of CC and up in MLO, as spicules are', () => {
  const woman = ellipsoid([0.7, 0.7, 0.7]);
  const waves = [{ frequency: [0, 0, Math.PI / 2], phase: -Math.PI / 2, amplitude: 0.4 }] as const;
  const bulge = { ...woman.mass, waves };
  const spicule = { direction: [0, 0, 1], fromMm: 4, toMm: 9, radiusMm: 0.8 } as const;
  const above = (mass: object) => {
    const difference = added({ ...woman, mass: { ...woman.mass, ...mass } }, 'MLO');
    const sum = (rows: Float32Array) => rows.reduce((a, b) => a + b, 0);
    return sum(difference.subarray(0, MIDDLE * SIZE.sizePx)) - sum(difference.subarray(MIDDLE * SIZE.sizePx));
  };
  const [round, bulging, spiked] = [above({}), above(bulge), above({ spicules: [spicule] })];
  assert.ok(bulging > round && spiked > round, `${round} ${bulging} ${spiked}`);
  const slices = (mass: MassCase['mass']) => {
    const { dbt } = drawMassRoi({ ...woman, mass }, 'CC', SIZE);
    const sum = (slice: number) =>
      dbt
        .subarray(slice * SIZE.sizePx ** 2)
        .slice(0, SIZE.sizePx ** 2)
        .reduce((a, b) => a + b, 0);
    return sum(SIZE.slices - 1) - sum(0);
  };
  assert.ok(slices(bulge) > slices(woman.mass));
});

test('a mass is brightest in the slice that goes through it', () => {
  const woman = ellipsoid([0.7, 0.7, 0.7]);
  const { dbt } = drawMassRoi(woman, 'CC', SIZE);
  const { dbt: without } = drawRegion(woman, 'CC', SIZE, { balls: [] });
  const area = SIZE.sizePx ** 2;
  const edge = (slice: number) => {
    const at = slice * area + MIDDLE * SIZE.sizePx + MIDDLE;
    return (dbt[at] as number) - (without[at] as number);
  };
  const middle = edge(2);
  assert.ok(middle > 0 && middle >= edge(0) && middle >= edge(4), `${[0, 1, 2, 3, 4].map(edge)}`);
});

test('labels take turns, malignant masses have spicules at difficulty 0 and benign ones none', () => {
  const cases = Array.from({ length: 6 }, (_, patient) => drawMassCase(patient, 3, 0));
  assert.deepEqual(
    cases.map(({ label }) => label),
    ['malignant', 'benign', 'malignant', 'benign', 'malignant', 'benign'],
  );
  for (const { label, mass } of cases) assert.equal(mass.spicules.length > 0, label === 'malignant');
  assert.throws(() => drawMassCase(0, 3, 1.5), RangeError);
});
