import assert from 'node:assert/strict';
import { test } from 'node:test';
import { balancedGroups } from './balanced-batches.ts';

const CLASSES = [0, 1, 1, 0, 2, 1, 1, 1, 0, 1]; // 3, 6 and 1

test('every group has one of each class, the largest class is gone through once and the others evenly', () => {
  const groups = balancedGroups(CLASSES, 3, 4, 0);
  assert.equal(groups.length, 6);
  for (const group of groups)
    assert.deepEqual(
      group.map((i) => CLASSES[i]),
      [0, 1, 2],
    );
  const used = CLASSES.map((_, i) => groups.flat().filter((each) => each === i).length);
  assert.deepEqual(used, [2, 1, 1, 2, 6, 1, 1, 1, 2, 1]);
});

test('epochs and seeds differ, and the same ones do not', () => {
  const text = (seed: number, epoch: number) => JSON.stringify(balancedGroups(CLASSES, 3, seed, epoch));
  assert.equal(text(4, 1), text(4, 1));
  assert.notEqual(text(4, 1), text(4, 0));
  assert.notEqual(text(4, 1), text(5, 1));
});
