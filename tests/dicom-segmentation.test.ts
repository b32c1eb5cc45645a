/** Segmentations of findings and of saliency: their pixels, frames, references and dimensions, from the bytes that were written. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Point, type Reading, resultObjects } from '@mammoscope/dicom';
import { type Elements, elementsOfFile, itemsOf, numbersOf, textOf } from './dicom-element-tree.ts';
import { COLUMNS, ROWS, readingOf, requestOf, studyOf, temporaryFolder } from './dicom-result-study.ts';

const images = await studyOf(await temporaryFolder('dicom-segmentation-'));
const PIXELS = ROWS * COLUMNS;

function segmentation(name: string, changes: Partial<Reading> = {}): Elements {
  const object = resultObjects(requestOf(images, changes)).find((one) => one.name === name);
  return elementsOfFile(Buffer.concat([...(object?.bytes() ?? [])]));
}

const groupOf = (frame: Elements | undefined, tag: string) => itemsOf(frame, tag)[0];
const framesOf = (dataSet: Elements) => itemsOf(dataSet, '52009230');

/** Whether the centre of a pixel is in a polygon, by the winding of its corners seen from there. */
function isInside(corners: readonly Point[], x: number, y: number): boolean {
  const angles = corners.map(([cx, cy]) => Math.atan2(cy - y - 0.5, cx - x - 0.5));
  const turned = angles.reduce((sum, angle, i) => {
    const turn = (angles[(i + 1) % angles.length] as number) - angle;
    return sum + Math.atan2(Math.sin(turn), Math.cos(turn));
  }, 0);
  return Math.abs(turned) > Math.PI;
}

/** Bit k of packed pixels (PS3.5 8.1.1). */
const bit = (pixels: Uint8Array, k: number) => ((pixels[k >> 3] as number) >> (k & 7)) & 1;

test('marks are one bit a pixel, frames packed without a gap, inside where the centre of the pixel is', () => {
  const box = [
    [4, 5],
    [14.25, 5],
    [14.25, 25],
    [4, 25],
  ] as const;
  const outline = [
    [10, 10],
    [20, 12.25],
    [15, 30],
    [11, 20.5],
  ] as const;
  const one = { image: 0, frame: 0, kind: 'mass', probability: 1 } as const;
  const dataSet = segmentation('marks-1', {
    lesions: [],
    findings: [
      { ...one, place: { boxPx: [4, 5, 14.25, 25] } },
      { ...one, place: { outlinePx: outline } },
    ],
  });
  const pixels = dataSet.get('7fe00010') as Uint8Array;
  const bytes = Math.ceil((2 * PIXELS) / 8);
  assert.equal(pixels.length, bytes + (bytes % 2));
  assert.ok(PIXELS % 8 !== 0, 'the second frame begins inside a byte');
  for (const [frame, corners] of [box, outline].entries())
    for (let k = 0; k < PIXELS; k++) {
      const [x, y] = [k % COLUMNS, Math.floor(k / COLUMNS)];
      assert.equal(bit(pixels, frame * PIXELS + k), Number(isInside(corners, x, y)), `frame ${frame}, ${x}, ${y}`);
    }
  assert.deepEqual([numbersOf(dataSet, '00280100'), textOf(dataSet, '00620001')], [[1], 'BINARY']);
});

test('points, findings that are not shown and images without findings have no segmentation', () => {
  const names = (changes: Partial<Reading>) => resultObjects(requestOf(images, changes)).map(({ name }) => name);
  assert.deepEqual(
    names({}).filter((name) => name.startsWith('marks')),
    ['marks-1', 'marks-2', 'marks-3'],
  );
  const { findings } = readingOf(images);
  const others = findings.filter(({ place, probability }) => 'pointPx' in place || probability < 0.5);
  const loose = others.map(({ lesion: _, ...finding }) => finding);
  assert.deepEqual(
    names({ findings: loose, lesions: [] }).filter((name) => name.startsWith('marks')),
    [],
  );
});

test('a segment has codes, an algorithm and a tracking UID', () => {
  const [segment] = itemsOf(segmentation('marks-3'), '00620002');
  const code = (tag: string) => textOf(groupOf(segment, tag), '00080100');
  assert.deepEqual([code('00620003'), code('0062000f'), code('00082218')], ['49755003', '129769006', '76752008']);
  assert.deepEqual([textOf(segment, '00620008'), textOf(segment, '00620009')], ['AUTOMATIC', 'odd 2020']);
  const algorithm = groupOf(segment, '00620007');
  assert.deepEqual([textOf(algorithm, '00660036'), textOf(algorithm, '00660031')], ['odd 2020', '1.2']);
  assert.equal(textOf(algorithm, '00660032'), 'cut-off 0.5; seed 7');
  assert.deepEqual([textOf(segment, '00620020'), numbersOf(segment, '00620004')], ['Finding 3', [1]]);
  assert.match(textOf(segment, '00620021'), /^2\.25\./);
});

