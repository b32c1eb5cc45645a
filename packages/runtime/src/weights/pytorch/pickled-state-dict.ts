import { WeightsError } from '../errors.ts';
import { PickledTensor, type PickleValue } from './pickled-values.ts';

/** Where training scripts keep the weights in their checkpoints, in the order in which they are looked for. */
const KEYS = [
  'state_dict',
  'model_state_dict',
  'model_state',
  'model',
  'net',
  'network',
  'module',
  'weights',
  'params',
] as const;
/** Checkpoints hold checkpoints at most once: {'model': {'state_dict': ...}}. */
const LEVELS = 2;

/** The tensors of a pickled state dict, or of a checkpoint that holds one; WeightsError when there are none. */
export function findStateDict(root: PickleValue, file: string): ReadonlyMap<string, PickledTensor> {
  let value = root;
  for (let level = 0; level <= LEVELS && value instanceof Map; level++) {
    if ([...value.values()].some((entry) => entry instanceof PickledTensor)) return onlyTensors(value, file);
    const key = KEYS.find((name) => (value as Map<PickleValue, PickleValue>).get(name) instanceof Map);
    if (key === undefined) break;
    value = value.get(key) as PickleValue;
  }
  throw new WeightsError(
    'pytorch-unsupported',
    `${file} should hold a state dict, or have one under ${KEYS.slice(0, -1).join(', ')} or ${KEYS.at(-1)}; it holds ${describe(root)}`,
  );
}

function onlyTensors(dict: Map<PickleValue, PickleValue>, file: string): ReadonlyMap<string, PickledTensor> {
  const tensors = new Map<string, PickledTensor>();
  for (const [name, tensor] of dict) {
    if (typeof name !== 'string' || !(tensor instanceof PickledTensor))
      throw new WeightsError(
        'pytorch-unsupported',
        `${file}: ${describe(name)} of its state dict should be the name of a tensor, it is that of ${describe(tensor)}`,
      );
    tensors.set(name, tensor);
  }
  return tensors;
}

/** A value in a few words. */
function describe(value: PickleValue): string {
  if (value instanceof Map) {
    const keys = [...value.keys()].slice(0, 5).map((key) => (typeof key === 'string' ? key.slice(0, 50) : typeof key));
    return value.size === 0
      ? 'an empty dictionary'
      : `a dictionary with ${keys.join(', ')}${value.size > 5 ? ', ...' : ''}`;
  }
  if (value instanceof PickledTensor) return 'a single tensor';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  return typeof value === 'string' ? `"${value.slice(0, 100)}"` : value === null ? 'None' : `a ${typeof value}`;
}
