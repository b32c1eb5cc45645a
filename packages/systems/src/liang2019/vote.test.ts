import assert from 'node:assert/strict';
import { test } from 'node:test';
import { majorityVote } from './vote.ts';

const THIRDS = [1 / 3, 1 / 3, 1 / 3];

test('two of three votes win against a surer third', () => {
  const { called, share, probabilities } = majorityVote(
    [
      [0.45, 0.55],
      [0.4, 0.6],
      [0.99, 0.01],
    ],
    THIRDS,
  );
  assert.equal(called, 1);
  assert.ok(Math.abs(share - 2 / 3) < 1e-12);
  assert.ok(Math.abs((probabilities[0] as number) - (0.45 + 0.4 + 0.99) / 3) < 1e-12);
});

test('weights decide: one vote of more than half outvotes the others, one of none does not count', () => {
  const votes = [
    [0.1, 0.9],
    [0.8, 0.2],
    [0.7, 0.3],
  ];
  assert.equal(majorityVote(votes, THIRDS).called, 0);
  assert.equal(majorityVote(votes, [0.6, 0.2, 0.2]).called, 1);
  assert.equal(majorityVote(votes, [0, 0.5, 0.5]).share, 1);
});

test('a tie goes to the class with the larger mean probability', () => {
  assert.equal(
    majorityVote(
      [
        [0.9, 0.1],
        [0.2, 0.8],
      ],
      [0.5, 0.5],
    ).called,
    0,
  );
  assert.equal(
    majorityVote(
      [
        [0.6, 0.4],
        [0.1, 0.9],
      ],
      [0.5, 0.5],
    ).called,
    1,
  );
  assert.equal(
    majorityVote(
      [
        [0.5, 0.3, 0.2],
        [0.1, 0.6, 0.3],
        [0.2, 0.1, 0.7],
      ],
      THIRDS,
    ).called,
    2,
  );
});
