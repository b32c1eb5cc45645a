import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chestWallOf, cosineDirections, orientDirections, patientDirections } from './anatomical-direction.ts';
import { MIRRORED, ROTATED_LEFT, UPSIDE_DOWN } from './orientation.ts';

test('PatientOrientation says where the chest wall is', () => {
  const wall = (...PatientOrientation: string[]) => {
    const directions = patientDirections({ PatientOrientation });
    return directions && chestWallOf(directions);
  };
  assert.equal(wall('A', 'R'), 'left');
  assert.equal(wall('P', 'FL'), 'right');
  assert.equal(wall('L', 'A'), 'top');
  assert.equal(wall('H', 'P'), 'bottom');
  assert.equal(wall('L', 'F'), undefined);
  assert.equal(wall('', ''), undefined);
  assert.equal(patientDirections({}), undefined);
});

test('direction cosines give the letters of the patient’s axes', () => {
  // Rows to the front (-y), columns to the feet (-z): a left MLO without tilt.
  assert.deepEqual(cosineDirections({ ImageOrientationPatient: [0, -1, 0, 0, 0, -1] }), { right: 'A', down: 'F' });
  const tilt = Math.PI / 4;
  const oblique = [0, -1, 0, -Math.sin(tilt) * 0.99, 0, -Math.cos(tilt) * 1.0099];
  assert.deepEqual(cosineDirections({ ImageOrientationPatient: oblique }), { right: 'A', down: 'FR' });
});

test('what contradicts itself is refused', () => {
  for (const value of [['A'], ['A', 'P'], ['A', 'X'], ['AP', 'F'], ['A', 'AF']]) {
    assert.throws(() => patientDirections({ PatientOrientation: value }), {
      code: 'tag-invalid',
      message: /PatientOrientation/,
    });
  }
  for (const value of [
    [1, 0, 0, 1, 0, 0],
    [2, 0, 0, 0, 1, 0],
    [1, 0, 0],
    [1, 0, 0, 0, Number.NaN, 0],
  ]) {
    assert.throws(() => cosineDirections({ ImageOrientationPatient: value }), { code: 'tag-invalid' });
  }
});

test('directions turn with the image', () => {
  const stored = { right: 'P', down: 'FL' };
  assert.deepEqual(orientDirections(stored, MIRRORED), { right: 'A', down: 'FL' });
  assert.deepEqual(orientDirections(stored, UPSIDE_DOWN), { right: 'P', down: 'HR' });
  // Counter-clockwise: what pointed right points up, what pointed down points right.
  assert.deepEqual(orientDirections(stored, ROTATED_LEFT), { right: 'FL', down: 'A' });
});
