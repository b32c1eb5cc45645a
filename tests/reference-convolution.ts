/** Convolution and its gradients as loops over the products it is made of, in one, two and three dimensions. */
import type { Attributes } from '@mammoscope/nn';
import { count, type Values } from './reference-array.ts';

/** Geometry of a convolution, as the op's attributes. */
export type Geometry = Attributes<'Conv'>;

/** Shape of the output. */
export function convolvedShape(x: readonly number[], w: readonly number[], { strides, pads, dilations }: Geometry) {
  const axes = strides.length;
  const spatial = strides.map((stride, axis) => {
    const reach = (dilations[axis] as number) * ((w[axis + 2] as number) - 1) + 1;
    const room = (x[axis + 2] as number) + (pads[axis] as number) + (pads[axis + axes] as number);
    return Math.floor((room - reach) / stride) + 1;
  });
  return [x[0] as number, w[0] as number, ...spatial];
}

/** Three spatial extents, the missing ones in front given. */
const three = (list: readonly number[], missing: number): [number, number, number] =>
  [...new Array<number>(3 - list.length).fill(missing), ...list] as [number, number, number];

/** Calls `product` with the indices of every x and w that are multiplied, and of the y that they are added to. */
function eachProduct(
  xShape: readonly number[],
  wShape: readonly number[],
  geometry: Geometry,
  product: (x: number, w: number, y: number) => void,
): void {
  const [n, o, ...extents] = convolvedShape(xShape, wShape, geometry) as [number, number, ...number[]];
  const [c, perGroup] = [xShape[1] as number, wShape[1] as number];
  const [X, W, Y] = [three(xShape.slice(2), 1), three(wShape.slice(2), 1), three(extents, 1)];
  const [stride, dilation] = [three(geometry.strides, 1), three(geometry.dilations, 1)];
  const pad = three(geometry.pads.slice(0, geometry.strides.length), 0);
  const outputsPerGroup = o / geometry.group;
  let [y, w] = [0, 0];
  for (let image = 0; image < n; image++) {
    for (let output = 0; output < o; output++) {
      const firstChannel = image * c + Math.floor(output / outputsPerGroup) * perGroup;
      for (let yd = 0; yd < Y[0]; yd++) {
        for (let yr = 0; yr < Y[1]; yr++) {
          for (let yc = 0; yc < Y[2]; yc++, y++) {
            w = output * perGroup * W[0] * W[1] * W[2];
            for (let channel = 0; channel < perGroup; channel++) {
              for (let kd = 0; kd < W[0]; kd++) {
                const d = yd * stride[0] + kd * dilation[0] - pad[0];
                for (let kr = 0; kr < W[1]; kr++) {
                  const r = yr * stride[1] + kr * dilation[1] - pad[1];
                  const row = (((firstChannel + channel) * X[0] + d) * X[1] + r) * X[2];
                  const inside = d >= 0 && d < X[0] && r >= 0 && r < X[1];
                  for (let kc = 0; kc < W[2]; kc++, w++) {
                    const column = yc * stride[2] + kc * dilation[2] - pad[2];
                    if (inside && column >= 0 && column < X[2]) product(row + column, w, y);
                  }
                }
              }
            }
          }
        }
      }
    }
  }
}

/** y[n, o, p] = sum over i and tap of x[n, i, p stride + tap dilation - pad] w[o, i, tap] + bias[o]. */
export function convolution(x: Values, w: Values, geometry: Geometry, bias?: Values): Values {
  const shape = convolvedShape(x.shape, w.shape, geometry);
  const data = new Float64Array(count(shape));
  eachProduct(x.shape, w.shape, geometry, (xi, wi, yi) => {
    data[yi] = (data[yi] as number) + (x.data[xi] as number) * (w.data[wi] as number);
  });
  return biased({ shape, data }, bias);
}

/** dx of a convolution: every dy goes back along the products it came from. */
export function convolutionInputGradient(dy: Values, w: Values, shape: readonly number[], geometry: Geometry): Values {
  const data = new Float64Array(count(shape));
  eachProduct(shape, w.shape, geometry, (xi, wi, yi) => {
    data[xi] = (data[xi] as number) + (dy.data[yi] as number) * (w.data[wi] as number);
  });
  return { shape, data };
}

/** dw of a convolution. */
export function convolutionWeightGradient(x: Values, dy: Values, shape: readonly number[], geometry: Geometry): Values {
  const data = new Float64Array(count(shape));
  eachProduct(x.shape, shape, geometry, (xi, wi, yi) => {
    data[wi] = (data[wi] as number) + (dy.data[yi] as number) * (x.data[xi] as number);
  });
  return { shape, data };
}

/** A transposed convolution of x by w [C, O/group, ...] to a shape: what a convolution's input gradient computes. */
export function transposedConvolution(
  x: Values,
  w: Values,
  shape: readonly number[],
  geometry: Geometry,
  bias?: Values,
): Values {
  return biased(convolutionInputGradient(x, w, shape, geometry), bias);
}

/** Images with one number added to each channel. */
function biased({ shape, data }: Values, bias?: Values): Values {
  if (!bias) return { shape, data };
  const pixels = count(shape.slice(2));
  const channels = bias.data.length;
  return { shape, data: data.map((element, i) => element + (bias.data[Math.floor(i / pixels) % channels] as number)) };
}
