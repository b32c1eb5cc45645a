export { philox4x32, type Words4 } from './philox.ts';
export { fnv1a, RandomStream } from './random.ts';
