/** Figure 3e: what the layers of a backbone see of a film. */
import { type Plane, windowPlane } from '@mammoscope/imaging';
import {
  type Choices,
  type Features,
  functions as f,
  Graph,
  lower,
  networks,
  RESNET_WIDTH,
  resnetFeatures,
  Scope,
  type Tensor,
} from '@mammoscope/nn';
import type { Engine } from '@mammoscope/runtime';
import type { ClassifierSpec } from '../classifier/graphs.ts';
import { batchSize, packImages } from '../detection/image-batch.ts';

/** Names of the five layers: the first convolution and the four stages. */
export const LAYERS = ['first', 'second', 'third', 'fourth', 'fifth'] as const;

/** Keeps the division defined where a channel is the same everywhere. */
const LEAST_RANGE = 1e-12;

/**
 * "We normalized and summed the output of the feature extraction module for each layer using the channel": each channel [h, w] of a
 * map [1, C, h, w] is scaled to 0..1 by its smallest and largest value, and the channels are averaged, [h, w].
 */
export function channelSum(map: Tensor): Tensor {
  const low = f.neg(f.reduceMax(f.neg(map), [2, 3], true)); // [1, C, 1, 1]
  const range = f.sub(f.reduceMax(map, [2, 3], true), low);
  const scaled = f.div(f.sub(map, low), f.add(range, LEAST_RANGE));
  return f.reduceMean(scaled, [0, 1]); // [h, w]
}

/** The activation of a ResNet's first convolution, which its maps do not name: what its first pooling reads, rectified. */
function firstLayer(graph: Graph): Tensor {
  const pooling = graph.nodes.find(({ op }) => op === 'MaxPool');
  const [input] = pooling?.inputs ?? [];
  if (!input) throw new RangeError('a figure of layers needs a ResNet, whose first convolution is pooled');
  return f.relu(input);
}

/** Builds a network's maps 'layer1' to 'layer4' on an image [1, C, h, w]. */
export type Backbone = (scope: Scope, image: Tensor) => Features;

/** The backbone of the detector, "the feature extraction backbone of our detection network", with so many channels in its first stage. */
export const detectorBackbone =
  (width = RESNET_WIDTH): Backbone =>
  (scope, image) =>
    resnetFeatures(scope.child('backbone', 'body').frozen(), image, 'resnet50', { width });

/** The backbone of SPPNet. */
export const sppnetBackbone =
  (spec: ClassifierSpec): Backbone =>
  (scope, image) =>
    networks.spp_resnet18(scope, image, spec).features;

/** A graph from an image of one size to the sums of its five layers. */
export function layerGraph(backbone: Backbone, shape: readonly [1, number, number, number]): Graph {
  const graph = new Graph();
  const maps = backbone(new Scope(graph, false), graph.input('image', shape));
  const stages = [...maps.values()].map(({ tensor }) => tensor);
  for (const [i, tensor] of [firstLayer(graph), ...stages].entries())
    graph.output(LAYERS[i] as string, channelSum(tensor));
  return graph;
}

/** The sum of one layer, values in 0..1. */
export interface LayerSum {
  readonly width: number;
  readonly height: number;
  /** [height, width] */
  readonly data: Float32Array;
}

/** The five sums of an image [1, C, h, w], by a network whose weights are in the engine. */
export async function layerSums(
  engine: Engine,
  backbone: Backbone,
  image: Float32Array,
  { shape, lowerings }: { readonly shape: readonly [1, number, number, number]; readonly lowerings: Choices },
): Promise<LayerSum[]> {
  const lowered = lower(layerGraph(backbone, shape), engine.target, lowerings);
  const session = await engine.load(lowered);
  try {
    const outputs = await session.run(new Map([['image', image]]));
    return lowered.outputs.map(({ name, shape }) => {
      const [height, width] = shape as [number, number];
      return { width, height, data: outputs.get(name) as Float32Array };
    });
  } finally {
    await session.release();
  }
}

/**
 * What the detector's backbone sees of a whole film of grey values in [0, 1]; its weights are in the engine. The film is given back as
 * the layers show it: with black to the right and below, up to multiples of the pyramid's stride.
 */
export async function detectorLayers(
  engine: Engine,
  film: Plane,
  { lowerings, width }: { readonly lowerings: Choices; readonly width?: number },
): Promise<{ readonly film: Plane; readonly layers: LayerSum[] }> {
  const { heightPx, widthPx } = batchSize([film]);
  const shape = [1, 3, heightPx, widthPx] as const;
  const layers = await layerSums(engine, detectorBackbone(width), packImages([film], { heightPx, widthPx }), {
    shape,
    lowerings,
  });
  return { film: windowPlane(film, 0, 0, widthPx, heightPx), layers };
}
