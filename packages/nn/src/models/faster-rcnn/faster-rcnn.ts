/**
 * Faster R-CNN: Ren, He, Girshick and Sun, NeurIPS 2015, on ResNet-50 with a feature pyramid (Lin et al., CVPR 2017,
 * section 4). Names are torchvision's fasterrcnn_resnet50_fpn. The graph has no proposals in it: the caller makes them from
 * objectness and deltas, and gives the regions as inputs, so that everything here is differentiable.
 */
import * as f from '../../graph/functions.ts';
import type { Graph } from '../../graph/graph.ts';
import type { Tensor } from '../../graph/tensor.ts';
import { convolution, linear } from '../../layers/layers.ts';
import { gaussian, type Scope, zeros } from '../../layers/scope.ts';
import type { FeatureMap, Features } from '../backbone.ts';
import { resnet50Fpn } from '../feature-pyramid.ts';
import { RESNET_WIDTH } from '../resnet.ts';
import { pyramidLevels } from './pyramid-levels.ts';
import { type RoiTensors, roiAlign, rowsOfLevels, transposedShapes } from './roi-align.ts';

/** What a detector's graph is built for. */
export interface DetectorSpec {
  /** Classes, the background (class 0) included. */
  readonly classes: number;
  readonly images: number;
  /** Sides of the padded images, multiples of 32. */
  readonly heightPx: number;
  readonly widthPx: number;
  /** Regions of all images together. */
  readonly rois: number;
  /** Anchors at each pixel of a level. */
  readonly anchorsPerPixel: number;
  /** Channels of the backbone's first stage, which those of pyramid and heads follow; 64, as published, unless given. */
  readonly width?: number;
}

/** Names of inputs and outputs; those of a level end in its name. */
export const DETECTION_PORTS = {
  image: 'image',
  objectness: 'objectness/',
  deltas: 'deltas/',
  roiIndices: 'rois/indices',
  roiWeights: 'rois/weights',
  /** Pairs of the transpose, as 'rois/transposed/0/indices'. */
  roiTransposed: 'rois/transposed/',
  scores: 'scores',
  boxDeltas: 'boxDeltas',
} as const;

/** Bins of a region, 7 x 7, and the pixels that each is a weighted sum of: 2 x 2 samples between 4 pixels. */
export const ROI_BINS = 49;
export const ROI_ENTRIES = 16;

/** Width of the box head (Lin et al., section 4.2: "two hidden 1,024-d fully-connected layers"). */
const BOX_WIDTH = 1024;

/** What the network computes. */
export interface DetectorTensors {
  readonly levels: Features;
  /** By level: logits [N, A, h, w] of containing a lesion, and deltas [N, 4 A, h, w] of each anchor. */
  readonly objectness: ReadonlyMap<string, Tensor>;
  readonly deltas: ReadonlyMap<string, Tensor>;
  /** Class logits [R, K] and, for each class, deltas of each region [R, 4 K]. */
  readonly logits: Tensor;
  readonly boxDeltas: Tensor;
}

/** The shapes of the transpose of a detector's regions; see transposedShapes. */
export function roiTransposedShapes({ images, heightPx, widthPx, rois }: DetectorSpec) {
  const levels = pyramidLevels(heightPx, widthPx).slice(0, -1);
  const pixels = images * levels.reduce((sum, { rows, columns }) => sum + rows * columns, 0);
  return transposedShapes(pixels, rois * ROI_BINS, ROI_ENTRIES);
}

/** The inputs that say where the regions' bins lie; the transpose is read by gradients alone. */
export function roiInputs(graph: Graph, spec: DetectorSpec): RoiTensors {
  const shape = [spec.rois * ROI_BINS, ROI_ENTRIES];
  return {
    indices: graph.input(DETECTION_PORTS.roiIndices, shape, 'int64'),
    weights: graph.input(DETECTION_PORTS.roiWeights, shape),
    transposed: roiTransposedShapes(spec).flatMap((part, i) => [
      graph.input(`${DETECTION_PORTS.roiTransposed}${i}/indices`, part, 'int64'),
      graph.input(`${DETECTION_PORTS.roiTransposed}${i}/weights`, part),
    ]),
  };
}

/** The head over every level: 3 x 3, ReLU, then a logit and four deltas an anchor, by 1 x 1. */
function regionProposalHead(scope: Scope, { channels }: FeatureMap, anchors: number) {
  const layer = (name: readonly (string | number)[], outputs: number, kernel: number) =>
    convolution(scope.child(...name), {
      inputs: channels,
      outputs,
      kernel,
      padding: (kernel - 1) / 2,
      initialiser: () => gaussian(0.01),
      biasInitialiser: zeros,
    });
  const shared = layer(['conv', 0, 0], channels, 3);
  const logits = layer(['cls_logits'], anchors, 1);
  const deltas = layer(['bbox_pred'], 4 * anchors, 1);
  return (x: Tensor) => {
    const hidden = scope.build(() => f.relu(shared(x)));
    return { logits: logits(hidden), deltas: deltas(hidden) };
  };
}

/** Two hidden layers on the bins of a region, [R, C * 49] to class logits and deltas. */
function boxHead(scope: Scope, inputs: number, hidden: number, classes: number) {
  const [head, predictor] = [scope.child('box_head'), scope.child('box_predictor')];
  const fc6 = linear(head.child('fc6'), inputs, hidden);
  const fc7 = linear(head.child('fc7'), hidden, hidden);
  const score = linear(predictor.child('cls_score'), hidden, classes);
  const box = linear(predictor.child('bbox_pred'), hidden, 4 * classes);
  return (x: Tensor) => {
    const last = head.build(() => f.relu(fc7(f.relu(fc6(x)))));
    return { logits: score(last), boxDeltas: box(last) };
  };
}

/** The network on images [N, 3, H, W], with the regions given by indices and weights (see roiAlign). */
export function fasterRcnn(
  scope: Scope,
  image: Tensor,
  { classes, anchorsPerPixel, width = RESNET_WIDTH }: DetectorSpec,
  rois: RoiTensors,
): DetectorTensors {
  const levels = resnet50Fpn(scope.child('backbone'), image, width);
  const [first] = [...levels.values()] as [FeatureMap];
  const propose = regionProposalHead(scope.child('rpn', 'head'), first, anchorsPerPixel);
  const proposed = [...levels].map(([name, { tensor }]) => [name, propose(tensor)] as const);
  // p6 is for proposals alone: regions are read from p2 to p5 (section 4.2 of the pyramid's paper).
  const pooled = [...levels.values()].slice(0, -1).map(({ tensor }) => tensor);
  const heads = scope.child('roi_heads');
  const bins = heads.build(() => roiAlign(rowsOfLevels(pooled), rois, ROI_BINS));
  const features = f.flatten(bins); // [R, C * 49]
  return {
    levels,
    objectness: new Map(proposed.map(([name, { logits }]) => [name, logits])),
    deltas: new Map(proposed.map(([name, { deltas }]) => [name, deltas])),
    ...boxHead(heads, features.shape[1] as number, (BOX_WIDTH * width) / RESNET_WIDTH, classes)(features),
  };
}
