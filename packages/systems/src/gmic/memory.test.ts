/** Slices stream: what a process holds at its peak does not grow with their number, neither in inference nor in training. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const FEW = 4;
const PROCESS = fileURLToPath(new URL('./memory-process.ts', import.meta.url));

/** MiB at the peak of a pass over so many slices of 768 x 512. */
async function peak(pass: 'inference' | 'training', slices: number): Promise<number> {
  const { stdout } = await promisify(execFile)(process.execPath, [PROCESS, pass, String(slices)]);
  return Number(stdout.trim());
}

for (const [pass, many] of [
  ['inference', 104],
  ['training', 34],
] as const)
  test(`${pass} over ${many} slices takes little more memory than over ${FEW}`, async (t) => {
    const [least, most] = [await peak(pass, FEW), await peak(pass, many)];
    t.diagnostic(`${least.toFixed(0)} and ${most.toFixed(0)} MiB`);
    // What grows is pixels that wait for the garbage collector, which bounds them. In one graph the network's values of the slices
    // between these two would be 750 MiB in inference and 1.6 GiB in training (bytesAlive).
    assert.ok(most - least < 180, `${least} and ${most} MiB`);
  });
