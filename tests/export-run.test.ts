/** export: the file gives the run's scores in onnxruntime-node and in onnxruntime-web (WebAssembly), and says what it is. */
import assert from 'node:assert/strict';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { readImage } from '@mammoscope/imaging';
import * as ort from 'onnxruntime-node';
import * as web from 'onnxruntime-web';
import { assertDone, assertRefused, copyOf, phantomManifest, trainArguments, workplace } from './cli-process.ts';

const NETWORKS = ['squeezenet1_1', 'resnet18'];
const SIZE_PX = 32;
/** Two float32 runs of one network. */
const TOLERANCE = 1e-5;

const { folder, mammoscope } = await workplace();

interface Scored {
  readonly path: string;
  readonly score: number;
  readonly decision: string;
  readonly members: Readonly<Record<string, number>>;
}
let images: readonly Scored[];
let planes: readonly Float32Array[];
let cutoff: number;

before(async () => {
  const manifest = await phantomManifest(join(folder, 'data'));
  assertDone(await mammoscope(trainArguments(manifest, 'run', NETWORKS.join(','))));
  assertDone(await mammoscope(['predict', 'run', 'data/images', '--out', 'predictions']));
  const predictions = JSON.parse(await readFile(join(folder, 'predictions', 'predictions.json'), 'utf8'));
  images = predictions.predictions.slice(0, 5);
  cutoff = predictions.cutoff;
  planes = await Promise.all(images.map(async ({ path }) => (await readImage(join(folder, path))).data));
});

/** (x - mean) / sd in doubles. */
function standardised(plane: Float32Array): number[] {
  const mean = plane.reduce((sum, x) => sum + x, 0) / plane.length;
  const deviation = Math.sqrt(plane.reduce((sum, x) => sum + (x - mean) ** 2, 0) / plane.length);
  return [...plane].map((x) => (x - mean) / deviation);
}

type Outputs = Readonly<Record<string, ort.Tensor | web.Tensor>>;
/** Both runtimes, as a caller who knows nothing of mammoscope uses them. */
const RUNTIMES: Readonly<
  Record<string, (bytes: Uint8Array, image: Float32Array, dims: readonly number[]) => Promise<Outputs>>
> = {
  'onnxruntime-node': async (bytes, image, dims) => {
    const session = await ort.InferenceSession.create(bytes, { intraOpNumThreads: 1 });
    const outputs = await session.run({ image: new ort.Tensor('float32', image, dims) });
    await session.release();
    return outputs;
  },
  'onnxruntime-web': async (bytes, image, dims) => {
    web.env.wasm.numThreads = 1;
    const session = await web.InferenceSession.create(bytes, { executionProviders: ['wasm'] });
    const outputs = await session.run({ image: new web.Tensor('float32', image, dims) });
    await session.release();
    return outputs;
  },
};

async function holdScores(
  model: string,
  expected: readonly number[],
  seen: (plane: Float32Array) => Iterable<number>,
): Promise<void> {
  const bytes = await readFile(join(folder, model));
  for (const [runtime, run] of Object.entries(RUNTIMES)) {
    for (const batch of [1, 5]) {
      const image = Float32Array.from(planes.slice(0, batch).flatMap((plane) => [...seen(plane)]));
      const { score, probabilities } = await run(bytes, image, [batch, 1, SIZE_PX, SIZE_PX]);
      assert.ok(score && probabilities);
      assert.deepEqual([score.dims, probabilities.dims], [[batch], [batch, 2]]);
      for (const [i, value] of [...(score.data as Float32Array)].entries()) {
        const off = Math.abs(value - (expected[i] as number));
        assert.ok(off <= TOLERANCE, `${model}, ${runtime}, batch ${batch}, image ${i}: off by ${off}`);
        const [negative = 0, positive = 0] = (probabilities.data as Float32Array).subarray(2 * i, 2 * i + 2);
        assert.ok(Math.abs(positive - value) <= TOLERANCE && Math.abs(negative + positive - 1) <= TOLERANCE);
      }
    }
  }
}

test('the average of all networks gives the scores of predict, for one image and for five', async () => {
  const outcome = await mammoscope(['export', 'run', '--out', 'all.onnx', '--json']);
  assertDone(outcome);
  const { networks, cutoff: told, inputs, preprocessing } = JSON.parse(outcome.stdout);
  assert.deepEqual([networks, told, inputs, preprocessing], [NETWORKS, cutoff, { image: SIZE_PX }, 'metadata']);
  const scores = images.map(({ score }) => score);
  assert.ok(new Set(scores).size > 1, 'the images differ');
  await holdScores('all.onnx', scores, standardised);
});

