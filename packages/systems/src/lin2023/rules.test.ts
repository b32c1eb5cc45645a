/** Each rule of Lin 2023, by the sentence of the paper that states it. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { cropPlane, type Plane } from '@mammoscope/imaging';
import type { Detected } from '../detection/detections.ts';
import { breastDecision, imageDecision, RULES, type ViewDecision } from './decisions.ts';
import { matchLesions, requireOneLabel } from './lesions.ts';
import { balancedWeights, erStatus, majorityBaseline, pathologicalType } from './pathology.ts';
import { CITATIONS, classIndex, PRESETS } from './recipe.ts';
import { boxOnFilm, boxOnStandardised, standardiseFilm } from './standardisation.ts';

const box = (score: number, label: 'benign' | 'malignant', at: Detected['box'] = [0, 0, 10, 10]): Detected => ({
  box: at,
  class: classIndex(label),
  score,
});

const film = (rows: readonly string[]): Plane => ({
  width: (rows[0] as string).length,
  height: rows.length,
  data: Float32Array.from([...rows.join('')].map(Number)),
});

test('standardisation: columns are summed from the chest wall until one is black, and the right breast is the mirror image', () => {
  const left = film(['3210050', '1000000', '2100000']);
  const { plane, cropPx } = standardiseFilm(left, 'L');
  assert.deepEqual(cropPx, [0, 0, 3, 3]); // the mark in column 5 is beyond the first black column
  assert.deepEqual(plane, cropPlane(left, [0, 0, 3, 3]));
  const right = film(['0500123', '0000001', '0000012']);
  assert.deepEqual(standardiseFilm(right, 'R').cropPx, [4, 0, 7, 3]);
  assert.deepEqual(standardiseFilm(right).cropPx, [4, 0, 7, 3]); // the brighter side, where nobody says
});

test('standardisation: a strip at the chest wall with a black gap before the breast is not the breast', () => {
  const strip = film(['1003210', '1003100']);
  assert.deepEqual(standardiseFilm(strip, 'L').cropPx, [3, 0, 6, 2]);
  assert.deepEqual(standardiseFilm(film(['0123001', '0013001']), 'R').cropPx, [1, 0, 4, 2]);
  // Half of the brightness is enough.
  assert.deepEqual(standardiseFilm(film(['5003200']), 'L').cropPx, [0, 0, 1, 1]);
  assert.deepEqual(standardiseFilm(film(['4003200']), 'L').cropPx, [3, 0, 5, 1]);
});

test('standardisation: boxes go there and back, and a film that is black everywhere is refused', () => {
  const crop = [4, 0, 7, 3] as const;
  assert.deepEqual(boxOnStandardised([5, 1, 7, 3], crop), [1, 1, 3, 3]);
  assert.deepEqual(boxOnFilm([1, 1, 3, 3], crop), [5, 1, 7, 3]);
  assert.deepEqual(boxOnStandardised([2, 0, 5, 2], crop), [0, 0, 1, 2]);
  assert.equal(boxOnStandardised([0, 0, 4, 3], crop), undefined);
  assert.throws(() => standardiseFilm(film(['000', '000']), 'L'), {
    code: 'data-unusable',
    message: /3 x 2 px is black/,
  });
});

test(`image rule: ${RULES['malignant box']}`, () => {
  const decision = imageDecision([box(0.708, 'benign'), box(0.426, 'malignant'), box(0.831, 'malignant')]);
  assert.deepEqual(decision, {
    status: 'malignant',
    confidence: 0.831,
    probabilityMalignant: 0.831,
    rule: 'malignant box',
  });
  assert.equal(imageDecision([box(0.9, 'benign'), box(0.31, 'malignant')]).status, 'malignant');
});

test(`image rule: ${RULES['no malignant box']}`, () => {
  assert.deepEqual(imageDecision([box(0.65, 'benign'), box(0.63, 'benign')]), {
    status: 'benign',
    confidence: 0.65,
    probabilityMalignant: 0,
    rule: 'no malignant box',
  });
  assert.deepEqual(imageDecision([]), {
    status: 'benign',
    confidence: 0,
    probabilityMalignant: 0,
    rule: 'no malignant box',
  });
});

const view = (...boxes: readonly Detected[]): ViewDecision => ({
  ...imageDecision(boxes),
  patient: 'p1',
  laterality: 'L',
});

test(`breast rule: ${RULES['views agree']}`, () => {
  const malignant = breastDecision([view(box(0.4, 'malignant')), view(box(0.6, 'malignant'))]);
  assert.deepEqual(malignant, { status: 'malignant', confidence: 0.6, probabilityMalignant: 0.6, rule: 'views agree' });
  // Both below one half: agreement alone decides.
  assert.equal(breastDecision([view(box(0.4, 'malignant')), view(box(0.35, 'malignant'))]).status, 'malignant');
  const benign = breastDecision([view(box(0.7, 'benign')), view()]);
  assert.deepEqual(benign, { status: 'benign', confidence: 0.7, probabilityMalignant: 0, rule: 'views agree' });
});

test(`breast rule: ${RULES['malignant view above one half']}`, () => {
  const views = [view(box(0.9, 'benign')), view(box(0.51, 'malignant'))];
  const expected = {
    status: 'malignant',
    confidence: 0.51,
    probabilityMalignant: 0.51,
    rule: 'malignant view above one half',
  };
  assert.deepEqual(breastDecision(views), expected);
  assert.deepEqual(breastDecision(views.toReversed()), expected);
});

test(`breast rule, views that disagree: ${RULES['malignant view not above one half']}`, () => {
  const decision = breastDecision([view(box(0.62, 'benign')), view(box(0.5, 'malignant'))]);
  assert.deepEqual(decision, {
    status: 'benign',
    confidence: 0.62,
    probabilityMalignant: 0.5,
    rule: 'malignant view not above one half',
  });
});

test('breast rule: one view decides alone; views of two breasts, and none, are refused', () => {
  assert.equal(breastDecision([view(box(0.35, 'malignant'))]).rule, 'one view');
  assert.equal(breastDecision([view(box(0.35, 'malignant'))]).status, 'malignant');
  const other = { ...view(), laterality: 'R' } as const;
  assert.throws(() => breastDecision([view(), other]), { code: 'data-unusable', message: /p1 L and p1 R/ });
  assert.throws(() => breastDecision([]), { code: 'data-unusable' });
});

test('lesion rule: the region with the highest IoU, whatever its score or label; lesions without one are not assessed', () => {
  const truth = [
    { box: [0, 0, 10, 10], label: 'malignant' },
    { box: [100, 100, 110, 110], label: 'benign' },
    { box: [1, 1, 9, 9], label: 'benign' },
  ] as const;
  const predictions = [
    box(0.9, 'malignant', [0, 0, 10, 4]), // overlap 0.4
    box(0.35, 'benign', [0, 0, 10, 6]), // 0.6
    box(0.8, 'malignant', [50, 50, 60, 60]),
  ];
  const [first, missed, inside] = matchLesions(truth, predictions);
  assert.deepEqual(first, {
    lesion: 0,
    prediction: 1,
    overlap: 0.6,
    status: 'benign',
    probabilityMalignant: 1 - 0.35,
  });
  assert.deepEqual(missed, { lesion: 1, overlap: 0 });
  assert.equal(inside?.prediction, 1); // one region may be the best of two lesions
  const twins = [box(0.4, 'benign', [0, 0, 10, 6]), box(0.5, 'malignant', [0, 4, 10, 10])];
  assert.equal(matchLesions(truth, twins)[0]?.prediction, 1); // of equal overlaps the higher score
  assert.deepEqual(matchLesions([], predictions), []);
  assert.throws(() => matchLesions([{ box: [5, 5, 5, 5], label: 'benign' }], []), { code: 'data-unusable' });
});

test('a label that changes between views of one lesion is refused, naming both places', () => {
  const lesion = { patient: 'p1', laterality: 'L', lesionId: 'a', label: 'benign', place: 'line 2' };
  requireOneLabel([lesion, { ...lesion, place: 'line 3' }, { ...lesion, lesionId: 'b', label: 'malignant' }]);
  assert.throws(() => requireOneLabel([lesion, { ...lesion, label: 'malignant', place: 'line 3' }]), {
    code: 'data-unusable',
    message: /"a" of patient "p1" is benign at line 2 and malignant at line 3/,
  });
});

test('pathological type: microinvasion counts as invasive, or as DCIS, and only malignant lesions have a type', () => {
  const [invasive, dcis] = [pathologicalType('as invasive'), pathologicalType('as dcis')];
  const classes = ['invasive', 'DCIS with microinvasion', 'pure DCIS', 'dcis', 'benign', 'malignant', ''].map(
    (text) => [invasive.classOf(text, 'line 2'), dcis.classOf(text, 'line 2')],
  );
  assert.deepEqual(classes, [
    [0, 0],
    [0, 1],
    [1, 1],
    [1, 1],
    [undefined, undefined],
    [undefined, undefined],
    [undefined, undefined],
  ]);
  assert.throws(() => invasive.classOf('phyllodes', 'line 4'), {
    code: 'data-unusable',
    message: /line 4.*"phyllodes"/,
  });
});

test('ER status: the cutoff for ER-negative status was less than 1% staining of the nuclei', () => {
  const of = (text: string) => erStatus.classOf(text, 'line 2');
  assert.deepEqual(['positive', 'Negative', '0.9%', '1%', '80 %', 'unknown'].map(of), [0, 1, 1, 0, 0, undefined]);
  for (const text of ['101%', 'weak', '5']) assert.throws(() => of(text), { code: 'data-unusable' });
});

test('imbalance: the majority baseline of table 4, and weights that make both classes count alike', () => {
  // Table 4, ER status, test set: 416 positive and 148 negative.
  const classes = [...new Array(416).fill(0), ...new Array(148).fill(1)] as (0 | 1)[];
  const { class: majority, accuracy } = majorityBaseline(classes);
  assert.equal(majority, 0);
  assert.equal(accuracy.toFixed(4), '0.7376');
  const [positive, negative] = balancedWeights(classes);
  assert.ok(Math.abs(416 * positive - 148 * negative) < 1e-9 && Math.abs(416 * positive + 148 * negative - 564) < 1e-9);
  assert.throws(() => majorityBaseline([]), { code: 'data-unusable' });
  assert.throws(() => balancedWeights([0, 0]), { code: 'data-unusable', message: /2 and 0/ });
});

test('the recipe: thresholds of 0.3, Adam, five folds, a test fifth; every value cited is in the recipe', () => {
  const { paper } = PRESETS;
  assert.deepEqual([paper.scoreThreshold, paper.nmsThreshold, paper.malignantProbability], [0.3, 0.3, 0.5]);
  assert.deepEqual(
    [paper.optimiser, paper.folds, paper.testFraction, paper.classifier],
    ['adam', 5, 0.2, 'spp_resnet18'],
  );
  for (const name of Object.keys(CITATIONS)) assert.ok(name in paper, name);
  const own = readFileSync(new URL('./recipe.ts', import.meta.url), 'utf8');
  assert.ok(own.includes('0.3 and achieved the best results in this setting.'));
});
