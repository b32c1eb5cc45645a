/** The weights of MAMMOSCOPE_DATA in our network, against the ONNX file itself in ONNX Runtime. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { Graph, networks, Scope } from '@mammoscope/nn';
import {
  AttributeProto_AttributeType,
  ModelProtoSchema,
  NodeProtoSchema,
  TensorProto_DataType,
  ValueInfoProtoSchema,
} from '@mammoscope/nn/onnx-protobuf';
import * as ort from 'onnxruntime-node';
import { unit } from '../probe/probe-tensors.ts';
import { sessionOptions } from '../session/device.ts';
import { evaluateGraph } from '../session/evaluate.ts';
import { readOnnxWeights } from './import-onnx.ts';
import { loadWeights } from './load-weights.ts';
import { readWeights } from './read-weights.ts';
import {
  CAFFE_MEAN_BGR,
  SQUEEZENET_NAMES,
  squeezenetFromCaffe,
  TORCHVISION_MEAN,
  TORCHVISION_STD,
} from './squeezenet-names.ts';
import type { StateDict } from './state-dict.ts';

const data = process.env.MAMMOSCOPE_DATA;
const skip = data ? false : 'MAMMOSCOPE_DATA is not set';
const path = join(data ?? '', 'weights', 'squeezenet1_1-imagenet-fp16.onnx');
const SIDE = 224;
const PIXELS = SIDE * SIDE;

/** An RGB image of 0 to 255 with the spectrum of a photograph: coloured waves whose amplitude falls with frequency. */
function picture(): Float32Array {
  const image = new Float32Array(3 * PIXELS).fill(120);
  const waves = 60;
  const draws = unit('picture', waves * 6);
  for (let wave = 0; wave < waves; wave++) {
    const [u, v, ...phases] = draws.subarray(wave * 6, wave * 6 + 6) as unknown as [number, number, ...number[]];
    const [across, down] = [u * (1 + wave / 2), v * (1 + wave / 2)];
    for (let i = 0; i < image.length; i++) {
      const [x, y] = [(i % SIDE) / SIDE, (Math.floor(i / SIDE) % SIDE) / SIDE];
      const phase = 2 * Math.PI * (across * x + down * y + 0.3 * (phases[Math.floor(i / PIXELS)] as number));
      image[i] = (image[i] as number) + (60 / (1 + wave / 2)) * Math.sin(phase);
    }
  }
  return image.map((value) => Math.min(Math.max(value, 0), 255));
}

/** The file with a float32 input and the 1000 logits, before softmax, as a float32 output. */
function withLogits(bytes: Uint8Array): Uint8Array {
  const model = fromBinary(ModelProtoSchema, bytes);
  const { graph } = model;
  assert.ok(graph);
  const { FLOAT, FLOAT16 } = TensorProto_DataType;
  const value = (name: string, dims: number[]) =>
    create(ValueInfoProtoSchema, {
      name,
      type: {
        value: {
          case: 'tensorType',
          value: {
            elemType: FLOAT,
            shape: { dim: dims.map((extent) => ({ value: { case: 'dimValue' as const, value: BigInt(extent) } })) },
          },
        },
      },
    });
  const cast = (from: string, to: string, type: TensorProto_DataType) =>
    create(NodeProtoSchema, {
      opType: 'Cast',
      input: [from],
      output: [to],
      attribute: [{ name: 'to', type: AttributeProto_AttributeType.INT, i: BigInt(type) }],
    });
  graph.input = [...graph.input.filter(({ name }) => name !== 'data_0'), value('image', [1, 3, SIDE, SIDE])];
  graph.node = [cast('image', 'data_0', FLOAT16), ...graph.node, cast('pool10_1', 'logits', FLOAT)];
  graph.output = [value('logits', [1, 1000, 1, 1])];
  return toBinary(ModelProtoSchema, model);
}

async function fileLogits(image: Float32Array): Promise<Float32Array> {
  const session = await ort.InferenceSession.create(withLogits(await readFile(path)), sessionOptions('cpu', 1));
  const { logits } = await session.run({ image: new ort.Tensor('float32', image, [1, 3, SIDE, SIDE]) });
  await session.release();
  return logits?.data as Float32Array;
}

async function ourLogits(tensors: StateDict, image: Float32Array, channels = 3): Promise<Float32Array> {
  const graph = new Graph();
  const scope = new Scope(graph, false);
  const input = graph.input('image', [1, channels, SIDE, SIDE]);
  graph.output('logits', networks.squeezenet1_1(scope, input, { outputs: 1000 }).logits);
  const { values, report } = loadWeights(scope.declarations, tensors, { seed: 1, file: path });
  assert.equal(report.loaded.length + report.adapted.length, scope.declarations.size);
  assert.equal(report.adapted.length, channels === 1 ? 1 : 0);
  const results = await evaluateGraph(graph, new Map([...values, ['image', image]]), { device: 'cpu', blockSize: 0 });
  return results.get('out:logits') as Float32Array;
}

