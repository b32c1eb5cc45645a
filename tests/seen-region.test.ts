/**
 * Parts of DICOM slices, read as rows of stored values with a table of grey levels, against the same pixels worked out one by one: every
 * attribute that grey levels and orientation rest on. Nothing is rounded, so they are equal.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import {
  type BoxPx,
  cropPlane,
  type DicomFacts,
  type ManifestImage,
  type ManifestRow,
  openManifestImage,
  orientPlane,
  type Plane,
  regionPlane,
} from '@mammoscope/imaging';
import { modalityLut, storedRange, voiLut } from '@mammoscope/imaging/browser';
import { dicomBytes, element, imageElements, item, SEQUENCE_END, UNDEFINED } from './dicom-object.ts';
import { mammogramValues } from './mammogram-object.ts';

const [WIDTH, HEIGHT, FRAMES] = [96, 80, 3];

const folder = await mkdtemp(join(tmpdir(), 'seen-region-'));
after(() => rm(folder, { recursive: true }));

const sequence = (tag: number, elements: readonly Buffer[]): Buffer =>
  Buffer.concat([
    element(tag, 'SQ', Buffer.alloc(0), UNDEFINED),
    item(Buffer.concat(elements)),
    item(undefined, SEQUENCE_END),
  ]);

const table = (entries: number, first: number, bits: number, of: (i: number) => number): Buffer[] => [
  element(0x00283002, 'US', [entries, first, bits]),
  element(
    0x00283006,
    'OW',
    Array.from({ length: entries }, (_, i) => of(i)),
  ),
];

const VALUES = mammogramValues({ width: WIDTH, height: HEIGHT, frames: FRAMES });
const words = (of: (value: number, i: number) => number): Buffer => element(0x7fe00010, 'OW', VALUES.map(of));

/** What each file has of its own; the values that are stored are those of its pixel data as DICOM defines them. */
const FILES: Readonly<Record<string, readonly Buffer[]>> = {
  'no attributes': [words((value) => value)],
  'overlay bits above the stored ones': [words((value, i) => value | ((i % 7) << 12))],
  MONOCHROME1: [element(0x00280004, 'CS', 'MONOCHROME1'), words((value) => 4095 - value)],
  'signed values': [element(0x00280103, 'US', [1]), words((value) => (value - 2000) & 0xffff)],
  'signed values without their sign bits': [element(0x00280103, 'US', [1]), words((value) => (value - 2000) & 0x0fff)],
  'rescaled, through a window': [
    element(0x00281050, 'DS', '1500'),
    element(0x00281051, 'DS', '2500'),
    element(0x00281052, 'DS', '-100'),
    element(0x00281053, 'DS', '1.5'),
    words((value) => value),
  ],
  'a sigmoid': [
    element(0x00281050, 'DS', '1500'),
    element(0x00281051, 'DS', '900'),
    element(0x00281056, 'CS', 'SIGMOID'),
    words((value) => value),
  ],
  'padding, a range of it': [element(0x00280120, 'US', [40]), element(0x00280121, 'US', [41]), words((value) => value)],
  'padding of MONOCHROME1': [
    element(0x00280004, 'CS', 'MONOCHROME1'),
    element(0x00280120, 'US', [4055]),
    words((value) => 4095 - value),
  ],
  'a VOI table': [
    sequence(
      0x00283010,
      table(4000, 50, 12, (i) => Math.round(Math.sqrt(i) * 64)),
    ),
    words((value) => value),
  ],
  'a modality table': [
    sequence(
      0x00283000,
      table(4096, 0, 16, (i) => 65535 - 3 * i),
    ),
    words((value) => 4095 - value),
  ],
  'sixteen bits': [element(0x00280101, 'US', [16]), element(0x00280102, 'US', [15]), words((value) => 16 * value + 7)],
  'eight bits': [
    element(0x00280100, 'US', [8]),
    element(0x00280101, 'US', [8]),
    element(0x00280102, 'US', [7]),
    element(0x7fe00010, 'OB', Buffer.from(VALUES.map((value) => value >> 4))),
  ],
  'turned by its tags': [element(0x00200020, 'CS', 'F\\A'), element(0x00200062, 'CS', 'L'), words((_, i) => turned(i))],
};

/** The same breast with its chest wall on top. */
function turned(i: number): number {
  const [frame, x, y] = [Math.floor(i / (WIDTH * HEIGHT)), i % WIDTH, Math.floor(i / WIDTH) % HEIGHT];
  const radius = Math.hypot(y, x - WIDTH / 2) / (0.42 * WIDTH);
  return radius < 1 ? 2400 - Math.round(1200 * radius) + 3 * frame : 40 + (i % 3);
}

