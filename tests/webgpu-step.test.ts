/** Whole training steps on ONNX Runtime's webgpu provider, with parameters that stay on the device between steps. */
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { runWithDriver, withoutDriver } from './webgpu-driver.ts';
import type { DeviceReport, TrainingReport } from './webgpu-training.ts';

/** Largest relative difference of a loss, and after four steps of a parameter or moment, from the CPU's. */
const TOLERANCE = { loss: 1e-5, value: 1e-4 } as const;

let report: DeviceReport | null = null;
const known = (): DeviceReport => report ?? assert.fail('the comparison has not run');
before(async () => {
  if (!withoutDriver) report = (await runWithDriver('webgpu-training.ts')) as DeviceReport;
});

for (const name of ['squeezenet1_1', 'residual']) {
  test(`${name} trains on webgpu as on the CPU`, { skip: withoutDriver }, () => {
    const { losses, errors } = known().training[name] as TrainingReport;
    for (const [step, loss] of losses.cpu.entries()) {
      const other = losses.webgpu[step] as number;
      assert.ok(Math.abs(other - loss) <= TOLERANCE.loss * loss, `step ${step + 1}: ${other}, on the CPU ${loss}`);
    }
    assert.ok(errors.length > 20);
    const wrong = errors.filter(([, error]) => !(error <= TOLERANCE.value));
    assert.deepEqual(wrong, []);
  });

  test(`no node of a training step of ${name} runs on the CPU`, { skip: withoutDriver }, () =>
    assert.equal(known().training[name]?.fallsBack, false),
  );
}

test(
  'a value on the device outlives the session that wrote it, and gives way to one that is put',
  {
    skip: withoutDriver,
  },
  () => assert.deepEqual(known().life, { trained: 3, released: 3, read: 3, put: 7 }),
);

test('steps take no more memory the more there are', { skip: withoutDriver }, () => {
  const { growthMib, writtenMib } = known();
  assert.ok(growthMib < writtenMib / 2, `${growthMib} MiB after ${writtenMib} MiB of new values`);
});
