import { encodeModel } from '@mammoscope/nn';
import * as ort from 'onnxruntime-node';
import { sessionOptions } from './device.ts';

/** Channels in a block of ONNX Runtime's blocked layout; 0 where it has none. */
export type BlockSize = 0 | 8 | 16;

const CHANNELS = 64;
const PIXELS = 6;

/**
 * The block size of this processor, 0 where ONNX Runtime does not load blocked ops. It is not published anywhere, so a
 * graph of one ReorderInput is run on 64 channels whose elements carry their own position, and all of the order is held
 * against [C/b, H, W, b] for each b.
 */
export async function detectBlockSize(): Promise<BlockSize> {
  const order = await reorder(Float32Array.from({ length: CHANNELS * PIXELS }, (_, position) => position));
  return ([8, 16] as const).find((size) => order?.every((position, i) => position === plainPosition(i, size))) ?? 0;
}

/** Where element i of the blocked order [C/b, P, b] stands in the plain order [C, P], P pixels. */
function plainPosition(i: number, blockSize: number): number {
  const block = Math.floor(i / (PIXELS * blockSize));
  const pixel = Math.floor(i / blockSize) % PIXELS;
  return (block * blockSize + (i % blockSize)) * PIXELS + pixel;
}

/** Elements of [1, 64, 2, 3] as ReorderInput leaves them in memory; null where the op cannot be loaded or run. */
async function reorder(data: Float32Array): Promise<Float32Array | null> {
  const value = (name: string) => ({ name, dtype: 'float32' as const, shape: [1, CHANNELS, 2, 3] });
  const model = encodeModel({
    nodes: [
      {
        opType: 'ReorderInput',
        domain: 'com.microsoft.nchwc',
        name: 'reorder',
        inputs: ['plain'],
        outputs: ['blocked'],
        attributes: {},
      },
    ],
    inputs: [value('plain')],
    outputs: [value('blocked')],
    initializers: [],
  });
  let session: ort.InferenceSession | null = null;
  try {
    session = await ort.InferenceSession.create(model, { ...sessionOptions('cpu', 1), logSeverityLevel: 4 });
    const { blocked } = await session.run({ plain: new ort.Tensor('float32', data, [1, CHANNELS, 2, 3]) });
    return blocked?.data as Float32Array;
  } catch {
    return null; // processors without the layout refuse the op
  } finally {
    await session?.release();
  }
}
