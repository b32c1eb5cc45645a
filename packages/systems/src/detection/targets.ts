/** What the losses compare with, as the inputs of nn's detectionLosses. */
import type { PyramidLevel, TensorData } from '@mammoscope/nn';
import type { RandomStream } from '@mammoscope/random';
import { BOX_CODER, encodeBox, RPN_CODER } from './box-coder.ts';
import { type Boxes, joinBoxes } from './boxes.ts';
import { ANCHOR_MATCHING, type MatchingOptions, matchBoxes, PROPOSAL_MATCHING } from './matching.ts';
import { ANCHOR_SAMPLING, REGION_SAMPLING, type SamplingOptions, sampleMatches } from './sampling.ts';

/** The lesions of one image. */
export interface ImageTruth {
  readonly boxes: Boxes;
  /** Class of each, 1 or more: 0 is the background. */
  readonly classes: readonly number[];
}

/** How examples are chosen and weighed. */
export interface TargetOptions {
  readonly matching?: MatchingOptions;
  /** null, for focal losses: all count, and the weights are alpha or 1 - alpha over the positives. */
  readonly sampling?: SamplingOptions;
  /** Of the focal loss (Lin et al., ICCV 2017, equation 5); 0.25 unless given. */
  readonly alpha?: number;
  /** With sampling null: divide by all examples, as torchvision's losses do, instead of by the positives. */
  readonly average?: 'all' | 'positives';
}

type Inputs = Map<string, TensorData>;

/** Weights of positives and negatives, and that of boxes, of a sample. */
function shares(
  positives: number,
  negatives: number,
  { sampling, alpha = 0.25, average = 'positives' }: TargetOptions,
) {
  if (sampling !== null || average === 'all') {
    const share = 1 / Math.max(positives + negatives, 1);
    return { positive: share, negative: share, box: share };
  }
  const share = 1 / Math.max(positives, 1);
  return { positive: alpha * share, negative: (1 - alpha) * share, box: share };
}

/**
 * Inputs of rpnLoss for a batch: 'rpn/labels/p2' and so on. Streams are one an image; all anchors of the batch that count
 * share the normalisation.
 */
export function rpnTargets(
  levels: readonly PyramidLevel[],
  anchors: readonly Boxes[],
  images: readonly ImageTruth[],
  streams: readonly RandomStream[],
  options: TargetOptions = {},
): Inputs {
  const { matching = ANCHOR_MATCHING, sampling = ANCHOR_SAMPLING } = options;
  const all = joinBoxes(anchors);
  const samples = images.map(({ boxes }, image) => {
    const matched = matchBoxes(all, boxes, matching);
    return { matched, ...sampleMatches(matched, sampling, streams[image] as RandomStream) };
  });
  const count = (of: 'positives' | 'negatives') => samples.reduce((sum, sample) => sum + sample[of].length, 0);
  const share = shares(count('positives'), count('negatives'), { ...options, sampling });
  const inputs: Inputs = new Map();
  let first = 0;
  for (const [index, { name, rows, columns }] of levels.entries()) {
    const [own, pixels] = [(anchors[index] as Boxes).length / 4, rows * columns];
    const make = (size: number) => new Float32Array(images.length * size);
    const [labels, weights, targets, boxWeights] = [make(own), make(own), make(4 * own), make(4 * own)];
    for (const [image, { matched, positives, negatives }] of samples.entries()) {
      const here = (i: number) => i >= first && i < first + own;
      for (const i of negatives) if (here(i)) weights[image * own + i - first] = share.negative;
      for (const i of positives) {
        if (!here(i)) continue;
        const anchor = i - first;
        labels[image * own + anchor] = 1;
        weights[image * own + anchor] = share.positive;
        const { boxes } = images[image] as ImageTruth;
        const base = 4 * (image * own + Math.floor(anchor / pixels) * pixels) + (anchor % pixels);
        for (const [k, t] of encodeBox(all, i, boxes, matched[i] as number, RPN_CODER).entries()) {
          targets[base + k * pixels] = t;
          boxWeights[base + k * pixels] = share.box;
        }
      }
    }
    for (const [port, data] of Object.entries({ labels, weights, targets, boxWeights }))
      inputs.set(`rpn/${port}/${name}`, data);
    first += own;
  }
  return inputs;
}

/** The regions that the box head is trained on, and its targets. */
export interface RegionTargets {
  /** By image. */
  readonly boxes: readonly Boxes[];
  /** 'box/labels', 'box/targets' and 'box/weights'. */
  readonly inputs: Inputs;
}

/**
 * Chooses regions among the proposals and the true boxes themselves, so that there are positives from the start (as
 * Detectron does). `capacity` is what the graph takes; regions missing to it weigh nothing.
 */
export function regionTargets(
  proposals: readonly Boxes[],
  images: readonly ImageTruth[],
  streams: readonly RandomStream[],
  { classes, capacity }: { readonly classes: number; readonly capacity: number },
  options: TargetOptions = {},
): RegionTargets {
  const { matching = PROPOSAL_MATCHING, sampling = REGION_SAMPLING } = options;
  const chosen = images.map(({ boxes: truth }, image) => {
    const boxes = joinBoxes([proposals[image] as Boxes, truth]);
    const matched = matchBoxes(boxes, truth, matching);
    const { positives, negatives } = sampleMatches(matched, sampling, streams[image] as RandomStream);
    return { boxes, matched, positives, negatives };
  });
  const count = (of: 'positives' | 'negatives') => chosen.reduce((sum, sample) => sum + sample[of].length, 0);
  if (count('positives') + count('negatives') > capacity)
    throw new RangeError(
      `regionTargets chose ${count('positives') + count('negatives')} regions for a graph of ${capacity}`,
    );
  const share = shares(count('positives'), count('negatives'), { ...options, sampling });
  const labels = new Float32Array(capacity * classes);
  const targets = new Float32Array(capacity * 4 * classes);
  const weights = new Float32Array(capacity * 4 * classes);
  let row = 0;
  const regions = chosen.map(({ boxes, matched, positives, negatives }, image) => {
    const { boxes: truth, classes: truthClasses } = images[image] as ImageTruth;
    const own = [...positives, ...negatives];
    for (const i of own) {
      const lesion = matched[i] as number;
      const label = lesion >= 0 ? (truthClasses[lesion] as number) : 0;
      labels[row * classes + label] = label > 0 ? share.positive : share.negative;
      if (label > 0)
        for (const [k, t] of encodeBox(boxes, i, truth, lesion, BOX_CODER).entries()) {
          targets[4 * (row * classes + label) + k] = t;
          weights[4 * (row * classes + label) + k] = share.box;
        }
      row++;
    }
    return Float64Array.from(own.flatMap((i) => [...boxes.subarray(4 * i, 4 * i + 4)]));
  });
  return {
    boxes: regions,
    inputs: new Map([
      ['box/labels', labels],
      ['box/targets', targets],
      ['box/weights', weights],
    ]),
  };
}
