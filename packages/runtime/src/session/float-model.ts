/** An ONNX file in a session of either ONNX Runtime, of Node or of a page: this module loads neither. */
import type { Shape } from '@mammoscope/nn';
import type { InferenceSession, Tensor } from 'onnxruntime-node';

/** A model of float32 inputs and outputs, ready to run. */
export interface FloatModel {
  /** Runs it; the values of all outputs by name. */
  run(
    inputs: Readonly<Record<string, { readonly shape: Shape; readonly data: Float32Array }>>,
  ): Promise<ReadonlyMap<string, Float32Array>>;
  release(): Promise<void>;
}

/** The model of a session, whose runtime's tensors are these. */
export function floatModel(session: InferenceSession, FloatTensor: typeof Tensor): FloatModel {
  return {
    async run(inputs) {
      const feeds = Object.fromEntries(
        Object.entries(inputs).map(([name, { shape, data }]) => [name, new FloatTensor('float32', data, shape)]),
      );
      const results = await session.run(feeds);
      return new Map(Object.entries(results).map(([name, { data }]) => [name, data as Float32Array]));
    },
    release: () => session.release(),
  };
}
