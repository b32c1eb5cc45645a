/** What each member sees of a region, as planes in their order. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { storedPlace } from '../data/stored-place.ts';
import { focusIn, planesFor, planesOf } from './lesion-inputs.ts';
import type { LesionRoi } from './lesion-roi.ts';
import { type LesionInput, MEMBERS, memberOf } from './members.ts';

/** Twelve slices of one pixel each, its value the number of the slice. */
const roiOf = (focus: number): LesionRoi => ({
  slices: Array.from({ length: 12 }, (_, k) => Float32Array.of(k)),
  ...{ focus, focusFrom: 'Eq. 8', firstSlice: 0, place: storedPlace({}, [0, 0, 1, 1]) },
});
const seen = (input: LesionInput, focus: number) => planesFor(input, roiOf(focus)).map(([value]) => value);

test('joined features see the focus slice first and then what the network of slices sees', () => {
  for (const count of [4, 8, 12])
    for (const focus of [0, 5, 11]) {
      const around = seen({ kind: 'slices', count }, focus);
      assert.deepEqual(seen({ kind: 'focus slice and slices', count }, focus), [focus, ...around]);
    }
});

test('every member sees as many planes as its network takes, and the focus slice where it is said to be', () => {
  for (const name of Object.keys(MEMBERS) as (keyof typeof MEMBERS)[]) {
    const { input } = memberOf(name);
    for (const focus of [0, 3, 6, 11]) {
      const planes = seen(input, focus);
      assert.equal(planes.length, planesOf(input), name);
      const at = focusIn(input, roiOf(focus));
      assert.equal(at === undefined, input.kind !== 'slices', name);
      if (at !== undefined) assert.equal(planes[at], focus, `${name}, focus slice ${focus}`);
    }
  }
});
