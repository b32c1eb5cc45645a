import { showShape } from '@mammoscope/nn';
import { WeightsError } from './errors.ts';
import type { StateDict } from './state-dict.ts';

/**
 * Holds tensors against the shapes that a network expects: the same names, the same shapes, nothing else. WeightsError
 * names the first that is missing (in the network's order), of another shape, or unexpected (in the file's order).
 */
export function requireTensors(
  expected: ReadonlyMap<string, readonly number[]>,
  tensors: StateDict,
  file: string,
): void {
  const refuse = (what: string) =>
    new WeightsError('tensor-mismatch', `${file} belongs to another network: ${what}; choose the file of this network`);
  for (const [name, shape] of expected) {
    const found = tensors.get(name);
    if (!found) throw refuse(`tensor "${name}" of shape ${showShape(shape)} is missing`);
    if (showShape(found.shape) !== showShape(shape))
      throw refuse(`tensor "${name}" should have the shape ${showShape(shape)}, got ${showShape(found.shape)}`);
  }
  for (const [name, { shape }] of tensors)
    if (!expected.has(name)) throw refuse(`tensor "${name}" of shape ${showShape(shape)} is unexpected`);
}
