/** Every op of the registry with its gradient as one graph, for the tests of the webgpu target. */
import { differentiate, functions as f, Graph, type OpName, type Tensor } from '@mammoscope/nn';
import { RandomStream } from '@mammoscope/random';
import { activationCases, arithmeticCases } from './operation-cases-arithmetic.ts';
import { convolutionCases, linearCases } from './operation-cases-convolution.ts';
import { indexingCases, movementCases } from './operation-cases-movement.ts';
import { normalizationCases, poolingCases, reductionCases, resizeCases } from './operation-cases-window.ts';
import type { CaseMaker, OperationCase } from './operation-check.ts';
import { elementwise, uniform, type Values } from './reference-array.ts';
import { convolution, type Geometry } from './reference-convolution.ts';

const convolved =
  (x: readonly number[], w: readonly number[], geometry: Geometry): CaseMaker =>
  (stream) => ({
    operands: [uniform(stream, x), uniform(stream, w)],
    apply: (image, kernel) => image.graph.apply('Conv', [image, kernel], geometry)[0] as Tensor,
    reference: (image, kernel) => convolution(image, kernel, geometry),
  });
const dense = (group: number, pads: readonly number[]): Geometry => ({
  strides: pads.slice(pads.length / 2).map(() => 1),
  dilations: pads.slice(pads.length / 2).map(() => 1),
  pads,
  group,
});

/** Convolutions that ONNX Runtime 1.30 refuses or gets wrong on webgpu, forward or backward (webgpu-convolution.ts). */
const CONVOLUTION_FAULTS: readonly CaseMaker[] = [
  convolved([2, 4, 5, 5], [12, 2, 3, 3], dense(2, [1, 1, 1, 1])), // 6 channels out of each group, 12 in all
  convolved([2, 12, 5, 5], [4, 3, 3, 3], dense(4, [1, 1, 1, 1])), // one channel out of each group
  convolved([2, 2, 3, 2], [3, 2, 3, 2], dense(1, [0, 0, 2, 1])), // a kernel as large as the image
  convolved([2, 2, 3, 2], [3, 2, 1, 1], dense(1, [0, 0, 1, 1])),
  convolved([2, 4, 3, 3, 3], [6, 2, 2, 3, 1], dense(2, [1, 1, 0, 0, 1, 0])), // groups over three axes
];
/** A broadcast on which its kernel of Pow fails. */
const POWER_FAULT: CaseMaker = (stream) => ({
  operands: [uniform(stream, [3, 2, 4], 0.5, 2), uniform(stream, [3, 2, 1], 0.5, 2)],
  apply: (a, b) => f.pow(a, b),
  reference: (a, b) => elementwise([a, b], (base, exponent) => base ** exponent),
});

const cases: { readonly [K in OpName]: readonly CaseMaker[] } = {
  ...arithmeticCases,
  ...activationCases,
  ...convolutionCases,
  ...linearCases,
  ...poolingCases,
  ...normalizationCases,
  ...reductionCases,
  ...movementCases,
  ...indexingCases,
  ...resizeCases,
  Conv: [...convolutionCases.Conv, ...CONVOLUTION_FAULTS],
  Pow: [...arithmeticCases.Pow, POWER_FAULT],
};

/** All cases of an op in one graph. */
export interface OperationGraph {
  readonly graph: Graph;
  /** The operands, by the names of the inputs. */
  readonly values: ReadonlyMap<string, Values>;
  /** What the loops compute, by the names of the outputs. */
  readonly expected: ReadonlyMap<string, Values>;
  /** Names of the outputs that hold gradients of a random functional; none for ops that are gradients themselves. */
  readonly gradients: readonly string[];
}

const SEED = 20_260_101;
const listOf = <T>(value: T | readonly T[]): readonly T[] => (Array.isArray(value) ? value : [value as T]);

/** A scalar that depends on every output of a case that has a gradient; null where none has. */
function functional(graph: Graph, name: string, outputs: readonly Tensor[], { through }: OperationCase): Tensor | null {
  const stream = new RandomStream(SEED, 'functional', name);
  const terms = outputs.flatMap((output, i) => {
    if (output.dtype === 'int64' || !(through?.includes(i) ?? true)) return [];
    const weight = graph.constant(uniform(stream, output.shape).data, output.shape);
    return [f.reduceSum(f.mul(f.cast(output, 'float32'), weight))];
  });
  return terms.length === 0 ? null : terms.reduce((sum, term) => f.add(sum, term));
}

/** Builds the graph of an op. */
export function operationGraph(op: OpName): OperationGraph {
  const graph = new Graph();
  const values = new Map<string, Values>();
  const expected = new Map<string, Values>();
  const gradients: string[] = [];
  for (const [c, make] of cases[op].entries()) {
    const one = make(new RandomStream(SEED, op, c));
    const tensors = one.operands.map((operand, i) => {
      values.set(`${c}.operand${i}`, operand);
      return graph.input(`${c}.operand${i}`, operand.shape, operand.dtype ?? 'float32');
    });
    const outputs = listOf(one.apply(...(tensors as [Tensor, ...Tensor[]])));
    const loops = listOf(one.reference(...(one.operands as [Values, ...Values[]])));
    for (const [i, output] of outputs.entries()) {
      graph.output(`${c}.output${i}`, output);
      expected.set(`${c}.output${i}`, loops[i] as Values);
    }
    const scalar = op.endsWith('Gradient') ? null : functional(graph, `${c}`, outputs, one);
    if (!scalar) continue;
    const wanted = tensors.filter((_, i) => !one.operands[i]?.dtype && !one.buffers?.includes(i));
    for (const [i, gradient] of differentiate(scalar, wanted).entries()) {
      if (!gradient) continue;
      graph.output(`${c}.gradient${i}`, gradient);
      gradients.push(`${c}.gradient${i}`);
    }
  }
  return { graph, values, expected, gradients };
}
