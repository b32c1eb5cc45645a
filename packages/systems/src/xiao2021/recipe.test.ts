import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ensemblesOf, weightedScores } from './ensembles.ts';
import { projectionOf, slicesAround } from './lesion-roi.ts';
import { lesionUnits, unitScores } from './levels.ts';
import { copiesOf, deviationsOf, PRESETS, recipeOfMember } from './recipe.ts';
import { recipeOf, recipeWith } from './settings.ts';
import { memberSpec } from './train.ts';

const { paper } = PRESETS;
const plane = (...values: number[]) => Float32Array.from(values);

test("the paper's copies give the training counts of its Table 8", () => {
  // "Benign MCs 138 (5106), malignant MCs 258 (5934)"
  const perClass = [138, 258];
  assert.deepEqual(
    copiesOf(paper, perClass).map((copies, i) => copies * (perClass[i] as number)),
    [5106, 5934],
  );
});

test('copies that are not set balance the classes', () => {
  assert.deepEqual(copiesOf({ copies: [] }, [30, 120]), [4, 1]);
  assert.deepEqual(copiesOf({ copies: [] }, [100, 130]), [1, 1]);
  assert.deepEqual(copiesOf({ copies: [] }, [0, 5]), [1, 1]);
});

test('the 2D network learns at 1e-4 and the 3D one at 1e-5, which fall by 0.8 with the training loss', () => {
  const [focus, volume] = [recipeOfMember(paper, 'focus-resnet34'), recipeOfMember(paper, 'anisotropic-8')];
  assert.deepEqual([focus.learningRate, volume.learningRate], [1e-4, 1e-5]);
  assert.deepEqual([paper.schedule, paper.scheduleFactor, paper.scheduleFigure], ['plateau', 0.8, 'trainLoss']);
  assert.deepEqual([focus.batch, volume.batch], [paper.batch, paper.volumeBatch]);
});

test('narrower ResNets are a departure from the 64 to 512 channels of the paper; older runs had these', () => {
  const narrow = recipeWith('paper', ['width=16']);
  for (const name of paper.members) assert.equal(memberSpec(narrow, name, 2, false).width, 16);
  const ofWidth = (recipe: typeof paper) => deviationsOf(recipe).filter(({ name }) => name === 'width');
  assert.deepEqual(
    ofWidth(narrow).map(({ paper, here }) => [paper, here]),
    [['64', '16']],
  );
  assert.deepEqual(ofWidth(paper), []);
  const { width: _, ...older } = paper;
  assert.equal(recipeOf(older).width, 64);
});

test('N slices lie around the focus slice, and stay in the region', () => {
  const slices = Array.from({ length: 12 }, (_, k) => plane(k));
  const around = (focus: number, count: number) => slicesAround({ slices, focus }, count).map(([value]) => value);
  assert.deepEqual(around(6, 4), [4, 5, 6, 7]);
  assert.deepEqual(around(0, 4), [0, 1, 2, 3]);
  assert.deepEqual(around(11, 6), [6, 7, 8, 9, 10, 11]);
  assert.deepEqual(around(5, 12).length, 12);
});

test('the projection takes the brightest value of all slices', () => {
  assert.deepEqual([...projectionOf({ slices: [plane(1, 5), plane(3, 2), plane(2, 4)] })], [3, 5]);
});

test('decision-level ensembles: unweighted first, then 0.3 and 0.7 for the 2D network', () => {
  const ensembles = ensemblesOf(paper);
  assert.deepEqual(
    ensembles.map(({ name, focusWeight }) => [name, focusWeight]),
    [
      ['ensemble', 0.5],
      ['ensemble-0.3', 0.3],
      ['ensemble-0.7', 0.7],
    ],
  );
  assert.deepEqual(weightedScores({ focusWeight: 0.25 }, [1, 0], [0, 0.5]), [0.25, 0.375]);
  assert.deepEqual(ensemblesOf({ ...paper, members: ['focus-resnet34'] }), []);
});

test('CC and MLO of one lesion are one sample, whose score is their mean; lesions of other patients are others', () => {
  const row = (patientId: string, lesionId?: string) => ({ patientId, label: 'benign', ...(lesionId && { lesionId }) });
  const rows = [row('a', '1'), row('b', '1'), row('a', '1'), row('a', '2'), row('c'), row('c')];
  const units = lesionUnits(rows);
  assert.deepEqual(
    units.map(({ members }) => members),
    [[0, 2], [1], [3], [4], [5]],
  );
  assert.deepEqual(
    unitScores(units, [0.2, 0.5, 0.4, 1, 0, 0.25]).map((score) => Number(score.toFixed(6))),
    [0.3, 0.5, 1, 0, 0.25],
  );
});

test('a member that sees more slices than are cut out is refused, and so is an unknown one', () => {
  const refused = (settings: readonly string[], message: RegExp) =>
    assert.throws(() => recipeWith('paper', settings), { code: 'option-invalid', message });
  refused(['roiSlices=6'], /anisotropic-8 sees more slices than the 6 that are cut out/);
  refused(['members=resnet99'], /not one of focus-resnet18/);
  refused(['volumeBatch=3', 'accumulate=2', 'batch=16'], /a batch of 3 images cannot be split into 2 equal parts/);
});
