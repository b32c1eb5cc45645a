/** The classifiers of Table I as the graphs that training, scoring and Grad-CAM run, and the backbone before them. */
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
} from '@mammoscope/nn';
import { type StepOptions, stepOf, type TrainingStep } from '../training/step.ts';
import { BACKBONES, type Backbone, type Classifier, type Recipe } from './recipe.ts';

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

/** A classifier, and the maps that it reads. */
export interface HeadSpec {
  readonly classifier: Classifier;
  readonly outputs: number;
  /** [C, H, W] of a feature map. */
  readonly map: Shape;
  readonly dropout: number;
  /** 0 for none. */
  readonly gridPx: number;
}

/** The sides that a classifier reads. */
export const sidesOf = (classifier: Classifier): readonly ('dm' | 'dbt')[] =>
  classifier === 'dm-dbt' ? ['dm', 'dbt'] : [classifier];

function head(
  scope: Scope,
  maps: readonly Tensor[],
  { outputs, dropout, gridPx }: Omit<HeadSpec, 'map' | 'classifier'>,
) {
  const options = { outputs, dropout, ...(gridPx > 0 ? { gridPx } : {}) };
  const [first, second] = maps as [Tensor, Tensor | undefined];
  return second ? liangJointHead(scope, first, second, options) : liangSingleHead(scope, first, options);
}

function forward(spec: HeadSpec, batch: number, training: boolean) {
  const graph = new Graph();
  const scope = new Scope(graph, training);
  const maps = sidesOf(spec.classifier).map((side) => graph.input(side, [batch, ...spec.map]));
  return { graph, scope, ...head(scope, maps, spec) };
}

/** What a classifier declares: its weights and running statistics by name. */
export const headDeclarations = (spec: HeadSpec): ReadonlyMap<string, Declaration> =>
  forward(spec, 1, false).scope.declarations;

/** Forward, mean cross-entropy, backward and update; inputs the maps [N, C, H, W] and one-hot labels [N, K]. */
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

/** The frozen backbone: images [N, 3, H, W] to its last convolution's map, and what of its weights that takes. */
export function backboneGraph({ backbone, sizePx }: Pick<Recipe, 'backbone' | 'sizePx'>, batch: number) {
  const graph = new Graph();
  const scope = new Scope(graph, false);
  const map = backboneMap(scope, graph.input(PORTS.image, [batch, 3, sizePx, sizePx]), backbone);
  graph.output(PORTS.features, map);
  return { graph, map: map.shape.slice(1), declarations: scope.declarations };
}

function backboneMap(scope: Scope, image: Tensor, backbone: Backbone): Tensor {
  const { features } = networks[backbone](scope, image, { outputs: 2 });
  const cut = features.get(BACKBONES[backbone]);
  if (!cut) throw new RangeError(`${backbone} has no feature map ${BACKBONES[backbone]}`);
  return cut.tensor;
}

/**
 * Grad-CAM of a classifier at the last map of the backbone, for each of its sides: outputs 'cam-dm' and 'cam-dbt' [1, h, w], inputs
 * the maps and the class. That the backbone is frozen changes nothing: the gradient is taken at what it gives.
 */
export function headGradCam(spec: HeadSpec): Graph {
  const { graph, logits } = forward(spec, 1, false);
  const classSeed = graph.input(PORTS.classSeed, logits.shape);
  for (const side of sidesOf(spec.classifier)) {
    const map = graph.inputs.get(side) as Tensor;
    graph.output(`cam-${side}`, gradCam(map, logits, classSeed));
  }
  return graph;
}