const plane = (image: Float32Array, channel: number) => image.subarray(channel * PIXELS, (channel + 1) * PIXELS);

/** What Caffe's models take: blue, green, red, less the mean. */
function caffeInput(rgb: Float32Array): Float32Array {
  const planes = CAFFE_MEAN_BGR.map((mean, c) => [...plane(rgb, 2 - c)].map((value) => value - mean));
  return Float32Array.from(planes.flat());
}

/** What torchvision's models take: red, green, blue of 0 to 1, normalised. */
function torchvisionInput(rgb: Float32Array): Float32Array {
  const planes = [0, 1, 2].map((c) =>
    [...plane(rgb, c)].map((value) => (value / 255 - (TORCHVISION_MEAN[c] ?? 0)) / (TORCHVISION_STD[c] ?? 1)),
  );
  return Float32Array.from(planes.flat());
}

const deviation = (got: Float32Array, reference: Float32Array) =>
  Math.max(...got.map((value, i) => Math.abs(value - (reference[i] as number)))) / Math.max(...reference.map(Math.abs));
const best = (logits: Float32Array) => logits.indexOf(Math.max(...logits));
/** Entropy of the softmax, in nats; that of 1000 equal classes is 6.9. */
function entropy(logits: Float32Array): number {
  const largest = Math.max(...logits);
  const total = logits.reduce((sum, value) => sum + Math.exp(value - largest), 0);
  return logits.reduce((sum, value) => {
    const p = Math.exp(value - largest) / total;
    return p > 0 ? sum - p * Math.log(p) : sum;
  }, 0);
}

/** Rounding to 11 bits after each of 26 layers, where ONNX Runtime has float16 kernels; elsewhere it computes in float32. */
const HALF_ROUNDING = 1e-2;

test('the names cover squeezenet1_1 exactly', () => {
  const scope = new Scope(new Graph(), false);
  networks.squeezenet1_1(scope, scope.graph.input('image', [1, 3, 64, 64]), { outputs: 1000 });
  assert.deepEqual([...SQUEEZENET_NAMES.values()].sort(), [...scope.declarations.keys()].sort());
  assert.equal(SQUEEZENET_NAMES.get('fire6/expand3x3_w_0'), 'features.9.expand3x3.weight');
});

/** The file's tensors under our names, for the input that the file wants. */
async function renamed(): Promise<StateDict> {
  const tensors = await readOnnxWeights(path);
  return new Map([...tensors].map(([name, tensor]) => [SQUEEZENET_NAMES.get(name) ?? name, tensor]));
}

test('our network gives the logits of the file on the input of the file', { skip }, async () => {
  const image = caffeInput(picture());
  const [reference, got] = [await fileLogits(image), await ourLogits(await renamed(), image)];
  assert.equal(best(got), best(reference));
  assert.ok(deviation(got, reference) < HALF_ROUNDING, `off by ${deviation(got, reference)}`);
  assert.ok(entropy(got) < 3, `a trained network decides: entropy ${entropy(got)}`);
});

test('imported weights give the same logits on the input of torchvision', { skip }, async () => {
  const rgb = picture();
  const reference = await ourLogits(await renamed(), caffeInput(rgb));
  const got = await ourLogits(await readWeights(path, 'squeezenet1_1'), torchvisionInput(rgb));
  assert.ok(deviation(got, reference) < 1e-5, `off by ${deviation(got, reference)}`);
});

test('summed for one channel they answer a grey image as they answered it three times', { skip }, async () => {
  const imported = await readWeights(path, 'squeezenet1_1');
  const grey = plane(torchvisionInput(picture()), 1).slice();
  const three = Float32Array.from([...grey, ...grey, ...grey]);
  const off = deviation(await ourLogits(imported, grey, 1), await ourLogits(imported, three));
  assert.ok(off < 1e-4, `off by ${off}`);
});

test('a file of other names is refused by the first that does not fit', { skip }, async () => {
  const tensors = new Map(await readOnnxWeights(path));
  tensors.delete('conv10_b_0');
  const refused = (message: RegExp) =>
    assert.throws(() => squeezenetFromCaffe(tensors, 'w.onnx'), { code: 'tensor-mismatch', message });
  refused(/w\.onnx is no Caffe2 SqueezeNet 1\.1: tensor "conv10_b_0" is missing/);
  tensors.set('other', { dtype: 'F32', shape: [1], data: new Float32Array(1) });
  refused(/tensor "other" is unexpected/);
});
