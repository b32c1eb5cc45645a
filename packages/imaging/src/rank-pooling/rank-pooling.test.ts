import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RandomStream } from '@mammoscope/random';
import type { Samples } from './gram-range.ts';
import { approximateRankPool, approximateRankWeights, rankPool } from './rank-pooling.ts';
import { solveRankSvm } from './rank-svm.ts';
import { bandsOf, type SliceSource } from './slice-band.ts';

type Volume = readonly Float64Array[];

const sourceOf = (volume: Volume): SliceSource => ({
  depth: volume.length,
  slice: async (t) => volume[t] as Float64Array,
});

/** Slices of noise on a ramp; the smaller the noise, the easier they are ranked. */
function randomVolume(seed: number, slices: number, values: number, noise = 1): Volume {
  const stream = new RandomStream(seed, 'volume');
  return Array.from({ length: slices }, (_, t) =>
    Float64Array.from({ length: values }, () => noise * stream.uniform() + t / slices),
  );
}

const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, value, i) => sum + value * (b[i] as number), 0);

/** V_q - V_t of all pairs q > t by plain loops, in the order of multipliers. */
function pairDifferences(volume: Volume): Float64Array[] {
  const means = volume.map((slice, q) =>
    slice.map((_, i) => volume.slice(0, q + 1).reduce((sum, each) => sum + (each[i] as number), 0) / (q + 1)),
  );
  return means.flatMap((mean, q) =>
    means.slice(0, q).map((earlier) => mean.map((value, i) => value - (earlier[i] as number))),
  );
}

/** Equation 1, by plain loops. */
function objectiveOf(volume: Volume, lambda: number, d: Float64Array): number {
  const pairs = pairDifferences(volume);
  return (lambda / 2) * dot(d, d) + pairs.reduce((sum, each) => sum + Math.max(0, 1 - dot(d, each)), 0) / pairs.length;
}

function gramOf(volume: Volume): Float64Array {
  return Float64Array.from(volume.flatMap((a) => volume.map((b) => dot(a, b))));
}

function assertClose(got: Float64Array, expected: Float64Array, tolerance: number, what: string): void {
  const norm = Math.sqrt(dot(expected, expected));
  const off = Math.sqrt(expected.reduce((sum, value, i) => sum + (value - (got[i] as number)) ** 2, 0));
  assert.ok(got.length === expected.length && off <= tolerance * norm, `${what}: off by ${off / norm}`);
}

const CASES = [
  { slices: 2, values: 7, lambda: 1, noise: 1 },
  { slices: 3, values: 2, lambda: 0.01, noise: 1 },
  { slices: 9, values: 40, lambda: 0.3, noise: 0.2 },
  { slices: 14, values: 6, lambda: 0.05, noise: 1 }, // more slices than values: the Gram matrix is singular
  { slices: 21, values: 300, lambda: 1e-9, noise: 1 }, // every pair is ranked with room to spare
  { slices: 21, values: 300, lambda: 1e6, noise: 1 }, // none is
];

for (const [seed, { slices, values, lambda, noise }] of CASES.entries()) {
  test(`the optimality conditions of Equation 1 hold for ${slices} slices of ${values} values, lambda ${lambda}`, async () => {
    const volume = randomVolume(seed, slices, values, noise);
    const { d, weights, objective, dualityGap } = await rankPool(sourceOf(volume), { lambda });
    const pairs = pairDifferences(volume);
    const { multipliers } = solveRankSvm(gramOf(volume), slices, lambda);
    const bound = 1 / pairs.length;
    const scale = Math.sqrt(dot(d, d) * Math.max(...pairs.map((each) => dot(each, each))));
    for (const [i, alpha] of multipliers.entries()) {
      const margin = dot(d, pairs[i] as Float64Array);
      assert.ok(alpha >= 0 && alpha <= bound);
      const near = 1e-5 * Math.max(1, scale);
      if (margin > 1 + near) assert.ok(alpha <= 1e-4 * bound, `pair ${i} has room and pulls`);
      if (margin < 1 - near) assert.ok(alpha >= (1 - 1e-4) * bound, `pair ${i} is ranked wrongly and does not pull`);
    }
    const pulled = d.map(
      (_, at) => pairs.reduce((sum, each, i) => sum + (multipliers[i] as number) * (each[at] as number), 0) / lambda,
    );
    assertClose(d, pulled, 1e-6, 'd as a sum of pairs');
    const summed = d.map((_, at) =>
      volume.reduce((sum, each, t) => sum + (weights[t] as number) * (each[at] as number), 0),
    );
    assertClose(d, summed, 1e-12, 'd as a sum of slices');
    const reached = objectiveOf(volume, lambda, d);
    assert.ok(Math.abs(reached - objective) <= 1e-9 * objective);
    assert.ok(dualityGap >= 0 && dualityGap <= 1e-8 * objective);
    const stream = new RandomStream(seed, 'direction');
    for (let k = 0; k < 20; k++) {
      const step = 10 ** (-1 - (k % 5)) * Math.sqrt(dot(d, d) / values);
      const elsewhere = d.map((value) => value + step * (2 * stream.uniform() - 1));
      assert.ok(objectiveOf(volume, lambda, elsewhere) >= reached - dualityGap, `direction ${k} goes down`);
    }
  });
}

