/**
 * Xception: Chollet, "Xception: deep learning with depthwise separable convolutions", CVPR 2017. Names are those of
 * Cadene's pretrained models, first values those that timm gives its port of them.
 */
import * as f from '../graph/functions.ts';
import type { Tensor } from '../graph/tensor.ts';
import { batchNorm, convolution, type Layer, relu, sequence } from '../layers/layers.ts';
import { heFanOut, type Scope } from '../layers/scope.ts';
import {
  type Classification,
  classifyAverage,
  type Network,
  type NetworkOptions,
  requireImage,
  runStages,
  type Stage,
} from './backbone.ts';

interface ConvOptions {
  readonly inputs: number;
  readonly outputs: number;
  readonly kernel: number;
  readonly stride?: number;
  readonly padding?: number;
  readonly groups?: number;
}

const conv = (scope: Scope, options: ConvOptions) =>
  convolution(scope, { ...options, bias: false, initialiser: heFanOut });

/** A 3 x 3 convolution of each channel by itself, then a 1 x 1 across channels, with nothing between. */
const separable = (scope: Scope, inputs: number, outputs: number) =>
  sequence(
    conv(scope.child('conv1'), { inputs, outputs: inputs, kernel: 3, padding: 1, groups: inputs }),
    conv(scope.child('pointwise'), { inputs, outputs, kernel: 1 }),
  );

/** Figure 5: channels after each separable convolution of a block, and its stride. */
interface BlockRow {
  readonly widths: readonly number[];
  readonly stride: 1 | 2;
}

/** The middle flow's block, eight times. */
const MIDDLE: BlockRow = { widths: [728, 728, 728], stride: 1 };
const BLOCKS: readonly BlockRow[] = [
  { widths: [128, 128], stride: 2 },
  { widths: [256, 256], stride: 2 },
  { widths: [728, 728], stride: 2 },
  ...new Array<BlockRow>(8).fill(MIDDLE),
  { widths: [728, 1024], stride: 2 },
];

/**
 * ReLU, separable convolution, normalisation, as often as there are widths, a pooling where it strides, and the shortcut.
 * The first block, whose input is a ReLU's output, has no ReLU in front, and its numbering starts one lower.
 */
function block(scope: Scope, inputs: number, { widths, stride }: BlockRow, reluFirst: boolean): Layer {
  const shortcut: Layer =
    stride === 1
      ? (x) => x
      : sequence(
          conv(scope.child('skip'), { inputs, outputs: widths.at(-1) as number, kernel: 1, stride }),
          batchNorm(scope.child('skipbn'), widths.at(-1) as number),
        );
  const branch = widths.flatMap((outputs, i) => {
    const place = 3 * i + (reluFirst ? 1 : 0);
    const layers = [
      separable(scope.child('rep', place), widths[i - 1] ?? inputs, outputs),
      batchNorm(scope.child('rep', place + 1), outputs),
    ];
    return i > 0 || reluFirst ? [relu(scope.child('rep', place - 1)), ...layers] : layers;
  });
  if (stride === 2) branch.push((x) => scope.build(() => f.maxPool(x, 3, { stride: 2, padding: 1 })));
  const inside = sequence(...branch);
  return (x) => {
    const kept = shortcut(x);
    const change = inside(x);
    return scope.build(() => f.add(change, kept));
  };
}

/** The first convolution of the small stem keeps every pixel. */
const STEMS = { imagenet: { leastPx: 7, stride: 2 }, small: { leastPx: 5, stride: 1 } } as const;

function xception(scope: Scope, image: Tensor, options: NetworkOptions): Classification {
  const { leastPx, stride } = STEMS[options.stem ?? 'imagenet'];
  requireImage('xception', image, leastPx);
  /** A layer with the normalisation and ReLU of the same number. */
  const numbered = (number: number, layer: Layer, channels: number): Stage => ({
    layer: sequence(layer, batchNorm(scope.child(`bn${number}`), channels), relu(scope.child(`bn${number}`))),
    feature: `relu${number}`,
  });
  const stemConv = (number: number, options: ConvOptions): Stage => ({
    ...numbered(number, conv(scope.child(`conv${number}`), options), options.outputs),
    stride: options.stride ?? 1,
  });
  const stages = [
    stemConv(1, { inputs: image.shape[1] as number, outputs: 32, kernel: 3, stride }),
    stemConv(2, { inputs: 32, outputs: 64, kernel: 3 }),
  ];
  let channels = 64;
  for (const [i, row] of BLOCKS.entries()) {
    const name = `block${i + 1}`;
    stages.push({ layer: block(scope.child(name), channels, row, i > 0), stride: row.stride, feature: name });
    channels = row.widths.at(-1) as number;
  }
  stages.push(numbered(3, separable(scope.child('conv3'), channels, 1536), 1536));
  stages.push(numbered(4, separable(scope.child('conv4'), 1536, 2048), 2048));
  const { x, features } = runStages(image, stages); // [N, 2048, H/32, W/32]
  const logits = classifyAverage(scope.child('last_linear'), x, {
    outputs: options.outputs,
    dropout: options.dropout ?? 0.5, // section 4.4
  });
  return { features, logits };
}

export const xceptions: Readonly<Record<'xception', Network>> = { xception };
