import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RandomStream } from '@mammoscope/random';
import { BREAST_VIEWS, type BreastBody, BreastShape } from './breast-shape.ts';

const body: BreastBody = {
  thicknessMm: 50,
  depthMm: 90,
  halfWidthMm: 85,
  obliqueDeg: 47,
  pectoralWidthMm: 45,
  pectoralEndMm: -10,
};
const grid = { widthPx: 249, heightPx: 307, spacingMm: 0.8 };
const near = (a: number, b: number, tolerance = 1e-9) => assert.ok(Math.abs(a - b) <= tolerance, `${a} is not ${b}`);

for (const view of BREAST_VIEWS) {
  const shape = new BreastShape(body, view);

  test(`${view}: the way into the breast and back comes to the same place, and sections keep their area`, () => {
    const random = new RandomStream(1, 'shape', view);
    for (let i = 0; i < 50; i++) {
      const [x, u, w] = [random.uniform(0, 90), random.uniform(-80, 80), random.uniform(-25, 25)];
      const back = shape.toView(shape.toBreast(x, u, w));
      for (const [k, value] of [x, u, w].entries()) near(back[k] as number, value);
      const [y, z] = shape.turnBack(...shape.turn(u, w));
      near(y, u);
      near(z, w);
    }
    const [origin, across, up] = [shape.toBreast(0, 0, 0), shape.toBreast(0, 1, 0), shape.toBreast(0, 0, 1)];
    const [a, b, c, d] = [across[1] - origin[1], across[2] - origin[2], up[1] - origin[1], up[2] - origin[2]];
    near(Math.abs(a * d - b * c), 1);
  });

  test(`${view}: rows and u are each other's inverse, and u grows upwards`, () => {
    for (const row of [0, 13.5, 306]) near(shape.uToRow(shape.rowToU(row, grid), grid), row);
    near(shape.rowToU(10, grid) - shape.rowToU(11, grid), grid.spacingMm);
  });

  test(`${view}: the distance from the outline is right near it, against a search for the nearest outline point`, () => {
    // The outline by bisection along x for many u, which uses only the sign of edgeMm.
    const outline = Array.from({ length: 4001 }, (_, i) => {
      const u = -79 + (158 * i) / 4000;
      let [inside, outside] = [0, 200];
      for (let step = 0; step < 50; step++) {
        const middle = (inside + outside) / 2;
        if (shape.edgeMm(middle, u) > 0) inside = middle;
        else outside = middle;
      }
      return [inside, u] as const;
    }).filter(([x]) => x > 1);
    for (const [x, u] of outline.filter((_, i) => i % 400 === 200)) {
      const distance = Math.min(...outline.map(([ox, ou]) => Math.hypot(x - 4 - ox, u - ou)));
      near(shape.edgeMm(x - 4, u), distance, 0.35);
    }
  });
}

test('thickness is 0 outside, half of all in the middle, and the skin takes its share of it', () => {
  const shape = new BreastShape(body, 'CC');
  assert.equal(shape.halfThicknessMm(120, 0), 0);
  near(shape.halfThicknessMm(30, 0), 25);
  near(shape.halfInsideMm(shape.edgeMm(30, 0)), 25 - 1.45);
  assert.ok(shape.halfThicknessMm(92, 0) > 0 && shape.halfInsideMm(shape.edgeMm(92, 0)) === 0, 'the nipple is skin');
});

test('the pectoral muscle is a triangle in MLO and absent in CC', () => {
  const mlo = new BreastShape(body, 'MLO');
  assert.equal(new BreastShape(body, 'CC').pectoralMm(100), 0);
  assert.equal(mlo.pectoralMm(-20), 0);
  near(mlo.pectoralMm(130), 45);
  assert.ok(mlo.pectoralMm(60) > mlo.pectoralMm(20));
  assert.equal(mlo.halfMuscleMm(50, 45), 0);
  assert.ok(mlo.halfMuscleMm(2, 45) > mlo.halfMuscleMm(44, 45));
});
