/** Exact rank pooling against scikit-learn's LinearSVC on all pairs (references/rank-pooling.json). */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { rankPool } from '@mammoscope/imaging';
import { unit } from '@mammoscope/runtime';

interface Reference {
  readonly T: number;
  readonly H: number;
  readonly W: number;
  readonly lambda_: number;
  readonly inputName: string;
  readonly ramp: number;
  readonly objective: number;
  readonly norm: number;
  readonly d: readonly number[];
  readonly sliceCoefficients: readonly number[];
}

const references: readonly Reference[] = JSON.parse(
  readFileSync(new URL('../references/rank-pooling.json', import.meta.url), 'utf8'),
);

for (const { T, H, W, lambda_, inputName, ramp, objective, norm, d, sliceCoefficients } of references) {
  test(`rank pooling of ${T} slices of ${H} x ${W}, lambda ${lambda_}, is scikit-learn's`, async () => {
    const probe = unit(inputName, T * H * W);
    const slice = async (t: number) =>
      Float64Array.from({ length: H * W }, (_, i) => ((probe[t * H * W + i] as number) + 1) / 2 + (ramp * t) / (T - 1));
    const pooled = await rankPool({ depth: T, slice }, { lambda: lambda_ });
    assert.ok(Math.abs(pooled.objective - objective) <= 1e-8, `objective ${pooled.objective}, not ${objective}`);
    assert.ok(pooled.dualityGap < 1e-9);
    const length = Math.sqrt(pooled.d.reduce((sum, value) => sum + value * value, 0));
    assert.ok(Math.abs(length - norm) <= 1e-5 * norm);
    for (const [i, expected] of d.entries()) assert.ok(Math.abs((pooled.d[i] as number) - expected) <= 1e-5 * norm);
    for (const [t, expected] of sliceCoefficients.entries())
      assert.ok(Math.abs((pooled.weights[t] as number) - expected) <= 1e-5, `weight ${t}`);
  });
}
