/**
 * Memory of ONNX Runtime on a CPU. Its arena grows by regions that double in size, and memory of one region never joins
 * that of the next; its planner gives the buffer of a dead value to any later value of the same shape, and keeps it until
 * then. Both undo recomputation, whose point is that values die early and come back late. Measured in ADR 0006.
 */

import { bytesAlive } from '../graph/live-memory.ts';
import type { GraphNode } from '../graph/tensor.ts';
import type { OnnxValue } from '../onnx/model.ts';
import type { Lowering } from './lowering.ts';

/** What kernels need besides the values that a graph counts, and what is lost between them. */
const REGION_MARGIN = 1.5;
/** Floats that an LSTM holds for each step of its sequence: four gates of this many units. */
const GATES = 4;
const UNITS = 64;

/** True when a graph computes values again. */
export function recomputes(nodes: readonly GraphNode[]): boolean {
  return nodes.some(({ op }) => op === 'Barrier');
}

/**
 * Makes the arena begin with one region for all that is alive at a time. To be written before anything else, so that it runs
 * first. An LSTM asks for workspace for a whole sequence and touches as much of it as the sequence is said to be long: one
 * step. What it gives back untouched takes no memory of the machine.
 */
export function reserveRegion(lowering: Lowering, nodes: readonly GraphNode[]): void {
  const bytes = REGION_MARGIN * Math.max(0, ...bytesAlive(nodes));
  const steps = Math.ceil(bytes / (Float32Array.BYTES_PER_ELEMENT * GATES * UNITS));
  const zeros = (shape: readonly number[]) =>
    lowering.emit('Expand', [lowering.scalar(0, 'float32'), lowering.int64(shape)]);
  const [sequence, weights, recurrence] = [
    [steps, 1, 1],
    [1, GATES * UNITS, 1],
    [1, GATES * UNITS, UNITS],
  ].map(zeros);
  lowering.nodes.push({
    opType: 'LSTM',
    domain: '',
    name: 'arena',
    inputs: [sequence as string, weights as string, recurrence as string, '', lowering.vector([1], 'int32')],
    outputs: ['', 'arena'], // the last state; without the states of all steps, which would be written
    attributes: { hidden_size: { int: UNITS } },
  });
}

/** Inputs without extents: values whose shapes are not known beforehand get no buffer of a dead one. */
export function withFreeExtents(inputs: readonly OnnxValue[]): OnnxValue[] {
  return inputs.map((input) => ({ ...input, shape: input.shape.map((_, axis) => `${input.name}.${axis}`) }));
}
