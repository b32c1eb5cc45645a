/** Cases of ops that move, join, cut and pick elements. */
import { functions as f, type Tensor } from '@mammoscope/nn';
import type { RandomStream } from '@mammoscope/random';
import { type CaseMaker, type OperationCase, several } from './operation-check.ts';
import {
  at,
  count,
  elementwise,
  fill,
  front,
  indexOf,
  narrower,
  positions,
  reshaped,
  separated,
  shapeOf,
  total,
  uniform,
  type Values,
} from './reference-array.ts';

const replaced = (list: readonly number[], place: number, value: number) =>
  list.map((entry, i) => (i === place ? value : entry));
const indices = (shape: readonly number[], draw: () => number): Values => ({ ...fill(shape, draw), dtype: 'int64' });

/** A random shape and one of its axes, counted from either end and from the front. */
function drawAxis(stream: RandomStream, low = 1, high = 4) {
  const shape = shapeOf(stream, stream.integer(1, 4), low, high);
  const axis = stream.integer(-shape.length, shape.length - 1);
  return { shape, axis, along: front(axis, shape.length) };
}

/** Those places of an axis that are listed. */
const taken = (x: Values, axis: number, places: readonly number[]): Values =>
  fill(replaced(x.shape, axis, places.length), (position) =>
    at(x, replaced(position, axis, places[position[axis] as number] as number)),
  );
const range = (start: number, end: number, step = 1) =>
  Array.from({ length: Math.ceil((end - start) / step) }, (_, i) => start + i * step);

export const movementCases = {
  Reshape: several(3, (stream) => {
    const shape = shapeOf(stream, stream.integer(2, 4));
    const other = [...stream.shuffle(shape), 1];
    return {
      operands: [uniform(stream, shape)],
      apply: (x) => f.reshape(x, other),
      reference: (x) => reshaped(x, other),
    };
  }),
  Transpose: several(4, (stream) => {
    const shape = shapeOf(stream, stream.integer(2, 5), 1, 3);
    const shuffled = stream.shuffle([...shape.keys()]);
    const perm = shuffled.every((axis, i) => axis === i) ? shuffled.reverse() : shuffled;
    return {
      operands: [uniform(stream, shape)],
      apply: (x) => f.transpose(x, perm),
      reference: (x) => {
        const source = (position: readonly number[]) => shape.map((_, axis) => position[perm.indexOf(axis)] as number);
        return fill(
          perm.map((axis) => shape[axis] as number),
          (position) => at(x, source(position)),
        );
      },
    };
  }),
  Concat: several(5, (stream) => {
    const { shape, axis, along } = drawAxis(stream);
    const owners = shapeOf(stream, stream.integer(1, 3)).flatMap((extent, operand) =>
      range(0, extent).map((place) => ({ operand, place, extent })),
    );
    const firsts = owners.filter(({ place }) => place === 0);
    return {
      operands: firsts.map(({ extent }) => uniform(stream, replaced(shape, along, extent))),
      apply: (...operands) => f.concat(operands, axis),
      reference: (...operands) =>
        fill(replaced(shape, along, owners.length), (position) => {
          const { operand, place } = owners[position[along] as number] as (typeof owners)[number];
          return at(operands[operand] as Values, replaced(position, along, place));
        }),
    };
  }),
  /** With parts that no gradient comes back through. */
  Split: several(5, (stream) => {
    const { shape, axis, along } = drawAxis(stream);
    const sizes = shapeOf(stream, stream.integer(2, 3), 1, 3);
    return {
      operands: [uniform(stream, replaced(shape, along, total(sizes)))],
      through: [...sizes.keys()].filter((i) => i === 1 || stream.chance(0.5)),
      apply: (x) => f.split(x, axis, sizes),
      reference: (x) =>
        sizes.map((size, i) => {
          const start = total(sizes.slice(0, i));
          return taken(x, along, range(start, start + size));
        }),
    };
  }),
  Slice: [
    (stream) => ({
      operands: [uniform(stream, [9, 2, 8])],
      apply: (x) => f.slice(x, { axes: [0, 2], starts: [1, 0], ends: [9, 8], steps: [2, 3] }),
      reference: (x) => taken(taken(x, 0, [1, 3, 5, 7]), 2, [0, 3, 6]),
    }),
    ...several(8, (stream) => {
      const shape = shapeOf(stream, stream.integer(1, 4), 1, 7);
      const cuts = [...shape.entries()].flatMap(([axis, extent]) => {
        if (stream.chance(0.3)) return [];
        const start = stream.integer(0, extent - 1);
        return [{ axis, start, end: stream.integer(start + 1, extent), step: stream.integer(1, 3) }];
      });
      const attributes = {
        axes: cuts.map(({ axis }) => (stream.chance(0.5) ? axis : axis - shape.length)),
        starts: cuts.map(({ start }) => start),
        ends: cuts.map(({ end }) => end),
        steps: cuts.map(({ step }) => step),
      };
      return {
        operands: [uniform(stream, shape)],
        apply: (x) => f.slice(x, attributes),
        reference: (x) => cuts.reduce((y, { axis, start, end, step }) => taken(y, axis, range(start, end, step)), x),
      };
    }),
  ] as readonly CaseMaker[],
  /** Padded here and cropped there, with a value other than zero. */
  Pad: several(6, (stream) => {
    const shape = shapeOf(stream, stream.integer(1, 4), 3, 4);
    const pads = [...shape, ...shape].map(() => stream.integer(-1, 2));
    const value = Math.fround(stream.uniform());
    return {
      operands: [uniform(stream, shape)],
      apply: (x) => f.pad(x, pads, value),
      reference: (x) => {
        const extents = shape.map((extent, a) => extent + (pads[a] as number) + (pads[a + shape.length] as number));
        return fill(extents, (position) => {
          const source = position.map((p, axis) => p - (pads[axis] as number));
          return source.every((p, axis) => p >= 0 && p < (shape[axis] as number)) ? at(x, source) : value;
        });
      },
    };
  }),
  Expand: several(5, (stream) => {
    const shape = [2, ...shapeOf(stream, stream.integer(0, 3))];
    return {
      operands: [uniform(stream, narrower(stream, shape.slice(1)))],
      apply: (x) => f.expand(x, shape),
      reference: (x) => elementwise([x, fill(shape, () => 0)], (element) => element),
    };
  }),
};