test('slices of 16 bits that change smoothly are ranked to a ten thousand millionth, though lambda is small against them', () => {
  for (let seed = 0; seed < 4; seed++) {
    const stream = new RandomStream(seed, 'v');
    const knots = Array.from({ length: 6 }, () => Float64Array.from({ length: 1000 }, () => 20000 * stream.uniform()));
    const volume = Array.from({ length: 30 }, (_, t) => {
      const near = knots.map((_knot, j) => Math.exp(-(((5 * t) / 29 - j) ** 2) / 8));
      return Float64Array.from({ length: 1000 }, (_value, i) =>
        Math.round(knots.reduce((sum, knot, j) => sum + (near[j] as number) * (knot[i] as number), 0)),
      );
    });
    const { objective, dualityGap } = solveRankSvm(gramOf(volume), 30, 1);
    assert.ok(dualityGap <= 1e-10 * objective, `seed ${seed}: ${dualityGap / objective}`);
  }
});

test('two slices have a closed form: alpha = min(1, lambda / |D|^2)', async () => {
  for (const lambda of [1e-3, 0.1, 10]) {
    const [first, second] = randomVolume(5, 2, 11) as [Float64Array, Float64Array];
    const difference = second.map((value, i) => (value - (first[i] as number)) / 2);
    const alpha = Math.min(1, lambda / dot(difference, difference));
    const { d } = await rankPool(sourceOf([first, second]), { lambda });
    assertClose(
      d,
      difference.map((value) => (alpha * value) / lambda),
      1e-6,
      `lambda ${lambda}`,
    );
  }
});

test('what changes nothing for pairs changes no weight: values in another order or turned, an image added, units', async () => {
  const volume = randomVolume(8, 12, 50);
  const { weights, d } = await rankPool(sourceOf(volume), { lambda: 0.2 });
  const stream = new RandomStream(8, 'order');
  const order = stream.shuffle(Array.from({ length: 50 }, (_, i) => i));
  const permuted = await rankPool(
    sourceOf(volume.map((slice) => slice.map((_, i) => slice[order[i] as number] as number))),
    { lambda: 0.2 },
  );
  assertClose(permuted.weights, weights, 1e-7, 'values in another order');
  assertClose(
    permuted.d,
    d.map((_, i) => d[order[i] as number] as number),
    1e-7,
    'd follows its values',
  );
  const [cos, sin] = [0.6, 0.8];
  const turn = (slice: Float64Array) =>
    slice.map((value, i) =>
      i % 2 === 0 ? cos * value - sin * (slice[i + 1] as number) : sin * (slice[i - 1] as number) + cos * value,
    );
  const turned = await rankPool(sourceOf(volume.map(turn)), { lambda: 0.2 });
  assertClose(turned.weights, weights, 1e-7, 'turned');
  const added = await rankPool(sourceOf(volume.map((slice) => slice.map((value, i) => value + 3 * Math.cos(i)))), {
    lambda: 0.2,
  });
  assertClose(added.weights, weights, 1e-6, 'an image added');
  assert.ok(Math.abs(weights.reduce((a, b) => a + b, 0)) < 1e-12 * Math.sqrt(dot(weights, weights)));
  const scaled = await rankPool(sourceOf(volume.map((slice) => slice.map((value) => 4 * value))), { lambda: 0.2 * 16 });
  assertClose(
    scaled.d,
    d.map((value) => value / 4),
    1e-7,
    'other units',
  );
});

/** Counts how often slices are read. */
function counted(source: SliceSource) {
  const reads = { count: 0 };
  return { reads, source: { ...source, slice: (t: number) => source.slice(t).finally(() => reads.count++) } };
}

test('slices in bands of any size give what slices in memory give, and are read once where they fit', async () => {
  const volume = randomVolume(3, 10, 1000);
  const whole = counted(sourceOf(volume));
  const expected = await rankPool(whole.source);
  assert.equal(whole.reads.count, 11); // and the middle one, to see what numbers there are
  for (const bandBytes of [1, 8 * 10 * 300, 8 * 10 * 999]) {
    const { reads, source } = counted(
      sourceOf(bandBytes === 1 ? volume.map((slice) => slice.subarray(0, 12)) : volume),
    );
    const pooled = await rankPool(source, { bandBytes });
    if (bandBytes === 1) assert.equal(reads.count, 1 + 10 * 12 + 10);
    else {
      assert.equal(reads.count, 1 + 10 * Math.ceil((8000 * 10) / bandBytes) + 10);
      assertClose(pooled.d, expected.d, 1e-9, `${bandBytes} bytes`);
    }
  }
});

