import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Laying } from '../images/laying.ts';
import { breastMm, hangingCamera, reductionFor, sharedScale } from './fit.ts';
import { columnsOf, type Hangable, hang, layoutOf, screeningView } from './slots.ts';

const image = (more: Partial<Hangable> = {}): Hangable => ({
  ...{ kind: 'DM', isRaw: false, laterality: 'R', view: 'CC', modifiers: [] },
  ...more,
});

test('the four views hang, mammogram before tomosynthesis; other projections and magnifications are apart', () => {
  const dbt = image({ kind: 'DBT' });
  const dm = image();
  const spot = image({ modifiers: ['M', 'S'] });
  const lateral = image({ view: 'ML' });
  const nobody = image({ laterality: undefined });
  const hung = hang([dbt, spot, dm, lateral, nobody]);
  assert.deepEqual(hung.views.RCC, [dm, dbt]);
  assert.deepEqual(hung.others, [spot, lateral, nobody]);
  assert.equal(screeningView(image({ laterality: 'L', view: 'MLO', modifiers: ['NP'] })), 'LMLO');
});

test('an image for processing hangs only where nothing is for presentation', () => {
  const raw = image({ isRaw: true });
  assert.deepEqual(hang([raw]).views.RCC, [raw]);
  const hung = hang([raw, image()]);
  assert.equal(hung.views.RCC.length, 1);
  assert.equal(hung.views.RCC[0]?.isRaw, false);
  assert.deepEqual(hung.others, []);
});

test('right is beside left; priors below current; four in a row on a wide screen', () => {
  assert.deepEqual(
    layoutOf('four', 'RCC', false).map(({ view }) => view),
    ['RCC', 'LCC', 'RMLO', 'LMLO'],
  );
  assert.deepEqual(
    layoutOf('prior', 'RCC', false).map(({ isPrior }) => isPrior),
    [false, false, false, false, true, true, true, true],
  );
  assert.deepEqual([columnsOf('four', 1096, 731), columnsOf('four', 1668, 2500)], [4, 2]);
});

const laid = (more: Partial<Laying> = {}): Laying => ({
  ...{ orientation: { transpose: false, flipHorizontal: false, flipVertical: false }, leastIsWhite: false },
  ...{ widthPx: 2000, heightPx: 2500, columnMm: 0.1, rowMm: 0.1, spacingReason: '', magnification: undefined },
  ...{ laterality: 'R', view: 'CC', boxPx: [1000, 500, 2000, 1500], window: { low: 0, high: 1 }, unhung: undefined },
  decisions: [],
  ...more,
});
const pane = { widthPx: 500, heightPx: 700 };

test('one scale for all: the larger breast decides it, an image without spacing does not', () => {
  const small = { laying: laid(), pane };
  const large = { laying: laid({ boxPx: [0, 0, 2000, 2400] }), pane };
  const unscaled = { laying: laid({ columnMm: undefined, rowMm: undefined }), pane };
  const scale = sharedScale([small, large, unscaled]);
  assert.equal(scale, sharedScale([large]));
  const { left, top, right, bottom } = breastMm(large.laying);
  assert.ok((right - left) / scale <= pane.widthPx && (bottom - top) / scale <= pane.heightPx);
});

test('the chest wall of a right breast is at the right edge, of a left one at the left, the breast in the middle of the height', () => {
  const right = hangingCamera(laid(), pane, 0.5);
  assert.equal(right.xMm + (pane.widthPx / 2) * 0.5, 200); // the box ends at 2000 px of 0.1 mm
  assert.equal(right.yMm, 100);
  const left = hangingCamera(laid({ laterality: 'L', boxPx: [3, 500, 1000, 1500] }), pane, 0.5);
  assert.ok(Math.abs(left.xMm - (pane.widthPx / 2) * 0.5 - 0.3) < 1e-9);
  const unhung = hangingCamera(laid({ unhung: 'nobody knows' }), pane, 0.5);
  assert.equal(unhung.xMm, 150);
});

test('frames are reduced to what the display shows, never below it', () => {
  const scale = (mm: number) => reductionFor(laid(), mm, 1);
  assert.deepEqual([scale(0.05), scale(0.1), scale(0.19), scale(0.2), scale(0.45), scale(9)], [1, 1, 1, 2, 4, 8]);
  assert.equal(reductionFor(laid(), 0.4, 2), 2); // two device pixels a CSS pixel
});
