import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const MAMMOSCOPE = fileURLToPath(new URL('../mammoscope', import.meta.url));

test('bench train prints figures that fit together', async () => {
  const flags = ['bench', 'train', '--case', 'anisotropic', '--steps', '2', '--json'];
  const { stdout } = await promisify(execFile)(MAMMOSCOPE, flags);
  const [result] = JSON.parse(stdout) as [Record<string, number>];
  const {
    leastMs = 0,
    medianMs = 0,
    gflop = 0,
    gflopPerSecond = 0,
    ceilingGflopPerSecond = 0,
    shareOfCeiling = 0,
    peakMiB = 0,
    stepMiB = 0,
  } = result;
  // 64 x 64 channels, 2 x 12 slices of 56 x 56, 9 taps within and 3 across, forward, dx and dw but for the first dx.
  const pixels = 2 * 12 * 56 * 56;
  assert.equal(Math.round(gflop * 1e6), Math.round((2 * pixels * 64 * 64 * (9 * 2 + 3 * 3)) / 1e3));
  assert.ok(leastMs > 0 && leastMs <= medianMs);
  assert.ok(Math.abs(gflopPerSecond - (1000 * gflop) / leastMs) < 1e-6 * gflopPerSecond);
  assert.ok(Math.abs(shareOfCeiling - gflopPerSecond / ceilingGflopPerSecond) < 1e-9);
  assert.ok(peakMiB > stepMiB && stepMiB > 0);
});
