import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BreastShape } from './breast-shape.ts';
import { addBall } from './lesion-view.ts';
import { HALF_ANGLE_DEG, marginRows, PROJECTION_TANGENTS, PROJECTIONS, shiftAndAdd } from './tomosynthesis.ts';

const body = {
  thicknessMm: 50,
  depthMm: 60,
  halfWidthMm: 60,
  obliqueDeg: 45,
  pectoralWidthMm: 40,
  pectoralEndMm: 0,
};
const shape = new BreastShape(body, 'CC');
const margin = marginRows(60, 0.5);
const rows = 100;
const grid = { widthPx: 80, heightPx: rows + 2 * margin, spacingMm: 0.5 };

/** Projections of one ball at a depth. */
function projections(w: number) {
  return PROJECTION_TANGENTS.map((tangent) => {
    const plane = {
      grid,
      values: new Float32Array(80 * grid.heightPx),
      filled: new Int32Array(grid.heightPx).fill(80),
    };
    addBall(plane, shape, { at: [20.25, 0.25, w], radiusMm: 0.4, gainPerMm: 1 }, w * tangent);
    return plane;
  });
}

function slice(w: number, at: number): Float32Array {
  const result = {
    grid: { ...grid, heightPx: rows },
    values: new Float32Array(80 * rows),
    filled: new Int32Array(rows),
  };
  shiftAndAdd(projections(w), at, margin, result);
  return result.values;
}

test('nine angles over 25 degrees, symmetric about the frontal one', () => {
  assert.equal(PROJECTION_TANGENTS.length, PROJECTIONS);
  assert.equal(PROJECTION_TANGENTS[4], 0);
  const degrees = PROJECTION_TANGENTS.map((tangent) => (Math.atan(tangent) * 180) / Math.PI);
  assert.ok(Math.abs((degrees[0] as number) + HALF_ANGLE_DEG) < 1e-9);
  assert.ok(degrees.every((degree, i) => Math.abs(degree + (degrees[8 - i] as number)) < 1e-9));
});

test('a ball is sharp and in its place in the slice of its depth, and smeared along rows away from it', () => {
  for (const w of [-20, 0, 13]) {
    const peaks = [0, 1, 3, 8].map((away) => Math.max(...slice(w, w + away)));
    assert.ok(
      peaks.every((peak, i) => i === 0 || peak < (peaks[i - 1] as number)),
      `${peaks}`,
    );
    assert.ok((peaks[3] as number) < 0.35 * (peaks[0] as number), `${peaks}`);
    const focus = slice(w, w);
    assert.equal(focus.indexOf(Math.max(...focus)), 49 * 80 + 40);
    const away = slice(w, w + 8);
    const columns = new Set([...away.entries()].filter(([, value]) => value > 1e-6).map(([at]) => at % 80));
    const heights = new Set([...away.entries()].filter(([, value]) => value > 1e-6).map(([at]) => Math.floor(at / 80)));
    assert.ok(columns.size <= 3 && heights.size > 6, `${columns.size} columns, ${heights.size} rows`);
  }
});

test('every slice holds the same sum: smearing loses nothing', () => {
  const sums = [-10, 0, 10].map((at) => slice(2, at).reduce((sum, value) => sum + value, 0));
  const volume = ((4 / 3) * Math.PI * 0.4 ** 3) / 0.5 ** 2;
  for (const sum of sums) assert.ok(Math.abs(sum / volume - 1) < 1e-4, `${sum} for ${volume}`);
});
