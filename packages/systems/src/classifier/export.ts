import { encodeModel, lower, type OnnxModel, PORTABLE_TARGET } from '@mammoscope/nn';
import type { StateDict } from '@mammoscope/runtime';
import { type ClassifierSpec, inferenceGraph } from './graphs.ts';

/** What a user of the ONNX file must know of its inputs and outputs. */
export interface ExportMetadata {
  readonly classes: readonly string[];
  readonly normalisation: 'zScore' | 'minMax';
  /** An image is called positive when the sum of its positive classes' probabilities is at least this; Infinity, null in the file, where no cut-off beats chance. */
  readonly cutoff: number;
  readonly versions: Readonly<Record<string, string>>;
}

/** A trained network as the bytes of an ONNX file of standard ops, one image at a time, weights inside. */
export function exportClassifier(
  spec: ClassifierSpec,
  weights: StateDict,
  { classes, normalisation, cutoff, versions }: ExportMetadata,
): Uint8Array {
  const lowered = lower(inferenceGraph(spec, 1), PORTABLE_TARGET);
  const initializers = lowered.parameters.map(({ name, dtype, shape }) => {
    const tensor = weights.get(name);
    if (!tensor) throw new RangeError(`export requires the weight "${name}"`);
    return { name, dtype, shape, data: tensor.data as Float32Array };
  });
  const model: OnnxModel = {
    ...lowered.model,
    inputs: lowered.inputs,
    initializers: [...lowered.model.initializers, ...initializers],
    metadata: {
      network: spec.network,
      classes: JSON.stringify(classes),
      input: JSON.stringify({
        shape: [1, spec.channels, spec.sizePx, spec.sizePx],
        resample: 'bilinear, antialiased',
        normalisation: `${normalisation} of each image`,
        channels: 'grey, repeated',
      }),
      cutoff: JSON.stringify(cutoff),
      versions: JSON.stringify(versions),
      notice: 'Not a medical device. For research only.',
    },
  };
  return encodeModel(model);
}
