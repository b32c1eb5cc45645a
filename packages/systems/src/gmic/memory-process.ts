/**
 * A process of its own for memory.test.ts: `inference`, `training` or `recomputed` (training that computes blocks again) over so many
 * slices, of 768 x 512 px or, with `full` after the number, of the paper's 2116 x 1339 with 8 patches; prints its peak in MiB.
 */
import { adam } from '@mammoscope/nn';
import { RandomStream } from '@mammoscope/random';
import { Engine, probeInput, probeParameter } from '@mammoscope/runtime';
import { peakBytesNow } from '../bench/peak-memory.ts';
import { loadGmic, predictVolume } from './gmic.ts';
import { gmicStep } from './graphs.ts';
import type { GmicSpec } from './spec.ts';
import { loadStep, stepShapes, trainVolumes } from './train-volumes.ts';

const [pass, slices, size] = [process.argv[2], Number(process.argv[3]), process.argv[4]];
const BETA = 1e-6;
const spec: GmicSpec = {
  ...(size === 'full'
    ? { heightPx: 2116, widthPx: 1339, cropPx: 256, patches: 8 }
    : { heightPx: 768, widthPx: 512, cropPx: 64, patches: 2 }),
  slicesPerRun: 1,
  pooledShare: 1,
  zeta: 2,
  nonlinearity: 'reluTanh',
  omega: 0.01,
};

const engine = await Engine.create({ threads: 1 });
const optimiser = adam();
const step = gmicStep(spec, {
  optimiser,
  weightDecay: 0,
  device: 'cpu',
  volumes: 1,
  beta: BETA,
  recompute: pass === 'recomputed',
});
for (const [name, shape] of stepShapes(step, engine, optimiser)) {
  const zeros = name.includes('/');
  const data = zeros ? new Float32Array(shape.reduce((a, b) => a * b, 1)) : probeParameter(name, shape, '');
  await engine.give(new Map([[name, { dtype: 'float32', shape, data }]]));
}
const read = async (slice: number) => probeInput([spec.heightPx, spec.widthPx], slice);
const volume = { name: 'volume', slices, read };
if (pass === 'inference') await predictVolume(await loadGmic(engine, spec), spec, volume);
else {
  const scalars = new Map(
    Object.entries(optimiser.scalars(1, [1e-5])).map(([name, value]) => [name, Float32Array.of(value)]),
  );
  const labelled = { volume, labels: [1, 0], stream: new RandomStream(1) };
  const { differentiated } = await trainVolumes(await loadStep(engine, spec, step), spec, [labelled], {
    beta: BETA,
    scalars,
  });
  if (differentiated !== slices) throw new Error(`every slice has a gradient here, got ${differentiated} of ${slices}`);
}
await engine.close();
console.log(peakBytesNow() / 2 ** 20);
