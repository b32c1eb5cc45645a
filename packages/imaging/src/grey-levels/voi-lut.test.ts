import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RandomStream } from '@mammoscope/random';
import { VOI_LUT_FUNCTIONS, voiLut, windowed } from './voi-lut.ts';

const levels = (...values: number[]) => ({ data: Float32Array.from(values), low: 0, high: 4095 });
const values = (result: { readonly data: Float32Array }) =>
  [...result.data].map((value) => Math.round(value * 1e5) / 1e5);

/** The worked conditions of PS3.3, C.11.2.1.2.1, for an output of 0 to 255. */
test('LINEAR gives the worked examples of the standard', () => {
  const at = (x: number, c: number, w: number) => 255 * windowed(x, c, w, 'LINEAR');
  // c = 2048, w = 4096: x <= 0 is 0, x > 4095 is 255, else ((x - 2047.5) / 4095 + 0.5) * 255
  for (const x of [-1, 0]) assert.equal(at(x, 2048, 4096), 0);
  assert.equal(at(4096, 2048, 4096), 255);
  for (const x of [1, 1000, 4095]) assert.ok(Math.abs(at(x, 2048, 4096) - ((x - 2047.5) / 4095 + 0.5) * 255) < 1e-9);
  // c = 2048, w = 1: x <= 2047.5 is 0, above is 255
  assert.deepEqual(
    [2047, 2047.5, 2047.6, 2048].map((x) => at(x, 2048, 1)),
    [0, 0, 255, 255],
  );
  // c = 0, w = 100: x <= -50 is 0, x > 49 is 255, else ((x + 0.5) / 99 + 0.5) * 255
  assert.deepEqual(
    [-51, -50, 50].map((x) => at(x, 0, 100)),
    [0, 0, 255],
  );
  assert.ok(Math.abs(at(10, 0, 100) - (10.5 / 99 + 0.5) * 255) < 1e-9);
  // c = 0, w = 1: x <= -0.5 is 0, above is 255
  assert.deepEqual(
    [-0.5, 0].map((x) => at(x, 0, 1)),
    [0, 255],
  );
});

test('LINEAR_EXACT and SIGMOID by their formulas; all three rise and stay in 0 to 1', () => {
  // c = 2048, w = 4096: x <= 0 is 0, x > 4096 is 1, else (x - 2048) / 4096 + 0.5
  assert.deepEqual(
    [0, 1024, 2048, 4096, 4097].map((x) => windowed(x, 2048, 4096, 'LINEAR_EXACT')),
    [0, 0.25, 0.5, 1, 1],
  );
  assert.ok(Math.abs(windowed(1300, 1000, 800, 'SIGMOID') - 1 / (1 + Math.exp(-1.5))) < 1e-12);
  const random = new RandomStream(5, 'voi test');
  for (const kind of VOI_LUT_FUNCTIONS) {
    for (let i = 0; i < 200; i++) {
      const [c, w] = [random.uniform(-1000, 5000), random.uniform(1, 4000)];
      const [x, y] = [random.uniform(-2000, 7000), random.uniform(-2000, 7000)].sort((a, b) => a - b) as [
        number,
        number,
      ];
      const [low, high] = [windowed(x, c, w, kind), windowed(y, c, w, kind)];
      assert.ok(low >= 0 && low <= high && high <= 1, `${kind} ${c} ${w} ${x} ${y}`);
    }
  }
});

test('the first table wins over a window, the user over both, and without any the declared range is mapped', () => {
  const table = { LUTDescriptor: [3, 100, 8], LUTData: [0, 51, 255], LUTExplanation: 'HARDER' };
  const facts = { VOILUTSequence: [table], WindowCenter: [100, 50], WindowWidth: [11, 100] };
  const first = voiLut(levels(0, 100, 101, 102, 4095), facts, false);
  assert.deepEqual(values(first), [0, 0, 0.2, 1, 1]);
  assert.match(first.decision.choice, /table 0 "HARDER"/);
  const second = voiLut(levels(0, 50, 99), facts, false, { window: 1 });
  assert.deepEqual(
    values(second),
    [0, 50, 99].map((x) => Math.round(windowed(x, 50, 100, 'LINEAR') * 1e5) / 1e5),
  );
  assert.deepEqual(values(voiLut(levels(0, 819, 4095), facts, false, 'none')), [0, 0.2, 1]);
  assert.deepEqual(values(voiLut(levels(0, 819, 4095), {}, false)), [0, 0.2, 1]);
});

test('a signed first value is negative, and 0 entries mean 65536', () => {
  const signed = { LUTDescriptor: [2, 65535, 8], LUTData: [0, 255] };
  assert.deepEqual(values(voiLut(levels(-2, -1, 0, 5), { VOILUTSequence: [signed] }, true)), [0, 0, 1, 1]);
  const long = { LUTDescriptor: [0, 0, 16], LUTData: Uint16Array.from({ length: 65536 }, (_, i) => i) };
  assert.deepEqual(values(voiLut(levels(0, 65535), { VOILUTSequence: [long] }, false)), [0, 1]);
});

test('tables and windows that contradict themselves are refused', () => {
  const refuse = (facts: object, message: RegExp) =>
    assert.throws(() => voiLut(levels(1), facts, false), { code: 'tag-invalid', message });
  refuse({ WindowCenter: [1, 2], WindowWidth: [3] }, /2 values and WindowWidth 1/);
  refuse({ WindowCenter: [1], WindowWidth: [0.5] }, /at least 1 with LINEAR, got 0.5/);
  refuse({ WindowCenter: [1], WindowWidth: [0], VOILUTFunction: 'SIGMOID' }, /above 0 with SIGMOID/);
  refuse({ WindowCenter: [1], WindowWidth: [5], VOILUTFunction: 'CUBIC' }, /got CUBIC/);
  refuse({ VOILUTSequence: [{ LUTDescriptor: [3, 0, 8], LUTData: [1] }] }, /says 3 entries and LUTData has 1/);
  refuse({ VOILUTSequence: [{ LUTDescriptor: [1, 0, 8], LUTData: [256] }] }, /entry 0 is 256/);
  refuse({ VOILUTSequence: [{ LUTDescriptor: [1, 0, 4], LUTData: [1] }] }, /8 to 16 bits, got 4/);
  refuse({ VOILUTSequence: [{}] }, /3 values, got 0/);
  assert.throws(() => voiLut(levels(1), {}, false, { window: 2 }), {
    code: 'option-invalid',
    message: /no VOI window 2/,
  });
});
