import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { encode, functions as f, Graph, lower, PORTABLE_TARGET } from '@mammoscope/nn';
import { readWeights } from './read-weights.ts';
import { encodeSafetensors } from './safetensors.ts';
import { float32Tensor } from './state-dict.ts';

let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'read-weights-'));
});
after(() => rm(folder, { recursive: true }));

async function written(name: string, bytes: Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, bytes);
  return path;
}

test('the format goes by the ending of the name', async () => {
  const tensors = new Map([['a.weight', float32Tensor([2], Float32Array.of(1, 2))]]);
  assert.deepEqual(await readWeights(await written('w.safetensors', encodeSafetensors(tensors)), 'resnet18'), tensors);
  const graph = new Graph();
  graph.output('y', f.add(graph.input('x', [2]), graph.constant([3, 4])));
  const read = await readWeights(await written('W.ONNX', encode(lower(graph, PORTABLE_TARGET))), 'resnet18');
  assert.deepEqual([...read.values()], [float32Tensor([2], Float32Array.of(3, 4))]);
});

test('another ending, and an ONNX file that is none, are refused with the file', async () => {
  await assert.rejects(readWeights('w.h5', 'resnet18'), {
    code: 'file-unsupported',
    message: /^w\.h5 is no weights file/,
  });
  await assert.rejects(readWeights(await written('w.onnx', Uint8Array.of(1, 2, 3)), 'resnet18'), {
    name: 'WeightsError',
    code: 'onnx-malformed',
    message: /w\.onnx: the bytes are no ONNX model/,
  });
});
