import type { ClassifierName } from '@mammoscope/nn';
import { WeightsError } from '../errors.ts';
import type { StateDict, StateTensor } from '../state-dict.ts';

/** What torch.nn.DataParallel puts before every name. */
const PARALLEL = 'module.';

interface Renaming {
  readonly networks: RegExp;
  readonly old: RegExp;
  readonly today: string;
}

/** How names of published files become those that the networks have today. */
const RENAMINGS: readonly Renaming[] = [
  // torchvision saved its DenseNets when a layer's parts were called norm.1 and conv.2 (torchvision/models/densenet.py).
  { networks: /^densenet/, old: /(\.denselayer\d+\.(?:norm|conv))\.([12])\./, today: '$1$2.' },
  // Cadene renames the classifier of his Xception once it is loaded (pretrainedmodels/models/xception.py).
  { networks: /^xception$/, old: /^fc\./, today: 'last_linear.' },
];

/** Tensors under the names that networks have: without DataParallel's prefix, and old names as new ones. */
export function publishedNames(tensors: StateDict, network: ClassifierName, file: string): StateDict {
  const parallel = tensors.size > 0 && [...tensors.keys()].every((name) => name.startsWith(PARALLEL));
  const renamings = RENAMINGS.filter(({ networks }) => networks.test(network));
  const renamed = new Map<string, StateTensor>();
  for (const [name, tensor] of tensors) {
    const ours = renamings.reduce(
      (text, { old, today }) => text.replace(old, today),
      parallel ? name.slice(PARALLEL.length) : name,
    );
    if (renamed.has(ours))
      throw new WeightsError('tensor-mismatch', `${file} has two tensors "${ours}", one by an old name`);
    renamed.set(ours, tensor);
  }
  return renamed;
}
