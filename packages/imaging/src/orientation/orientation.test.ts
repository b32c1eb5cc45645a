import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RandomStream } from '@mammoscope/random';
import type { Plane } from '../plane.ts';
import {
  AS_STORED,
  composeOrientations,
  describeOrientation,
  inverseOrientation,
  ORIENTATIONS,
  orientBox,
  orientPlane,
  ROTATED_LEFT,
  ROTATED_RIGHT,
} from './orientation.ts';

const random = new RandomStream(3, 'orientation test');
const [width, height] = [7, 4];
const plane = { width, height, data: Float32Array.from({ length: width * height }, () => random.uniform()) };
const digest = ({ width, height, data }: Plane) => `${width}x${height}:${[...data].join()}`;

test('all eight come back to the same image, and are eight different ones', () => {
  assert.equal(ORIENTATIONS.length, 8);
  assert.equal(new Set(ORIENTATIONS.map((to) => digest(orientPlane(plane, to)))).size, 8);
  assert.equal(new Set(ORIENTATIONS.map(describeOrientation)).size, 8);
  for (const to of ORIENTATIONS) {
    const back = orientPlane(orientPlane(plane, to), inverseOrientation(to));
    assert.equal(digest(back), digest(plane), describeOrientation(to));
  }
});

test('one after the other is their composition, for all 64 pairs', () => {
  for (const first of ORIENTATIONS) {
    for (const then of ORIENTATIONS) {
      const twice = orientPlane(orientPlane(plane, first), then);
      assert.equal(digest(orientPlane(plane, composeOrientations(first, then))), digest(twice));
    }
  }
});

test('rotations turn the way their names say: rows of a 3 x 2 image typed by hand', () => {
  const small = { width: 3, height: 2, data: Float32Array.of(1, 2, 3, 4, 5, 6) };
  assert.deepEqual([...orientPlane(small, ROTATED_LEFT).data], [3, 6, 2, 5, 1, 4]);
  assert.deepEqual([...orientPlane(small, ROTATED_RIGHT).data], [4, 1, 5, 2, 6, 3]);
  assert.deepEqual([...orientPlane(small, AS_STORED).data], [1, 2, 3, 4, 5, 6]);
});

test('a box lies on the same pixels after any orientation', () => {
  const box = [1, 0, 5, 3] as const;
  const marked = { width, height, data: new Float32Array(width * height) };
  for (let y = box[1]; y < box[3]; y++) for (let x = box[0]; x < box[2]; x++) marked.data[y * width + x] = 1;
  for (const to of ORIENTATIONS) {
    const turned = orientPlane(marked, to);
    const [x1, y1, x2, y2] = orientBox(box, width, height, to);
    const inside = (i: number) => {
      const [x, y] = [i % turned.width, Math.floor(i / turned.width)];
      return x >= x1 && x < x2 && y >= y1 && y < y2 ? 1 : 0;
    };
    assert.ok(
      turned.data.every((value, i) => value === inside(i)),
      describeOrientation(to),
    );
  }
});