/** Indices along an axis; they repeat where there are more than places. */
function drawIndices(stream: RandomStream) {
  const { shape, axis, along } = drawAxis(stream);
  const chosen = replaced(shape, along, stream.integer(1, 4));
  return { shape, axis, along, chosen, places: indices(chosen, () => stream.integer(0, (shape[along] as number) - 1)) };
}

/** Rows, their channels, and the entries of a sparse matrix whose rows may name one of them twice. */
function drawSums(stream: RandomStream) {
  const [rows, channels, sums] = [stream.integer(1, 5), stream.integer(1, 4), stream.integer(1, 4)];
  const entries = indices([sums, stream.integer(1, 4)], () => stream.integer(0, rows - 1));
  return { rows, channels, entries, sums };
}

function gatherSumCase(stream: RandomStream): OperationCase {
  const { rows, channels, entries, sums } = drawSums(stream);
  return {
    operands: [uniform(stream, [rows, channels]), entries, uniform(stream, entries.shape)],
    apply: (data, places, weights) => f.gatherSum(data, places, weights),
    reference: (data, places, weights) =>
      fill([sums, channels], ([sum, channel]) =>
        total(
          range(0, entries.shape[1] as number).map(
            (entry) =>
              at(weights, [sum as number, entry]) * at(data, [at(places, [sum as number, entry]), channel as number]),
          ),
        ),
      ),
  };
}

/** Indices and weights [P, N] of the transpose of a sparse matrix; entries that are not there weigh nothing. */
function transposeOf([data, places, weights]: readonly [Values, Values, Values]): [Values, Values] {
  const [rows, [sums, entries]] = [data.shape[0] as number, places.shape as [number, number]];
  const shape = [rows, sums * entries];
  const sumOf = (entry: number) => Math.floor(entry / entries);
  return [
    { ...fill(shape, ([, entry]) => sumOf(entry as number)), dtype: 'int64' },
    fill(shape, ([row, entry]) => {
      const at = entry as number;
      return places.data[at] === row ? (weights.data[at] as number) : 0;
    }),
  ];
}