test('with preprocessing in the graph it takes stored values', async () => {
  assertDone(await mammoscope(['export', 'run', '--out', 'graph.onnx', '--preprocessing', 'graph']));
  await holdScores(
    'graph.onnx',
    images.map(({ score }) => score),
    (plane) => plane,
  );
});

test('one network alone, as export writes it and as train did', async () => {
  for (const network of NETWORKS) {
    assertDone(await mammoscope(['export', 'run', '--network', network, '--out', `${network}.onnx`]));
    const scores = images.map(({ members }) => members[network] as number);
    await holdScores(`${network}.onnx`, scores, standardised);
    await holdScores(join('run', network, 'model.onnx'), scores, standardised);
  }
});

/** Texts of a protobuf file that is otherwise weights. */
const textOf = async (model: string) => Buffer.from(await readFile(join(folder, model))).toString('latin1');

test('the file says what it is, and needs standard ops alone', async () => {
  assertDone(
    await mammoscope(['export', 'run', '--out', 'told.onnx', '--preprocessing', 'graph', '--licence', 'CC-BY-4.0']),
  );
  const [told, plain] = [await textOf('told.onnx'), await textOf('all.onnx')];
  for (const fact of [
    'kang2021',
    JSON.stringify(NETWORKS),
    '["normal","microcalcification"]',
    JSON.stringify(cutoff),
    `"shape":["N",1,${SIZE_PX},${SIZE_PX}]`,
    '"mammoscope":"',
    'Not a medical device',
  ])
    for (const text of [told, plain]) assert.ok(text.includes(fact), fact);
  assert.ok(told.includes('CC-BY-4.0') && told.includes('"values":"stored values'));
  assert.ok(plain.includes('not stated: ask') && plain.includes('"normalisation":"before the model'));
  assert.ok(!told.includes('com.microsoft'));
});

test('export tells what it wrote', async () => {
  const { stdout } = await mammoscope(['export', 'run', '--out', 'text.onnx']);
  assert.match(stdout, /^text\.onnx: squeezenet1_1, resnet18, averaged, [\d.]+ MiB\nimage: N x 32 x 32/);
  assert.match(stdout, /cut-off 0\.\d{4} from the validation images\nNot a medical device/);
});

test('where no cut-off beats chance the file has none', async () => {
  const flat = await copyOf(join(folder, 'run'), 'flat');
  for (const network of NETWORKS) {
    const path = join(flat, network, 'validation.csv');
    await writeFile(path, (await readFile(path, 'utf8')).replaceAll(/,[\d.e-]+$/gm, ',0.5'));
  }
  const outcome = await mammoscope(['export', 'run-flat', '--out', 'flat.onnx']);
  assertDone(outcome);
  assert.match(outcome.stdout, /no cut-off beats chance/);
  assert.ok((await textOf('flat.onnx')).includes('cutoff\x12\x04null'));
});

test('what cannot be exported is refused in one sentence, and nothing is written', async () => {
  const refused = async (pattern: RegExp, ...args: string[]) =>
    assertRefused(await mammoscope(['export', ...args]), 2, pattern);
  await refused(
    /--network resnet50: the run has squeezenet1_1, resnet18/,
    'run',
    '--out',
    'no.onnx',
    '--network',
    'resnet50',
  );
  await refused(/missing\/no\.onnx: there is no folder .*missing/, 'run', '--out', 'missing/no.onnx');
  await refused(/end the name in \.onnx/, 'run', '--out', 'no.pt');
  await refused(/holds no run/, 'data', '--out', 'no.onnx');
  await refused(/required option '--out/, 'run');
  await refused(/'nowhere' is invalid/, 'run', '--out', 'no.onnx', '--preprocessing', 'nowhere');
  const unfinished = await copyOf(join(folder, 'run'), 'unfinished');
  await rm(join(unfinished, 'resnet18', 'validation.csv'));
  await refused(/resnet18\/validation\.csv is missing: training did not finish/, 'run-unfinished', '--out', 'no.onnx');
  assertDone(await mammoscope(['export', 'run-unfinished', '--network', 'squeezenet1_1', '--out', 'half.onnx']));
  const damaged = await copyOf(join(folder, 'run'), 'damaged');
  await rm(join(damaged, 'resnet18', 'best.safetensors'));
  await refused(/best\.safetensors.*--resume/, 'run-damaged', '--out', 'no.onnx');
  await assert.rejects(readFile(join(folder, 'no.onnx')));
});
