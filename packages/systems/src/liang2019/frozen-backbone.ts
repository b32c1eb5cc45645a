/** The frozen networks before the trained layers, and where a run keeps their weights. */
import { join } from 'node:path';
import { BACKBONES, type Backbone, isBaseline, type Member, membersOf, type Recipe } from './recipe.ts';

/** A network and the feature map that it is cut after. */
export interface FrozenBackbone {
  readonly network: Backbone;
  readonly cut: string;
}

/** What the baselines read: AlexNet with its last pooling, which the classifiers of Table I do without. */
const BASELINE_BACKBONE: FrozenBackbone = { network: 'alexnet', cut: 'features.12' };

/** The backbone whose maps a member reads. */
export const backboneOf = ({ backbone }: Pick<Recipe, 'backbone'>, member: Member): FrozenBackbone =>
  isBaseline(member) ? BASELINE_BACKBONE : { network: backbone, cut: BACKBONES[backbone] };

/** The networks that a run's backbones are, each once. */
export const backboneNetworks = (recipe: Pick<Recipe, 'backbone' | 'baselines'>): Backbone[] => [
  ...new Set(membersOf(recipe).map((member) => backboneOf(recipe, member).network)),
];

/** The weights of a run's frozen backbone, without which what it trained is of no use. */
export const backboneFile = (run: string, network: Backbone): string => join(run, `backbone-${network}.safetensors`);

/** Members whose backbone has random weights, so that their figures mean nothing. */
export const randomMembers = (
  recipe: Pick<Recipe, 'backbone' | 'baselines'>,
  { weights }: { readonly weights: Readonly<Record<string, unknown>> },
): Member[] => membersOf(recipe).filter((member) => !Object.hasOwn(weights, backboneOf(recipe, member).network));

/** The same, with the ensemble, which is of the first three. */
export function randomModels(...run: Parameters<typeof randomMembers>): (Member | 'ensemble')[] {
  const random = randomMembers(...run);
  return random.includes('dm-dbt') ? [...random, 'ensemble'] : random;
}
