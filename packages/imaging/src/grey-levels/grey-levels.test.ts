import assert from 'node:assert/strict';
import { test } from 'node:test';
import { modalityLut } from './modality-lut.ts';
import { pixelPadding } from './padding.ts';
import { polarity } from './photometric.ts';
import { storedRange } from './stored-values.ts';

const data = (...values: number[]) => Float32Array.from(values);

test('the stored range is that of the declared bits, and pixels outside it are refused', () => {
  const range = (facts: object, ...values: number[]) => {
    const { low, high } = storedRange(data(...values), facts);
    return [low, high];
  };
  assert.deepEqual(range({ BitsStored: 12 }, 0, 4095), [0, 4095]);
  assert.deepEqual(range({ BitsStored: 12, PixelRepresentation: 1 }, -2048, 2047), [-2048, 2047]);
  assert.deepEqual(range({}, -0.5, 3.25), [-0.5, 3.25]);
  assert.throws(() => range({ BitsStored: 12 }, 4096), {
    code: 'tag-invalid',
    message: /4096 to 4096 and BitsStored 12/,
  });
  assert.throws(() => range({ BitsStored: 12 }, -1), { code: 'tag-invalid' });
  assert.throws(() => range({ BitsStored: 99 }, 1), { code: 'tag-invalid' });
  assert.throws(() => range({}, 1, Number.NaN), { code: 'value-not-finite', message: /pixel 1 is NaN/ });
});

test('padding is a value or a range in either order', () => {
  const mask = (facts: object) => [...(pixelPadding(data(0, 5, 9, 10, 11), facts).mask ?? [])];
  assert.deepEqual(mask({ PixelPaddingValue: 5 }), [0, 1, 0, 0, 0]);
  assert.deepEqual(mask({ PixelPaddingValue: 10, PixelPaddingRangeLimit: 5 }), [0, 1, 1, 1, 0]);
  assert.deepEqual(mask({ PixelPaddingValue: 77 }), []);
  assert.deepEqual(mask({}), []);
});

test('the modality LUT is a table, a slope or nothing', () => {
  const rescaled = modalityLut(data(0, 10, 4095), { RescaleSlope: -2, RescaleIntercept: 8190 }, 0, 4095);
  assert.deepEqual([[...rescaled.data], rescaled.low, rescaled.high], [[8190, 8170, 0], 0, 8190]);
  const table = { LUTDescriptor: [2, 1, 8], LUTData: [7, 9] };
  const looked = modalityLut(data(0, 1, 2, 3), { ModalityLUTSequence: [table] }, 0, 4095);
  assert.deepEqual([[...looked.data], looked.low, looked.high], [[7, 7, 9, 9], 0, 255]);
  assert.deepEqual([...modalityLut(data(3), {}, 0, 4095).data], [3]);
  for (const facts of [
    { RescaleSlope: 0, RescaleIntercept: 0 },
    { RescaleSlope: 1 },
    { RescaleSlope: 1, RescaleIntercept: 0, ModalityLUTSequence: [table] },
  ]) {
    assert.throws(() => modalityLut(data(1), facts, 0, 1), { code: 'tag-invalid' });
  }
});

test('the polarity is that of the tags, and the air must be black', () => {
  const side = 20;
  const film = (air: number, tissue: number) => ({
    width: side,
    height: side,
    data: Float32Array.from({ length: side * side }, (_, i) =>
      i % side < 10 && Math.abs(i / side - 10) < 8 ? tissue : air,
    ),
  });
  const says = (facts: object, air: number, tissue: number) => polarity(film(air, tissue), facts).value;
  assert.equal(says({}, 0, 1), 'least is black');
  assert.equal(
    says({ PhotometricInterpretation: 'MONOCHROME1', PresentationLUTShape: 'INVERSE' }, 1, 0),
    'least is white',
  );
  assert.throws(() => says({ PhotometricInterpretation: 'MONOCHROME2' }, 1, 0), {
    code: 'sources-disagree',
    message: /least is white by air/,
  });
  assert.throws(() => says({ PhotometricInterpretation: 'MONOCHROME1', PresentationLUTShape: 'IDENTITY' }, 1, 0), {
    code: 'sources-disagree',
  });
  const won = polarity(film(1, 0), { PhotometricInterpretation: 'MONOCHROME2' }, undefined, {
    'photometric interpretation': 'pixels',
  });
  assert.equal(won.value, 'least is white');
  assert.throws(() => says({ PhotometricInterpretation: 'RGB' }, 0, 1), { code: 'tag-invalid', message: /got RGB/ });
  const flat = { width: 2, height: 2, data: data(3, 3, 3, 3) };
  assert.equal(polarity(flat, { PhotometricInterpretation: 'MONOCHROME1' }).value, 'least is white');
});
