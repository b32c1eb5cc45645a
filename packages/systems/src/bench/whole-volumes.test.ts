/** Table I: multiply-adds against a plain loop over the layers, and the extrapolation. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TABLE_SLICES, type WholeVolumeCase, wholeVolumeCost, wholeVolumeGmacs } from './whole-volumes.ts';

const [ROWS, COLUMNS, CHANNELS] = [2116, 1339, 3];
const halved = (extent: number) => Math.floor((extent - 1) / 2) + 1;

/** Thousands of millions of multiply-adds of a ResNet of basic blocks; `across` is the kernel across slices, 0 for images. */
function plainGmacs(slices: number, blocks: readonly number[], isVolume: boolean): number {
  let [depth, height, width, channels, macs] = [slices, halved(ROWS), halved(COLUMNS), 64, 0];
  macs += depth * height * width * 64 * CHANNELS * (isVolume ? 7 ** 3 : 7 ** 2);
  const shrink = () => {
    [height, width] = [halved(height), halved(width)];
    if (isVolume) depth = halved(depth);
  };
  shrink(); // max pooling
  for (const [stage, count] of blocks.entries()) {
    const outputs = 64 * 2 ** stage;
    for (let block = 0; block < count; block++) {
      if (stage > 0 && block === 0) shrink();
      macs += depth * height * width * outputs * (channels + outputs) * (isVolume ? 27 : 9);
      if (channels !== outputs) macs += depth * height * width * outputs * channels; // the projection
      channels = outputs;
    }
  }
  return (macs + (isVolume ? 1 : slices) * 512 * 2) / 1e9;
}

const CASES: readonly (readonly [WholeVolumeCase, readonly number[], boolean])[] = [
  ['resnet-18', [2, 2, 2, 2], false],
  ['resnet-34', [3, 4, 6, 3], false],
  ['3d-resnet-18', [2, 2, 2, 2], true],
  ['3d-resnet-34', [3, 4, 6, 3], true],
];

for (const [name, blocks, isVolume] of CASES)
  test(`the multiply-adds of ${name} are those of a plain loop, on the line through 4, 8 and 16 slices`, () => {
    const [four = 0, eight = 0, sixteen = 0] = [4, 8, 16].map((slices) => plainGmacs(slices, blocks, isVolume));
    // The slope by the weights of three points around their mean, 28 / 3.
    const mean = (four + eight + sixteen) / 3;
    const slope = (four * (4 - 28 / 3) + eight * (8 - 28 / 3) + sixteen * (16 - 28 / 3)) / (224 / 3);
    const expected = mean + slope * (TABLE_SLICES - 28 / 3);
    assert.ok(Math.abs(wholeVolumeGmacs(name) / expected - 1) < 1e-9, `${wholeVolumeGmacs(name)} and ${expected}`);
  });

test('ResNets of images have the multiply-adds that the paper prints, and 3D-GMIC no more than it prints', () => {
  assert.ok(Math.abs(wholeVolumeGmacs('resnet-18') / 9932 - 1) < 0.005);
  assert.ok(Math.abs(wholeVolumeGmacs('resnet-34') / 20_056 - 1) < 0.005);
  assert.ok(wholeVolumeGmacs('3d-gmic') <= 798);
});

test('memory of the others follows the line over slices, whose slope grows with the pixels of a slice', () => {
  const step = (slices: number, peakMiB: number) =>
    ({ case: 'resnet-18', slices, rows: 1058, baseMiB: 0, peakMiB, seconds: 1 }) as const;
  const cost = wholeVolumeCost('resnet-18', [step(4, 500), step(8, 700), step(16, 1100)]);
  assert.equal(cost.isMeasured, false);
  const pixels = (2116 * 1339) / (1058 * 670);
  assert.ok(Math.abs(cost.peakMiB - (300 + 50 * pixels * 96)) < 1e-6);
});
