/**
 * Tensors that are pure functions of a name, so that networks can be compared across machines, devices and frameworks
 * without a weight file. The rule is stated in references/README.md, "Probe tensors".
 */
import { type Shape, sizeOf } from '@mammoscope/nn';
import { fnv1a } from '@mammoscope/random';

/** n numbers in [-1, 1) that depend on a name alone: a counter, hashed by MurmurHash3's 32-bit finaliser. */
export function unit(name: string, n: number): Float64Array {
  return fill(new Float64Array(n), name, 0, 1);
}

/** The probe value of a parameter or buffer with PyTorch's dotted name and shape. */
export function probeParameter(name: string, shape: Shape, salt: string): Float32Array<ArrayBuffer> {
  const size = sizeOf(shape);
  return fill(new Float32Array(size), salt + name, ...probeRule(name, shape, size));
}

/** Fills an array with offset + scale u of unit numbers u, one by one: a layer of VGG has 100 million. */
function fill<T extends Float32Array<ArrayBuffer> | Float64Array<ArrayBuffer>>(
  values: T,
  name: string,
  offset: number,
  scale: number,
): T {
  const hash = fnv1a(name);
  for (let i = 0; i < values.length; i++) {
    let z = (hash + Math.imul(i + 1, 0x9e3779b9)) >>> 0;
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b) >>> 0;
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35) >>> 0;
    values[i] = offset + scale * (((z ^ (z >>> 16)) >>> 0) / 2 ** 31 - 1);
  }
  return values;
}

/** Offset and scale. */
function probeRule(name: string, shape: Shape, size: number): [number, number] {
  if (name.endsWith('running_var')) return [1.25, 0.25]; // 1 + 0.25 (u + 1), exactly
  if (shape.length >= 2) return [0, Math.sqrt(6 / (size / (shape[0] as number)))];
  return name.endsWith('weight') ? [1, 0.1] : [0, 0.1];
}

/** The probe image of a shape and seed. */
export function probeInput(shape: Shape, seed: number): Float32Array {
  return fill(new Float32Array(sizeOf(shape)), `input:${seed}`, 0, 1);
}