test('slices in shared memory are pooled where they are, unless a band of each is wanted or a later one needs wider numbers', async () => {
  const slices = Array.from({ length: 5 }, (_, t) =>
    Uint8Array.from({ length: 64 }, (_value, i) => (i * (t + 3) * 7) % 251),
  );
  const shared = slices.map((slice): Uint8Array => {
    const own = new Uint8Array(new SharedArrayBuffer(slice.length));
    own.set(slice);
    return own;
  });
  const of = (all: readonly Samples[]): SliceSource => ({ depth: all.length, slice: async (t) => all[t] as Samples });
  for await (const { slices: band } of bandsOf(of(shared), 1 << 20))
    assert.ok(band.every((part, t) => part === shared[t]));
  for await (const { slices: band } of bandsOf(of(shared), 100))
    assert.ok(
      band.every((part) => !(shared as Samples[]).includes(part)),
      'a band of each is copied',
    );
  const wide = (shared as Samples[]).with(
    4,
    Float32Array.from(shared[4] as Uint8Array, (value) => value + 0.5),
  );
  for await (const { slices: band } of bandsOf(of(wide), 1 << 20))
    assert.ok(band.every((part) => part instanceof Float32Array));
  const [here, copied] = await Promise.all([rankPool(of(shared)), rankPool(of(slices))]);
  assert.deepEqual(here.weights, copied.weights);
});

test('8 and 16 bits, float32 and float64 of the same values give the same bits, also where a later slice needs more', async () => {
  const stream = new RandomStream(4, 'bytes');
  const volume = Array.from({ length: 7 }, () =>
    Float64Array.from({ length: 200 }, () => Math.floor(256 * stream.uniform())),
  );
  const bits = async (slice: (t: number) => Uint8Array | Uint16Array | Float32Array | Float64Array) =>
    Buffer.from((await rankPool({ depth: 7, slice: async (t) => slice(t) })).d.buffer).toString('hex');
  const expected = await bits((t) => volume[t] as Float64Array);
  for (const kind of [Uint8Array, Uint16Array, Float32Array])
    assert.equal(await bits((t) => kind.from(volume[t] as Float64Array)), expected, kind.name);
  const wide = volume.map((slice, t) => (t === 6 ? slice.map((value) => 250 * value) : slice));
  const fractional = volume.map((slice, t) => (t === 6 ? slice.map((value) => value / 4) : slice));
  for (const changed of [wide, fractional])
    assert.equal(
      await bits((t) => Float32Array.from(changed[t] as Float64Array)),
      await bits((t) => changed[t] as Float64Array),
    );
});

test('one worker, two workers and none give the same bits', async () => {
  const stream = new RandomStream(6, 'noise');
  const noise = Uint8Array.from({ length: 1 << 16 }, () => 256 * stream.uniform());
  const volume = Array.from({ length: 30 }, (_, t) => {
    const slice = new Uint8Array(240_000);
    for (let i = 0; i < slice.length; i++) slice[i] = noise[(i * (t + 1)) % noise.length] as number;
    return slice;
  });
  const source = { depth: 30, slice: async (t: number) => volume[t] as Uint8Array };
  const hash = async (threads: number) =>
    Buffer.from((await rankPool(source, { threads })).weights.buffer).toString('hex');
  assert.equal(await hash(1), await hash(2));
});

test('approximate weights are those of the sum of V_q - V_t over all pairs, and rank as the exact ones do', async () => {
  const volume = randomVolume(2, 9, 30, 0.1);
  const { d } = await approximateRankPool(sourceOf(volume));
  const pairs = pairDifferences(volume);
  assertClose(
    d,
    d.map((_, i) => pairs.reduce((sum, each) => sum + (each[i] as number), 0)),
    1e-12,
    'sum of pairs',
  );
  const huge = await rankPool(sourceOf(volume), { lambda: 1e9 }); // d stays near 0, where the hinge of every pair pulls
  const shrunk = huge.d.map((value) => value * 1e9 * pairs.length);
  assertClose(shrunk, d, 1e-6, 'exact, for a large lambda');
  assert.equal(approximateRankWeights(2).join(), '-0.5,0.5');
});

const refused = (volume: Volume, message: RegExp, code = 'slices-unusable') =>
  Promise.all(
    [rankPool, approximateRankPool].map((pool) =>
      assert.rejects(pool(sourceOf(volume)), { name: 'ImagingError', code, message }),
    ),
  );

test('one slice, slices all alike, of different sizes, empty or not finite are refused by name', async () => {
  const [a, b] = randomVolume(1, 2, 20) as [Float64Array, Float64Array];
  await refused([], /two slices or more, got 0/);
  await refused([a], /two slices or more, got 1/);
  await refused([a, a, a], /the 3 slices are all alike/);
  await refused([a.fill(0), a, a], /the 3 slices are all alike/);
  await refused([b, b, b.subarray(1)], /slice 2 has 19 values and others have 20/);
  await refused([b, b.map((value, i) => (i === 4 ? Number.NaN : value)), b], /value 4/, 'value-not-finite');
  await assert.rejects(rankPool(sourceOf([b, a]), { lambda: 0 }), {
    code: 'option-invalid',
    message: /lambda must be above 0, got 0/,
  });
});
