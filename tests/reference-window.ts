/** Pooling and resampling as loops over output positions. */
import type { Attributes } from '@mammoscope/nn';
import { at, fill, indexOf, positions, total, type Values } from './reference-array.ts';

type Pool = Attributes<'MaxPool'>;

/** Output extents of a pooling window; rounding up drops a window that would start in the end padding. */
export function pooledShape(x: readonly number[], { kernel, strides, pads, ceilMode }: Pool): number[] {
  const axes = kernel.length;
  const spatial = kernel.map((k, axis) => {
    const [stride, before] = [strides[axis] as number, pads[axis] as number];
    const extent = x[axis + 2] as number;
    let outputs = 0;
    for (let start = -before; ; start += stride, outputs++) {
      const fits = start + k <= extent + (pads[axis + axes] as number);
      const partly = ceilMode && start < extent && start - stride + k < extent + (pads[axis + axes] as number);
      if (!fits && !partly) return outputs;
    }
  });
  return [...x.slice(0, 2), ...spatial];
}

/** Positions inside the image that the window of an output position covers, in row-major order. */
function windowOf(x: readonly number[], { kernel, strides, pads }: Pool, output: readonly number[]): number[][] {
  return positions(kernel)
    .map((tap) =>
      tap.map((k, axis) => (output[axis + 2] as number) * (strides[axis] as number) + k - (pads[axis] as number)),
    )
    .filter((place) => place.every((p, axis) => p >= 0 && p < (x[axis + 2] as number)))
    .map((place) => [...output.slice(0, 2), ...place]);
}

/** The largest element of each window. */
export const maxPooled = (x: Values, pool: Pool): Values =>
  fill(pooledShape(x.shape, pool), (output) =>
    Math.max(...windowOf(x.shape, pool, output).map((place) => at(x, place))),
  );

/** dx of maximum pooling: dy goes to the first largest element of its window. */
export function maxPoolBack(x: Values, dy: Values, pool: Pool): Values {
  const data = new Float64Array(x.data.length);
  for (const [i, output] of positions(dy.shape).entries()) {
    const indices = windowOf(x.shape, pool, output).map((place) => indexOf(x.shape, place));
    const winner = indices.reduce((best, index) =>
      (x.data[index] as number) > (x.data[best] as number) ? index : best,
    );
    data[winner] = (data[winner] as number) + (dy.data[i] as number);
  }
  return { shape: x.shape, data };
}

/** Means of windows: over what is inside the image, or over the padded image that the window covers. */
export function averagePooled(x: Values, pool: Attributes<'AveragePool'>): Values {
  const { kernel, strides, pads, countIncludePad } = pool;
  return fill(pooledShape(x.shape, pool), (output) => {
    const inside = windowOf(x.shape, pool, output).map((place) => at(x, place));
    const padded = kernel.map((k, axis) => {
      const start = (output[axis + 2] as number) * (strides[axis] as number) - (pads[axis] as number);
      return Math.min(k, (x.shape[axis + 2] as number) + (pads[axis + kernel.length] as number) - start);
    });
    return total(inside) / (countIncludePad ? padded.reduce((a, b) => a * b, 1) : inside.length);
  });
}

/** The inputs that make one output position of a resampled axis, with their weights. */
function sources(mode: Attributes<'Resize'>['mode'], i: number, input: number, output: number): [number, number][] {
  if (mode === 'nearest') return [[Math.floor((i * input) / output), 1]];
  const aligned = output === 1 ? 0 : (i * (input - 1)) / (output - 1);
  const place = mode === 'linear' ? Math.max(((i + 0.5) * input) / output - 0.5, 0) : aligned;
  const low = Math.floor(place);
  return [
    [Math.min(low, input - 1), 1 - (place - low)],
    [Math.min(low + 1, input - 1), place - low],
  ];
}

/** Resampling, each output as the sum over the corners around it. */
export function resampled(x: Values, { mode, size }: Attributes<'Resize'>): Values {
  return fill([...x.shape.slice(0, 2), ...size], (output) => {
    const corners = size.reduce<[number[], number][]>(
      (list, extent, axis) =>
        list.flatMap(([place, weight]) =>
          sources(mode, output[axis + 2] as number, x.shape[axis + 2] as number, extent).map(
            ([source, share]): [number[], number] => [[...place, source], weight * share],
          ),
        ),
      [[output.slice(0, 2), 1]],
    );
    return total(corners.map(([place, weight]) => weight * at(x, place)));
  });
}
