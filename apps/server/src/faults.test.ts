import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { hearFaults } from './faults.ts';
import type { LogFields } from './log.ts';

/** A process in which errors go unheard, and what became of them. */
function heard(isUsable: () => Promise<boolean>) {
  const process = new EventEmitter();
  const lines: (readonly [level: string, event: string, reason: string | undefined])[] = [];
  let given = 0;
  const log = (level: string, event: string, { reason }: LogFields = {}) => lines.push([level, event, reason]);
  hearFaults({ log, isUsable, giveUp: () => given++ }, process as unknown as NodeJS.Process);
  return { process, lines, given: () => given };
}

test('a connection that ended is told, and concerns nobody else', async () => {
  const { process, lines, given } = heard(() => Promise.reject(new Error('it is not asked for')));
  for (let i = 0; i < 50; i++)
    process.emit('uncaughtException', Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }));
  await turn();
  assert.deepEqual([lines.length, lines[0]?.slice(0, 2), given()], [50, ['warn', 'fault'], 0]);
});

test('any other is told by its kind and place, never by its words, and the process goes on while it can be used', async () => {
  const { process, lines, given } = heard(async () => true);
  process.emit('uncaughtException', new TypeError('DOE^JANE is not a function'));
  process.emit('unhandledRejection', 'no error object');
  await turn();
  assert.deepEqual(
    lines.map(([level, event]) => [level, event]),
    [
      ['error', 'fault'],
      ['error', 'fault'],
    ],
  );
  assert.match(lines[0]?.[2] ?? '', /^TypeError at faults\.test\.ts:\d+:\d+$/);
  assert.doesNotMatch(JSON.stringify(lines), /DOE/);
  assert.equal(given(), 0);
});

test('it is given up where what all share is broken, or where faults do not end', async () => {
  for (const isUsable of [async () => false, () => Promise.reject(new Error('broken'))]) {
    const { process, given } = heard(isUsable);
    process.emit('unhandledRejection', new Error('x'));
    await turn();
    assert.equal(given(), 1);
  }
  const { process, given, lines } = heard(async () => true);
  for (let i = 0; i < 20; i++) process.emit('unhandledRejection', new Error('x'));
  await turn();
  assert.equal(given(), 0);
  process.emit('unhandledRejection', new Error('x'));
  await turn();
  assert.deepEqual([given(), lines.at(-1)?.slice(0, 2)], [1, ['error', 'given-up']]);
});
