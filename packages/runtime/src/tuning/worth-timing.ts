import { type GraphNode, sizeOf, type Tensor } from '@mammoscope/nn';

/** Share of the work of all undecided nodes that is left to the preferred ways: many small nodes that gain little. */
const UNTIMED_SHARE = 0.05;

/** Multiply-adds that take as long as an element that is read or written: small kernels wait for memory. */
const MULTIPLY_ADDS_PER_ELEMENT = 64;

/** A signature, a node that has it, and the work of all that have it. */
export interface Undecided {
  readonly node: GraphNode;
  readonly work: number;
}

/** The signatures that are worth a timing, those with most work first; what is left out has 5 % of the work in all. */
export function worthTiming(undecided: ReadonlyMap<string, Undecided>): string[] {
  const sorted = [...undecided].sort(([, a], [, b]) => b.work - a.work);
  const total = sorted.reduce((sum, [, { work }]) => sum + work, 0);
  let covered = 0;
  return sorted
    .filter(([, { work }]) => {
      const before = covered;
      covered += work;
      return before < (1 - UNTIMED_SHARE) * total;
    })
    .map(([key]) => key);
}

/** Roughly how long a node takes, in multiply-adds, whatever way it is written. */
export function workOf(node: GraphNode): number {
  const elements = [...node.inputs, ...node.outputs].reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  return multiplyAdds(node) + MULTIPLY_ADDS_PER_ELEMENT * elements;
}

/** Of a convolution or one of its gradients: every element of the output meets a kernel. */
function multiplyAdds({ op, inputs, outputs }: GraphNode): number {
  const [a, b] = inputs as readonly [Tensor, Tensor];
  const [result] = outputs as readonly [Tensor];
  const product = (output: Tensor, kernel: Tensor) =>
    (sizeOf(output.shape) * sizeOf(kernel.shape)) / (kernel.shape[0] as number);
  if (op === 'Conv') return product(result, b);
  if (op === 'ConvInputGradient') return product(a, b);
  if (op === 'ConvWeightGradient') return product(b, result);
  return 0;
}
