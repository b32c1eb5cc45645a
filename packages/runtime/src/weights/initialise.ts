import { type Declaration, type Initialiser, sizeOf } from '@mammoscope/nn';
import { RandomStream } from '@mammoscope/random';

/** The first values of every declared parameter and buffer. Each draws from a stream of its own, so order does not matter. */
export function initialise(
  declarations: ReadonlyMap<string, Declaration>,
  seed: number,
): ReadonlyMap<string, Float32Array> {
  return new Map(
    [...declarations].map(([name, { tensor, initialiser }]) => [
      name,
      initialValues(initialiser, sizeOf(tensor.shape), new RandomStream(seed, 'initialise', name)),
    ]),
  );
}

/** Values by the rule of an initialiser; the kinds are those of torch.nn.init. */
export function initialValues(initialiser: Initialiser, count: number, random: RandomStream): Float32Array {
  const values = new Float32Array(count);
  switch (initialiser.kind) {
    case 'constant':
      return values.fill(initialiser.value);
    case 'normal': {
      const standardDeviation = initialiser.gain / Math.sqrt(initialiser.fan);
      return values.map(() => random.normal(0, standardDeviation));
    }
    case 'uniform':
      return values.map(() => random.uniform(-initialiser.bound, initialiser.bound));
  }
}