test('each frame names the image and the frame that it lies on, and where that is', () => {
  const dataSet = segmentation('saliency-2');
  const frames = framesOf(dataSet).map((frame) => {
    const derivation = groupOf(frame, '00089124');
    const source = groupOf(derivation, '00082112');
    return {
      dimensions: numbersOf(groupOf(frame, '00209111'), '00209157'),
      segment: numbersOf(groupOf(frame, '0062000a'), '0062000b'),
      position: textOf(groupOf(frame, '00209113'), '00200032').split('\\').map(Number),
      image: textOf(source, '00081155'),
      frame: textOf(source, '00081160'),
      purpose: textOf(groupOf(source, '0040a170'), '00080100'),
      derivation: textOf(groupOf(derivation, '00089215'), '00080100'),
    };
  });
  const position = (frame: number) => images[2]?.frameMeta(frame).ImagePositionPatient;
  const common = { segment: [1], image: '1.2.3.4.2.1', purpose: '121322', derivation: '113076' };
  // handed in as slices 3 and 1, counted from 0
  assert.deepEqual(frames, [
    { ...common, dimensions: [1, 2], position: position(3), frame: '4' },
    { ...common, dimensions: [1, 1], position: position(1), frame: '2' },
  ]);
  assert.equal(textOf(dataSet, '00200052'), '1.2.3.4.2.9');
  assert.deepEqual(
    itemsOf(dataSet, '00209222').map((index) => numbersOf(index, '00209165')[0]),
    [0x0062000b, 0x00200032],
  );
  const [series] = itemsOf(dataSet, '00081115');
  assert.equal(textOf(itemsOf(series, '0008114a')[0], '00081155'), '1.2.3.4.2.1');
});

test('over a mammogram there is no frame of reference, and segments are the only dimension', () => {
  const dataSet = segmentation('saliency-1');
  assert.equal(textOf(dataSet, '00200052'), '');
  assert.equal(itemsOf(dataSet, '00209222').length, 1);
  const [frame] = framesOf(dataSet);
  assert.deepEqual(numbersOf(groupOf(frame, '00209111'), '00209157'), [1]);
  assert.equal(groupOf(groupOf(frame, '00089124'), '00082112')?.has('00081160'), false);
  assert.equal(textOf(dataSet, '00200020'), 'A\\R');
});

test('saliency is a fraction of 255', () => {
  const dataSet = segmentation('saliency-1');
  const pixels = dataSet.get('7fe00010') as Uint8Array;
  const wrong = Array.from({ length: PIXELS }, (_, i) => Math.abs((pixels[i] as number) - 25.5 * (i % 11)) > 0.5);
  assert.equal(wrong.indexOf(true), -1);
  assert.deepEqual(
    [
      textOf(dataSet, '00620001'),
      textOf(dataSet, '00620010'),
      numbersOf(dataSet, '0062000e'),
      numbersOf(dataSet, '00280100'),
    ],
    ['FRACTIONAL', 'PROBABILITY', [255], [8]],
  );
});

test('what was lost in the image is said of what is made of it', async () => {
  const lossy = await studyOf(await temporaryFolder('dicom-lossy-'), (dataSet) => ({
    ...dataSet,
    LossyImageCompression: '01',
    LossyImageCompressionRatio: [12.5],
    LossyImageCompressionMethod: ['ISO_15444_1'],
  }));
  const marks = resultObjects(requestOf(lossy)).filter(({ name }) => /marks|pictures/.test(name));
  for (const object of marks) {
    const dataSet = elementsOfFile(Buffer.concat([...object.bytes()]));
    assert.deepEqual(
      ['00282110', '00282112', '00282114'].map((tag) => textOf(dataSet, tag)),
      ['01', '12.5', 'ISO_15444_1'],
    );
  }
});

test('saliency of another size or beyond 0 to 1 is refused when it is written', () => {
  for (const values of [
    new Float32Array(PIXELS - 1),
    new Float32Array(PIXELS).fill(1.5),
    new Float32Array(PIXELS).fill(Number.NaN),
  ]) {
    const request = { ...requestOf(images), saliency: [{ image: 0, frame: 0, values }] };
    const object = resultObjects(request).find(({ name }) => name === 'saliency-1');
    assert.throws(() => [...(object?.bytes() ?? [])], { code: 'reading-invalid' });
  }
});
