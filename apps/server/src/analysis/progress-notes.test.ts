import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { progressNotes } from './progress-notes.ts';

test('notes come one at a time, as shares, and none after it was said that there are none', async () => {
  const begun: number[] = [];
  const ended: number[] = [];
  const notes = progressNotes(async (share) => {
    begun.push(share);
    await sleep(20);
    ended.push(share);
  }, 0);
  for (let done = 1; done <= 4; done++) notes.onProgress(done, 4);
  assert.deepEqual([begun, ended], [[0.25], []]);
  await notes.noted();
  assert.deepEqual(ended, [0.25]);
  notes.onProgress(4, 4);
  await notes.noted();
  assert.deepEqual(
    [begun, ended],
    [
      [0.25, 1],
      [0.25, 1],
    ],
  );
});

test('what comes too soon after the start or a note is passed over', async () => {
  const told: number[] = [];
  const notes = progressNotes(async (share) => void told.push(share), 50);
  notes.onProgress(1, 100);
  await sleep(60);
  notes.onProgress(2, 100);
  await notes.noted();
  notes.onProgress(3, 100);
  await notes.noted();
  assert.deepEqual(told, [0.02]);
});
