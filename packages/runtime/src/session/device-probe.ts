/**
 * A process that asks a device to add 1 to four numbers and prints, as JSON, why it cannot, or null. A process of its own,
 * because libraries of drivers write on stderr whatever they miss, and a broken one may end the process.
 */
import { encode, functions, Graph, lower, PORTABLE_TARGET } from '@mammoscope/nn';
import * as ort from 'onnxruntime-node';
import { DEVICES, sessionOptions } from './device.ts';

/** Why the device of that name cannot run anything here; null when it can. */
async function whyNot(name: string | undefined): Promise<string | null> {
  const device = DEVICES.find((known) => known === name);
  if (device === undefined) return `there is no device "${name}"`;
  const graph = new Graph();
  graph.output('y', functions.add(graph.input('x', [4]), 1));
  try {
    const session = await ort.InferenceSession.create(encode(lower(graph, PORTABLE_TARGET)), {
      ...sessionOptions(device, 1),
      executionProviders: [device],
    });
    await session.run({ x: new ort.Tensor('float32', new Float32Array(4), [4]) });
    await session.release();
    return null;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return message.replace(/^.* was false\. /s, '').split('\n')[0] as string; // without the place in ONNX Runtime's source
  }
}

process.stdout.write(`${JSON.stringify(await whyNot(process.argv[2]))}\n`);