async function opened(
  name: string,
  elements: readonly Buffer[] = FILES[name] ?? [],
  changes: Partial<ManifestRow> = {},
): Promise<ManifestImage> {
  const path = join(folder, `${name}.dcm`.replaceAll(/\s/g, '-'));
  const common = [
    element(0x00280008, 'IS', String(FRAMES)),
    element(0x00280010, 'US', [HEIGHT]),
    element(0x00280011, 'US', [WIDTH]),
  ];
  await writeFile(path, dicomBytes(imageElements([...common, ...elements])));
  const row = { line: 2, patientId: 'p', path, absolutePath: path, modality: 'DBT', label: 'x', other: {} } as const;
  const image = await openManifestImage({ ...row, ...changes });
  after(() => image.close());
  return image;
}

/** Grey levels of a slice one pixel after the other, in the order of PS3.4 N.2; `isWhite` is what the file is known to be. */
function levelsOf(stored: Plane, facts: DicomFacts, isWhite: boolean): Plane {
  const { low, high } = storedRange(stored.data, facts);
  const signed = facts.PixelRepresentation === 1;
  const { PixelPaddingValue: from = Infinity, PixelPaddingRangeLimit: to = from } = facts;
  const data = stored.data.map((value) => {
    const [level] = voiLut(modalityLut(Float32Array.of(value), facts, low, high), facts, signed).data;
    return value >= from && value <= to ? 0 : isWhite ? 1 - (level as number) : (level as number);
  });
  return { ...stored, data };
}

const isSame = (a: Plane, b: Plane): boolean =>
  a.width === b.width && a.height === b.height && a.data.every((value, i) => value === b.data[i]);

for (const name of Object.keys(FILES))
  test(`${name}: a part of each slice is what its pixels are one by one`, async () => {
    const image = await opened(name);
    for (const options of [{}, { crop: 'none' }, { crop: 'none', chestWall: 'right' }] as const)
      for (const slice of [2, 1, 0]) {
        const { placement, ...seen } = await image.seen(slice, options);
        assert.ok(placement);
        if (name === 'turned by its tags') assert.ok(placement.orientation.transpose);
        const levels = levelsOf(await image.stored(slice), image.facts(slice), /MONOCHROME1/.test(name));
        const expected = cropPlane(orientPlane(levels, placement.orientation), placement.cropPx);
        assert.ok(isSame(seen, expected), `slice ${slice}, whole, ${JSON.stringify(options)}`);
        const { width, height } = expected;
        const boxes: BoxPx[] = [
          [0, 0, width, height],
          [3, 5, width - 7, height - 2],
          [width - 1, 0, width, 1],
        ];
        for (const box of boxes) {
          const region = regionPlane(await image.region(slice, box, options));
          assert.ok(isSame(region, cropPlane(expected, box)), `slice ${slice}, ${box}, ${JSON.stringify(options)}`);
        }
      }
  });

test('pixels that are preferred to tags are asked, slice by slice', async () => {
  const contradiction = [element(0x00280004, 'CS', 'MONOCHROME1'), words((value) => value)];
  const image = await opened('contradiction', contradiction, { prefer: { 'photometric interpretation': 'pixels' } });
  const plain = await opened('no attributes');
  for (const slice of [0, 1, 2])
    assert.ok(isSame(regionPlane(await image.region(slice)), regionPlane(await plain.region(slice))), `${slice}`);
  const undecided = await opened('contradiction', contradiction);
  await assert.rejects(undecided.region(0), { code: 'sources-disagree' });
});

test('a part that reaches beyond what is seen, or a slice that is not there, is refused', async () => {
  const image = await opened('no attributes');
  const { width, height } = await image.seen(0);
  for (const box of [
    [0, 0, width + 1, height],
    [-1, 0, 4, 4],
    [4, 4, 4, 8],
    [0.5, 0, 4, 4],
  ] as const)
    await assert.rejects(image.region(0, box), { code: 'option-invalid', message: /must be a box of whole pixels in/ });
  await assert.rejects(image.region(FRAMES, [0, 0, 4, 4]), { code: 'option-invalid', message: /has slices 0 to 2/ });
});

test('what is wrong with the tags of grey levels is refused in a part as in the whole', async () => {
  const bad: readonly (readonly [Buffer, RegExp])[] = [
    [element(0x00281051, 'DS', '0'), /WindowCenter has 0 values and WindowWidth 1/],
    [element(0x00281053, 'DS', '0'), /RescaleSlope must be a number other than 0/],
    [element(0x00280030, 'DS', '0\\0'), /PixelSpacing must be two distances/],
  ];
  for (const [i, [change, message]] of bad.entries()) {
    const image = await opened(`refused ${i}`, [change, words((value) => value)]);
    await assert.rejects(image.region(0), { code: 'tag-invalid', message });
  }
});
