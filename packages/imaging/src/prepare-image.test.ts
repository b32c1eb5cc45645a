import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drawBreast } from './breast/breast-fixture.ts';
import { IMAGE_STEPS } from './decision.ts';
import type { DicomFacts } from './dicom-facts.ts';
import {
  AS_STORED,
  describeOrientation,
  MIRRORED,
  ORIENTATIONS,
  orientPlane,
  ROTATED_180,
} from './orientation/orientation.ts';
import { prepareImage } from './prepare-image.ts';

const { plane } = drawBreast({ seed: 11, air: 10, noise: 1 });
/** As an 8-bit film would store it. */
const film = { ...plane, data: plane.data.map((value) => Math.min(255, Math.max(0, Math.round(value)))) };
const EIGHT = { BitsStored: 8 } as const;
const LEFT_MLO: DicomFacts = {
  ...EIGHT,
  PhotometricInterpretation: 'MONOCHROME2',
  ImageLaterality: 'L',
  ViewPosition: 'MLO',
  PatientOrientation: ['A', 'FR'],
};
const choice = (facts: DicomFacts, step: string, image = film, options = {}) =>
  prepareImage(image, facts, options).decisions.find((each) => each.step === step)?.choice;

test('every step is decided once, in order, with evidence for what was found', () => {
  const { decisions, laterality, view } = prepareImage(film, LEFT_MLO);
  assert.deepEqual(
    decisions.map(({ step }) => step),
    [...IMAGE_STEPS],
  );
  assert.deepEqual([laterality, view], ['L', 'MLO']);
  assert.ok(decisions.every(({ choice, reason }) => choice !== '' && reason !== ''));
});

test('however an oblique view is stored, it ends with its chest wall on the left and the muscle on top', () => {
  const straight = prepareImage(film, LEFT_MLO).plane;
  for (const to of ORIENTATIONS) {
    // A mirrored left breast is hung as a right one; nothing but pixels says how these lie.
    const facts: DicomFacts = { ...EIGHT, ViewPosition: 'MLO' };
    const { plane } = prepareImage(orientPlane(film, to), facts);
    assert.deepEqual([plane.width, plane.height], [straight.width, straight.height], describeOrientation(to));
    const different = plane.data.filter((value, i) => Math.abs(value - (straight.data[i] as number)) > 1e-3).length;
    assert.ok(different < 0.01 * plane.data.length, `${describeOrientation(to)}: ${different} pixels`);
  }
});

test('laterality follows the hanging: mirrored, it is the other breast', () => {
  assert.equal(prepareImage(film, EIGHT).laterality, 'L');
  assert.equal(prepareImage(orientPlane(film, MIRRORED), EIGHT).laterality, 'R');
});

test('a tag that says left and pixels that say right are an error with both, unless the user says which wins', () => {
  const facts = { ...EIGHT, ImageLaterality: 'R' };
  assert.throws(() => prepareImage(film, facts), {
    code: 'sources-disagree',
    message: /R by ImageLaterality .*L by chest wall as hung/,
  });
  assert.equal(prepareImage(film, facts, { prefer: { laterality: 'tag' } }).laterality, 'R');
  assert.equal(prepareImage(film, facts, { prefer: { laterality: 'pixels' } }).laterality, 'L');
  const turned = { ...LEFT_MLO, PatientOrientation: ['P', 'FR'] };
  assert.throws(() => prepareImage(film, turned), {
    code: 'sources-disagree',
    message: /right by PatientOrientation .*left by straight edge/,
  });
  assert.throws(() => prepareImage(orientPlane(film, ROTATED_180), { ...LEFT_MLO, PatientOrientation: ['P', 'FR'] }), {
    code: 'sources-disagree',
    message: /"upright" disagree: upright by PatientOrientation .*upside down by pectoral muscle/,
  });
  assert.throws(() => prepareImage(film, EIGHT, { laterality: 'R' }), { code: 'sources-disagree' });
  assert.throws(() => prepareImage(film, { ...EIGHT, ImageLaterality: 'B' }), { code: 'tag-invalid' });
});

test('a craniocaudal view is turned by its tags: the outer side up', () => {
  const cc = { ...EIGHT, ImageLaterality: 'L', ViewPosition: 'CC' };
  assert.equal(choice({ ...cc, PatientOrientation: ['A', 'R'] }, 'upright'), 'upright');
  assert.equal(choice({ ...cc, PatientOrientation: ['A', 'L'] }, 'upright'), 'upside down');
  assert.equal(choice({ ...cc, PatientOrientation: ['A', 'R'] }, 'pectoral muscle'), 'unknown');
});

test('MONOCHROME1 ends as MONOCHROME2 does, padding as black', () => {
  const inverse = { ...film, data: film.data.map((value) => 255 - value) };
  const one = prepareImage(inverse, { ...EIGHT, PhotometricInterpretation: 'MONOCHROME1' }, { normalise: 'none' });
  const two = prepareImage(film, { ...EIGHT, PhotometricInterpretation: 'MONOCHROME2' }, { normalise: 'none' });
  assert.ok(one.display.data.every((value, i) => Math.abs(value - (two.display.data[i] as number)) < 1e-6));
  const padded = { ...film, data: film.data.map((value, i) => (i % film.width > 150 ? 255 : Math.min(254, value))) };
  const { display } = prepareImage(padded, { ...EIGHT, PixelPaddingValue: 255 });
  assert.ok(display.data.every((value, i) => i % film.width <= 150 || value === 0));
});

test('the user chooses side, spacing, crop and normalisation', () => {
  const right = prepareImage(film, LEFT_MLO, { chestWall: 'right', normalise: 'none' });
  const left = prepareImage(film, LEFT_MLO, { normalise: 'none' });
  assert.deepEqual(left.placement.orientation, AS_STORED);
  const mirrored = orientPlane(right.plane, MIRRORED);
  assert.ok(left.plane.data.every((value, i) => value === mirrored.data[i]));
  const spacing = { rowMm: 0.2, columnMm: 0.1 };
  const { plane } = prepareImage(film, LEFT_MLO, { crop: 'none', spacing, targetMm: 0.2, chestWall: 'stored' });
  assert.deepEqual([plane.width, plane.height], [96, 192]);
  assert.ok(
    Math.abs(plane.data.reduce((sum, value) => sum + value, 0) / plane.data.length) < 1e-3,
    'z-scores have mean 0',
  );
  assert.throws(() => prepareImage(film, LEFT_MLO, { targetMm: 0.1 }), {
    code: 'option-invalid',
    message: /no tag gives its spacing/,
  });
});

test('what is no breast in air is refused, and taken whole when the user says so', () => {
  const stripe = {
    width: 40,
    height: 40,
    data: Float32Array.from({ length: 1600 }, (_, i) => (i % 40 === 20 ? 200 : 0)),
  };
  assert.throws(() => prepareImage(stripe, EIGHT), { code: 'mask-empty', message: /nothing large.*breast: whole/ });
  const { mask, plane, decisions } = prepareImage(stripe, EIGHT, { breast: 'whole', chestWall: 'stored' });
  assert.deepEqual([mask.areaPx, mask.boxPx, plane.width, plane.height], [1600, [0, 0, 40, 40], 40, 40]);
  assert.equal(decisions.find(({ step }) => step === 'breast mask')?.evidence[0]?.source, 'user');
});
