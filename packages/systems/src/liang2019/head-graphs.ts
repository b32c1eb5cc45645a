/** The trained members as the graphs that training, scoring and Grad-CAM run, and the frozen backbones before them. */
import {
  crossEntropy,
  type Declaration,
  Graph,
  gradCam,
  liangJointHead,
  liangSingleHead,
  networks,
  type Optimiser,
  Scope,
  type Shape,
  type Tensor,
  zhangImageHead,
  zhangVolumeHead,
} from '@mammoscope/nn';
import { type StepOptions, stepOf, type TrainingStep } from '../training/step.ts';
import { backboneOf, type FrozenBackbone } from './frozen-backbone.ts';
import type { Member, Recipe } from './recipe.ts';

/** Names of inputs and outputs. */
export const PORTS = {
  dm: 'dm',
  dbt: 'dbt',
  image: 'image',
  features: 'features',
  labels: 'labels',
  logits: 'logits',
  classSeed: 'classSeed',
} as const;

/** What a map is of: the mammogram, the dynamic image, or slices of the tomosynthesis as they are. */
export type MapSide = 'dm' | 'dbt' | 'slices';

/** A member, and the maps that it reads. */
export interface HeadSpec {
  readonly member: Member;
  readonly outputs: number;
  /** [C, H, W] of a feature map; [C, K, H, W] of slices. */
  readonly map: Shape;
  readonly dropout: number;
  /** 0 for none. */
  readonly gridPx: number;
}

const SIDES_OF: Readonly<Record<Member, readonly MapSide[]>> = {
  dm: ['dm'],
  dbt: ['dbt'],
  'dm-dbt': ['dm', 'dbt'],
  '2d-t3-alex': ['dm'],
  '3d-t2-alex': ['slices'],
};

/** The sides that a member reads. */
export const sidesOf = (member: Member): readonly MapSide[] => SIDES_OF[member];

/** A member of a recipe as it is built. */
export function headSpec(recipe: Recipe, member: Member, outputs: number): HeadSpec {
  const { dropout, gridPx, slices } = recipe;
  const [channels, ...sides] = backboneGraph(backboneOf(recipe, member), recipe).map as [number, number, number];
  const map = sidesOf(member).includes('slices') ? [channels, slices, ...sides] : [channels, ...sides];
  return { member, outputs, map, dropout, gridPx };
}

function head(scope: Scope, maps: readonly Tensor[], { member, outputs, dropout, gridPx }: Omit<HeadSpec, 'map'>) {
  const options = { outputs, dropout, ...(gridPx > 0 ? { gridPx } : {}) };
  const [first, second] = maps as [Tensor, Tensor];
  switch (member) {
    case 'dm':
    case 'dbt':
      return liangSingleHead(scope, first, options);
    case 'dm-dbt':
      return liangJointHead(scope, first, second, options);
    case '2d-t3-alex':
      return zhangImageHead(scope, first, { outputs, dropout });
    case '3d-t2-alex':
      return zhangVolumeHead(scope, first, { outputs, dropout });
  }
}

function forward(spec: HeadSpec, batch: number, training: boolean) {
  const graph = new Graph();
  const scope = new Scope(graph, training);
  const maps = sidesOf(spec.member).map((side) => graph.input(side, [batch, ...spec.map]));
  return { graph, scope, ...head(scope, maps, spec) };
}

/** What a member declares: its weights and running statistics by name. */
export const headDeclarations = (spec: HeadSpec): ReadonlyMap<string, Declaration> =>
  forward(spec, 1, false).scope.declarations;

/** Forward, mean cross-entropy, backward and update; inputs the maps [N, ...map] and one-hot labels [N, K]. */
export function headStep(
  spec: HeadSpec,
  batch: number,
  options: StepOptions & { readonly optimiser: Optimiser },
): TrainingStep {
  const { graph, scope, logits } = forward(spec, batch, true);
  return stepOf(crossEntropy(logits, graph.input(PORTS.labels, logits.shape)), scope, options);
}

/** Logits of a batch. */
export function headInference(spec: HeadSpec, batch: number): Graph {
  const { graph, logits } = forward(spec, batch, false);
  graph.output(PORTS.logits, logits);
  return graph;
}

/**
 * A frozen backbone: an image [1, 3, H, W] to the map that it is cut after, and what of its weights that takes, under names that
 * begin with the network's, since an engine may hold several.
 */
export function backboneGraph({ network, cut }: FrozenBackbone, { sizePx }: Pick<Recipe, 'sizePx'>) {
  const graph = new Graph();
  const scope = new Scope(graph, false, network);
  const { features } = networks[network](scope, graph.input(PORTS.image, [1, 3, sizePx, sizePx]), { outputs: 2 });
  const found = features.get(cut) ?? features.get(scope.nameOf(cut)); // some networks name maps by their scope
  if (!found) throw new RangeError(`${network} has no feature map ${cut}`);
  graph.output(PORTS.features, found.tensor);
  return { graph, map: found.tensor.shape.slice(1), declarations: scope.declarations };
}

/**
 * Grad-CAM of a classifier at the last map of the backbone, for each of its sides: outputs 'cam-dm' and 'cam-dbt' [1, h, w], inputs
 * the maps and the class. That the backbone is frozen changes nothing: the gradient is taken at what it gives.
 */
export function headGradCam(spec: HeadSpec): Graph {
  const { graph, logits } = forward(spec, 1, false);
  const classSeed = graph.input(PORTS.classSeed, logits.shape);
  for (const side of sidesOf(spec.member)) {
    const map = graph.inputs.get(side) as Tensor;
    graph.output(`cam-${side}`, gradCam(map, logits, classSeed));
  }
  return graph;
}
