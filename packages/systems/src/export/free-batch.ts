import { type Graph, GraphError, type LoweredGraph, lower, type OnnxModel, PORTABLE_TARGET } from '@mammoscope/nn';

/** What ONNX calls the number of images. */
export const BATCH = 'N';

/** A model for any number of images, and the weights that it wants as initialisers. */
export interface FreeBatchModel extends OnnxModel {
  readonly parameters: LoweredGraph['parameters'];
}

/** The name of an output outside; inside, outputs have a prefix. */
const outside = (name: string) => name.replace(/^out:/, '');

/**
 * A graph in standard ONNX ops whose first dimension of every input and output is free. A graph has static shapes, so
 * it is lowered for two and for three images: what is the same in both does not depend on their number. GraphError where
 * they differ.
 */
export function withFreeBatch(build: (batch: number) => Graph): FreeBatchModel {
  const [two, three] = [lower(build(2), PORTABLE_TARGET), lower(build(3), PORTABLE_TARGET)];
  const { nodes, initializers } = two.model;
  const differs =
    JSON.stringify(nodes) !== JSON.stringify(three.model.nodes) ||
    initializers.length !== three.model.initializers.length ||
    initializers.some(({ data, shape }, i) => {
      const other = three.model.initializers[i];
      return shape.join() !== other?.shape.join() || data.some((value, k) => value !== other.data[k]);
    });
  if (differs) throw new GraphError('graph', 'this network works on a fixed number of images: it cannot be exported');
  const free = ({ name, dtype, shape }: LoweredGraph['outputs'][number]): OnnxModel['outputs'][number] => ({
    name: outside(name),
    dtype,
    shape: [BATCH, ...shape.slice(1)],
  });
  return {
    nodes: nodes.map((node) => ({
      ...node,
      inputs: node.inputs.map(outside),
      outputs: node.outputs.map(outside),
    })),
    inputs: two.inputs.map(free),
    outputs: two.outputs.map(free),
    initializers,
    parameters: two.parameters,
  };
}