export const indexingCases = {
  Gather: several(6, (stream) => {
    const { shape, axis, along } = drawAxis(stream);
    const chosen = shapeOf(stream, stream.integer(0, 2), 1, 3);
    return {
      operands: [uniform(stream, shape), indices(chosen, () => stream.integer(0, (shape[along] as number) - 1))],
      apply: (data, places) => f.gather(data, places, axis),
      reference: (data, places) =>
        fill([...shape.slice(0, along), ...chosen, ...shape.slice(along + 1)], (position) => {
          const place = at(places, position.slice(along, along + chosen.length));
          return at(data, [...position.slice(0, along), place, ...position.slice(along + chosen.length)]);
        }),
    };
  }),
  GatherElements: several(5, (stream) => {
    const { shape, axis, along, places } = drawIndices(stream);
    return {
      operands: [uniform(stream, shape), places],
      apply: (data, chosen) => f.gatherElements(data, chosen, axis),
      reference: (data, chosen) =>
        fill(chosen.shape, (position) => at(data, replaced(position, along, at(chosen, position)))),
    };
  }),
  ScatterAdd: several(5, (stream) => {
    const { shape, axis, along, chosen, places } = drawIndices(stream);
    return {
      operands: [places, uniform(stream, chosen)],
      apply: (where, updates) => f.scatterAdd(where, updates, axis, shape),
      reference: (where, updates) => {
        const data = new Float64Array(count(shape));
        for (const position of positions(chosen)) {
          const target = indexOf(shape, replaced(position, along, at(where, position)));
          data[target] = (data[target] as number) + at(updates, position);
        }
        return { shape, data };
      },
    };
  }),
  GatherSum: [
    ...several(5, gatherSumCase),
    // The same with its transpose given, as one pair: each row of the data and what it goes into.
    ...several(3, (stream) => {
      const { operands, reference } = gatherSumCase(stream);
      const pair = transposeOf(operands as [Values, Values, Values]);
      return {
        operands: [...operands, ...pair],
        buffers: [4],
        apply: (data, ...rest) => {
          const [places, weights, ...transposed] = rest as [Tensor, Tensor, ...Tensor[]];
          return f.gatherSum(data, places, weights, transposed);
        },
        reference,
      };
    }),
  ],

  GatherSumGradient: several(5, (stream) => {
    const { rows, channels, entries, sums } = drawSums(stream);
    return {
      operands: [uniform(stream, [sums, channels]), entries, uniform(stream, entries.shape)],
      apply: (dy, places, weights) => f.gatherSumGradient(dy, places, weights, rows),
      reference: (dy, places, weights) => {
        const data = new Float64Array(rows * channels);
        for (const [sum, entry, channel] of positions([...entries.shape, channels]) as [number, number, number][]) {
          const target = at(places, [sum, entry]) * channels + channel;
          data[target] = (data[target] as number) + at(weights, [sum, entry]) * at(dy, [sum, channel]);
        }
        return { shape: [rows, channels], data };
      },
    };
  }),
  TopK: several(6, (stream) => {
    const { shape, axis, along } = drawAxis(stream, 2, 5);
    const [k, largest] = [stream.integer(1, shape[along] as number), stream.chance(0.5)];
    return {
      operands: separated(stream, [shape]),
      apply: (x) => {
        const { values, indices: places } = f.topK(x, k, axis, largest);
        return [values, places];
      },
      reference: (x) => {
        const places = fill(replaced(shape, along, k), (position) => {
          const line = range(0, shape[along] as number).map((place) => at(x, replaced(position, along, place)));
          const ranked = [...line].sort((a, b) => (largest ? b - a : a - b));
          return line.indexOf(ranked[position[along] as number] as number);
        });
        return [fill(places.shape, (position) => at(x, replaced(position, along, at(places, position)))), places];
      },
    };
  }),
};
