/** Weighted sums of rows and their transpose: products with sparse matrices, which ONNX has no op for. */
import type { Tensor } from '../../graph/tensor.ts';
import type { Lowering, Way } from '../lowering.ts';

/** Elements of the rows that are gathered, or scattered, at a time: 32 MiB of float32. */
const PART_ELEMENTS = 2 ** 23;

/** The matrix's rows in parts, each as the first row and the row after the last. */
function partsOf(indices: Tensor, channels: number): (readonly [from: number, to: number])[] {
  const rows = indices.shape[0] as number;
  const step = Math.max(1, Math.floor(PART_ELEMENTS / ((indices.shape[1] as number) * channels)));
  return Array.from({ length: Math.ceil(rows / step) }, (_, i) => [i * step, Math.min(rows, (i + 1) * step)] as const);
}

/** Rows of a value, written as no node where they are all. */
function rowsOf(lowering: Lowering, tensor: Tensor, [from, to]: readonly [number, number]): string {
  const value = lowering.value(tensor);
  if (to - from === tensor.shape[0]) return value;
  return lowering.emit('Slice', [value, lowering.int64([from]), lowering.int64([to]), lowering.int64([0])]);
}

export const gatherSumWays: readonly Way<'GatherSum'>[] = [
  {
    name: 'gather',
    emit(lowering, node) {
      const [data, indices, weights] = node.inputs as [Tensor, Tensor, Tensor];
      const [channels, entries] = [data.shape[1] as number, indices.shape[1] as number];
      const sums = partsOf(indices, channels).map((part) => {
        const rows = part[1] - part[0];
        const gathered = lowering.emit('Gather', [lowering.value(data), rowsOf(lowering, indices, part)], {
          attributes: { axis: { int: 0 } },
        }); // [rows, S, C]
        const factors = lowering.reshape(rowsOf(lowering, weights, part), [rows, 1, entries]);
        return lowering.reshape(lowering.emit('MatMul', [factors, gathered]), [rows, channels]);
      });
      const joined =
        sums.length === 1 ? (sums[0] as string) : lowering.emit('Concat', sums, { attributes: { axis: { int: 0 } } });
      lowering.define(node.outputs[0] as Tensor, joined);
    },
  },
];

export const gatherSumGradientWays: readonly Way<'GatherSumGradient'>[] = [
  {
    name: 'scatter',
    emit(lowering, node) {
      const [dy, indices, weights] = node.inputs as [Tensor, Tensor, Tensor];
      const [channels, entries] = [dy.shape[1] as number, indices.shape[1] as number];
      const output = node.outputs[0] as Tensor;
      const zeros = lowering.emit('Expand', [lowering.scalar(0, dy.dtype), lowering.int64(output.shape)]);
      const attributes = { axis: { int: 0 }, reduction: { text: 'add' } };
      const sum = partsOf(indices, channels).reduce((total, part) => {
        const rows = part[1] - part[0];
        const factors = lowering.reshape(rowsOf(lowering, weights, part), [rows, entries, 1]);
        const addend = lowering.reshape(rowsOf(lowering, dy, part), [rows, 1, channels]);
        const updates = lowering.reshape(lowering.emit('Mul', [factors, addend]), [rows * entries, channels]);
        const column = lowering.reshape(rowsOf(lowering, indices, part), [rows * entries, 1]);
        const places = lowering.emit('Expand', [column, lowering.int64([1, channels])]);
        return lowering.emit('ScatterElements', [total, places, updates], { attributes });
      }, zeros);
      lowering.define(output, sum);
    },
  },
];
