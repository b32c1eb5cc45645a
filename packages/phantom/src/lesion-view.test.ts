import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RandomStream } from '@mammoscope/random';
import { BreastShape } from './breast-shape.ts';
import { drawLesion, type Lesion } from './lesion.ts';
import { addBall, lesionDepths, lesionInView, lesionMask } from './lesion-view.ts';

const body = {
  thicknessMm: 50,
  depthMm: 95,
  halfWidthMm: 85,
  obliqueDeg: 47,
  pectoralWidthMm: 45,
  pectoralEndMm: -10,
};
const grid = { widthPx: 320, heightPx: 416, spacingMm: 0.56 };
const lesions = Array.from({ length: 24 }, (_, i) =>
  drawLesion(new RandomStream(9, 'lesion', i), i % 2 === 0 ? 'benign' : 'malignant', 0),
);
const only = <K extends Lesion['kind']>(kind: K) =>
  lesions.filter((lesion): lesion is Extract<Lesion, { kind: K }> => lesion.kind === kind);

test('a ball adds its volume times its gain, however coarse the pixels', () => {
  const shape = new BreastShape(body, 'CC');
  for (const spacingMm of [0.07, 0.3, 0.8]) {
    const fine = { widthPx: 60, heightPx: 60, spacingMm };
    for (const radiusMm of [0.05, 0.2, 0.6]) {
      const values = new Float32Array(3600);
      const at = [29.3 * spacingMm, 0.2 * spacingMm, 0] as const;
      addBall({ grid: fine, values }, shape, { at, radiusMm, gainPerMm: 2 });
      const sum = values.reduce((total, value) => total + value, 0) * spacingMm ** 2;
      const volume = (4 / 3) * Math.PI * radiusMm ** 3;
      assert.ok(Math.abs(sum / (2 * volume) - 1) < 1e-5, `${sum} for ${2 * volume}`);
    }
  }
});

test('the path through a ball at its middle is its diameter', () => {
  const shape = new BreastShape(body, 'CC');
  const values = new Float32Array(3600);
  const fine = { widthPx: 60, heightPx: 60, spacingMm: 0.02 };
  addBall({ grid: fine, values }, shape, { at: [29.5 * 0.02, 0, 0], radiusMm: 0.3, gainPerMm: 1 });
  assert.ok(Math.abs(Math.max(...values) - 0.6) < 0.005);
});

test('a lesion is at one distance from the chest wall in both views, and its mask fills its box', () => {
  for (const lesion of lesions) {
    const views = (['CC', 'MLO'] as const).map((view) => {
      const shape = new BreastShape(body, view);
      const inView = lesionInView(shape, lesion);
      const truth = lesionMask(inView, shape, grid);
      assert.ok(truth, 'the lesion is in sight');
      const inside = [...truth.mask.entries()].filter(([, value]) => value === 1);
      const [columns, rows] = [inside.map(([i]) => i % 320), inside.map(([i]) => Math.floor(i / 320))];
      const box = [Math.min(...columns), Math.min(...rows), Math.max(...columns) + 1, Math.max(...rows) + 1];
      assert.deepEqual(truth.box, box);
      return inView;
    });
    assert.ok(Math.abs((views[0]?.centre[0] as number) - (views[1]?.centre[0] as number)) < 1e-9);
  }
});

test('calcifications are of 0.1 to 0.7 mm, or chains of such, 8 to 40 of them', () => {
  for (const { calcifications } of only('calcifications')) {
    assert.ok(calcifications.length >= 8 && calcifications.length <= 40);
    for (const { balls } of calcifications) {
      for (const { radiusMm } of balls) assert.ok(radiusMm >= 0.02 && radiusMm <= 0.35, `radius ${radiusMm}`);
    }
  }
});

test('at difficulty 0 descriptors are those of the label', () => {
  for (const [i, lesion] of lesions.entries()) {
    const malignant = i % 2 === 1;
    if (lesion.kind === 'mass') {
      assert.equal(lesion.margin, malignant ? 'spiculated' : 'circumscribed');
      assert.equal(lesion.shape === 'irregular', malignant);
    } else {
      assert.equal(lesion.morphology.startsWith('fine'), malignant);
      assert.equal(lesion.distribution === 'segmental', malignant);
    }
  }
});

test('the focus of a cluster in one plane is the slice of that plane', () => {
  const shape = new BreastShape(body, 'CC');
  const [lesion] = only('calcifications');
  assert.ok(lesion);
  const flat = {
    ...lesion,
    calcifications: lesion.calcifications.map((c) => ({ ...c, atMm: [c.atMm[0], c.atMm[1], 0] as const })),
  };
  const inView = lesionInView(shape, flat);
  const slices = Array.from({ length: 60 }, (_, i) => i - 29.5);
  const { focus, first, last } = lesionDepths(inView, slices, 12.5);
  assert.ok(Math.abs((slices[focus] as number) - inView.centre[2]) <= 0.5 + 1e-9);
  assert.ok(first <= focus && focus <= last && last - first <= 2, `${first} to ${last}`);
});
