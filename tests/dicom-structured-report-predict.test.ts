/** `predict --dicom`: what a run says of the lesions of DICOM mammograms, as objects beside them. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { dicomBytes, mammogram, openDicom } from '@mammoscope/dicom';
import { formatCsv } from '@mammoscope/imaging';
import { readResultSources, readRunRecord, writeDicomResults } from '@mammoscope/systems';
import { assertDone, assertRefused, workplace } from './cli-process.ts';
import { contentTree, type Item, violations } from './dicom-content-rules.ts';
import { elementsOfFile, itemsOf, textOf } from './dicom-element-tree.ts';
import { EXPOSURE, examinationOf, studyOf } from './dicom-result-study.ts';
import { TEMPLATES } from './dicom-template-rules.ts';
import { mammogramValues } from './mammogram-object.ts';

const { folder, mammoscope } = await workplace();
const SIDE = 96;

/** Mammograms of eight women, in turn benign and malignant, with one lesion each; the last woman has another in the same image. */
const women = Array.from({ length: 8 }, (_, i) => ({
  lesion: [10 + 2 * i, 40, 16 + 2 * i + 4 * (i % 2), 46] as const,
}));
const rowOf = (i: number, [x1, y1, x2, y2]: readonly [number, number, number, number], lesion_id = 'a') => ({
  ...{ patient_id: `w${i}`, path: `films/${i}.dcm`, modality: 'DM', label: i % 2 === 0 ? 'benign' : 'malignant' },
  ...{ laterality: 'L', view: 'CC', split: i < 4 ? 'train' : i < 6 ? 'val' : 'test', lesion_id, x1, y1, x2, y2 },
});
const rows = [...women.map(({ lesion }, i) => rowOf(i, lesion)), rowOf(7, [30, 60, 40, 70], 'b')];

async function manifestOf(name: string, some: readonly object[]): Promise<string> {
  await writeFile(join(folder, name), formatCsv(some as typeof rows));
  return name;
}

before(async () => {
  await mkdir(join(folder, 'films'));
  for (const [i, { lesion }] of women.entries()) {
    const image = mammogram({
      examination: examinationOf({ patient: `w${i}`, study: `1.2.3.${i + 1}` }),
      instance: {
        sopInstanceUid: `1.2.3.${i + 1}.2`,
        number: 1,
        series: { uid: `1.2.3.${i + 1}.1`, number: 1, description: '' },
      },
      position: { laterality: 'L', view: 'CC', obliqueDeg: 0 },
      grid: { rows: SIDE, columns: SIDE, spacingMm: 0.1, bitsStored: 12 },
      exposure: EXPOSURE,
      irradiationEventUid: '1.2.3',
      intent: 'FOR PRESENTATION',
      processing: 'none',
    });
    const values = Uint16Array.from(mammogramValues({ lesion, brighter: 9 * i }));
    await writeFile(join(folder, 'films', `${i}.dcm`), Buffer.concat([...dicomBytes(image, [values])]));
  }
  const settings = ['networks=samala2016', 'sizePx=32', 'roiPx=32', 'batch=4', 'epochs=1'];
  assertDone(
    await mammoscope([
      ...['train', 'kang2021', '--data', await manifestOf('films.csv', rows), '--classes', 'benign,malignant'],
      ...['--preset', 'tiny', '--seed', '7', ...settings.flatMap((setting) => ['--set', setting]), '--out', 'run'],
    ]),
  );
});

const predict = (manifest: string, out: string, ...more: readonly string[]) =>
  mammoscope(['predict', 'run', manifest, '--out', out, '--dicom', `${out}-dicom`, ...more]);

interface Predictions {
  readonly cutoff: number | null;
  readonly predictions: readonly { readonly path: string; readonly lesionId: string; readonly score: number }[];
}

test('each study has its reports and, of findings that are shown, masks and pictures', async () => {
  const manifest = await manifestOf(
    'two.csv',
    rows.filter(({ patient_id }) => patient_id === 'w6' || patient_id === 'w7'),
  );
  const outcome = await predict(manifest, 'out', '--institution', 'St Elsewhere', '--station', 'reading-1', '--json');
  assertDone(outcome);
  const { cutoff, predictions } = JSON.parse(outcome.stdout) as Predictions;
  const isShown = (study: number) =>
    predictions.some(({ path, score }) => path === `films/${5 + study}.dcm` && score >= (cutoff ?? Infinity));
  for (const study of [1, 2]) {
    const files = await readdir(join(folder, 'out-dicom', `study-${study}`));
    const shown = isShown(study) ? ['marks-1.dcm', 'pictures-1.dcm'] : [];
    assert.deepEqual(files.sort(), ['cad-1.dcm', 'measurements-1.dcm', ...shown].sort());
  }

  const report = elementsOfFile(await readFile(join(folder, 'out-dicom', 'study-2', 'cad-1.dcm')));
  const said = ['0020000d', '00100020', '00080080', '00081010', '00080070'].map((tag) => textOf(report, tag));
  assert.deepEqual(said, ['1.2.3.8', 'w7', 'St Elsewhere', 'reading-1', 'mammoscope']);
  const tree = contentTree(report);
  assert.deepEqual(violations(tree, TEMPLATES), []);
  const found: Item[] = [];
  const visit = (item: Item): void => {
    if (item.concept === 'DCM 111059') found.push(item);
    for (const child of item.children) visit(child);
  };
  visit(tree);
  const under = (item: Item, concept: string) => item.children.find((child) => child.concept === concept);
  const scores = predictions.filter(({ path }) => path === 'films/7.dcm').map(({ score }) => score);
  assert.equal(found.length, 2);
  for (const [i, item] of found.entries())
    assert.ok(Math.abs(Number(under(item, 'DCM 111047')?.value) - 100 * (scores[i] as number)) < 1e-6);
  assert.deepEqual(under(found[1] as Item, 'DCM 111041')?.numbers, [30, 60, 40, 60, 40, 70, 30, 70, 30, 60]);
  assert.equal(under(found[0] as Item, 'DCM 111001')?.value, 'kang2021');
  // lesions were given: no detection was tried
  const status = tree.children.filter(({ concept }) => /DCM 11106[45]/.test(concept)).map(({ code }) => code);
  assert.deepEqual(status, ['DCM 111225', 'DCM 111222']);
});

test('what is shown has masks and a picture in the frame of the stored pixels; what is not has neither', async () => {
  const record = await readRunRecord(join(folder, 'run'));
  const manifest = await manifestOf('shown.csv', rows.slice(6));
  const sources = await readResultSources([join(folder, manifest)], 'classification');
  const scores = [0.25, 0.9, 0.1];
  const predictions = rows.slice(6).map(({ path, lesion_id: lesionId }, i) => ({
    ...{ path, lesionId, decision: '', score: scores[i] as number },
  }));
  const maker = {
    institution: '',
    address: '',
    department: '',
    station: '',
    serialNumber: 'none',
    softwareVersion: '1',
  };
  const written = await writeDicomResults({
    record,
    summary: { classes: record.classes, cutoff: 0.5, predictions },
    sources,
    folder: join(folder, 'shown'),
    maker,
    time: { date: '20240131', time: '010203' },
  });
  const reports = ['cad-1', 'measurements-1'];
  assert.deepEqual(written, [
    ...reports.map((name) => `study-1/${name}.dcm`),
    ...[...reports, 'marks-1', 'pictures-1'].map((name) => `study-2/${name}.dcm`),
  ]);
  await using picture = await openDicom(join(folder, 'shown', 'study-2', 'pictures-1.dcm'));
  const { data } = await picture.frame(0);
  const [x1, y1, x2] = women[7]?.lesion ?? [0, 0, 0];
  const at = (x: number, y: number) => data[y * SIDE + x] as number;
  assert.deepEqual([at(x1, y1), at(x2, y1)], [255, 255]);
  assert.ok(at(x1 + 4, y1 + 3) > at(x1 + 4, 70), 'the lesion is bright');
  assert.ok(at(90, 10) < 20, 'air is black');
});

test('a lesion that was judged over two views is one feature, and a slice of a volume is a frame', async () => {
  const record = { ...(await readRunRecord(join(folder, 'run'))), system: 'xiao2021' };
  await mkdir(join(folder, 'study'));
  await studyOf(join(folder, 'study'));
  const view = { ...rows[0], patient_id: 'p', x1: 5, y1: 6, x2: 20, y2: 30 };
  const manifest = await manifestOf('views.csv', [
    { ...view, path: 'study/source-1.dcm', view: 'MLO', slice_first: '', slice_last: '' },
    { ...view, path: 'study/source-2.dcm', modality: 'DBT', slice_first: 1, slice_last: 4 },
    { ...rows[1], slice_first: '', slice_last: '' },
  ]);
  const views = [
    { path: 'study/source-1.dcm', focusSlice: 0 },
    { path: 'study/source-2.dcm', focusSlice: 3 },
  ];
  const predictions = [{ path: 'study/source-1.dcm', lesionId: 'a', score: 0.75, decision: '', views }];
  const written = await writeDicomResults({
    record,
    summary: { classes: record.classes, cutoff: 0.5, predictions },
    sources: await readResultSources([join(folder, manifest)], 'classification'),
    folder: join(folder, 'views'),
    maker: { institution: '', address: '', department: '', station: '', serialNumber: 'none', softwareVersion: '1' },
    time: { date: '20240131', time: '010203' },
  });
  const names = ['cad-1', 'measurements-1', 'marks-1', 'marks-2', 'pictures-1', 'pictures-2'];
  assert.deepEqual(
    written,
    names.map((name) => `study-1/${name}.dcm`),
  );
  const report = elementsOfFile(await readFile(join(folder, 'views', 'study-1', 'cad-1.dcm')));
  const tree = contentTree(report);
  assert.deepEqual(violations(tree, TEMPLATES), []);
  const impression = tree.children
    .find(({ concept }) => concept === 'DCM 111017')
    ?.children.find(({ concept }) => concept === 'DCM 111034');
  const feature = impression?.children[1];
  assert.deepEqual([feature?.concept, feature?.code], ['DCM 111015', 'SCT 129769006']);
  assert.equal(feature?.children.filter(({ concept }) => concept === 'DCM 111059').length, 2);
  const marks = elementsOfFile(await readFile(join(folder, 'views', 'study-1', 'marks-2.dcm')));
  const [frame] = itemsOf(marks, '52009230');
  const [source] = itemsOf(itemsOf(frame, '00089124')[0], '00082112');
  assert.equal(textOf(source, '00081160'), '4');
});

test('boxes that a detector found are findings of a detection, and an image without one has a report too', async () => {
  const record = { ...(await readRunRecord(join(folder, 'run'))), system: 'lin2023' };
  const files = ['films/6.dcm', 'films/7.dcm'].map((path) => join(folder, path));
  const sources = await readResultSources(files, 'detection');
  const boxes = [{ box: [-2, 50, 20, SIDE + 0.5], class: 'malignant', confidence: 0.75 }];
  const predictions = files.map((path, i) => ({ path, score: i, decision: '', boxes: i === 0 ? [] : boxes }));
  const written = await writeDicomResults({
    record,
    summary: { classes: ['benign', 'malignant'], cutoff: 0.5, predictions },
    sources,
    folder: join(folder, 'found'),
    maker: { institution: '', address: '', department: '', station: '', serialNumber: 'none', softwareVersion: '1' },
    time: { date: '20240131', time: '010203' },
  });
  assert.equal(written.filter((path) => path.startsWith('study-1')).length, 2);
  const treeOf = async (study: string) =>
    contentTree(elementsOfFile(await readFile(join(folder, 'found', study, 'cad-1.dcm'))));
  const codes = ({ children }: Item) =>
    ['DCM 111017', 'DCM 111064', 'DCM 111065'].map((name) => children.find(({ concept }) => concept === name)?.code);
  const [without, found] = [await treeOf('study-1'), await treeOf('study-2')];
  assert.deepEqual([...violations(without, TEMPLATES), ...violations(found, TEMPLATES)], []);
  assert.deepEqual(codes(without), ['DCM 111241', 'DCM 111222', 'DCM 111225']);
  assert.deepEqual(codes(found), ['DCM 111242', 'DCM 111222', 'DCM 111225']);
  assert.ok(JSON.stringify(found).includes('[0,50,20,50,20,96,0,96,0,50]'), 'the box ends at the edge of the image');
});

test('dciodvfy says nothing of them but their kinds', {
  skip: spawnSync('dciodvfy', ['--version']).error ? 'dciodvfy is not installed' : false,
}, async () => {
  const paths = await readdir(folder, { recursive: true });
  const files = paths.filter((path) => /^(out-dicom|shown|found|views)\/.*\.dcm$/.test(path));
  assert.ok(files.length >= 10);
  for (const file of files) {
    const { stdout, stderr } = spawnSync('dciodvfy', [join(folder, file)], { encoding: 'utf8' });
    assert.match(`${stdout}${stderr}`.trim(), /^(MammographyCADSR|ComprehensiveSR|Segmentation|SCImage)$/, file);
  }
});

test('images, rows without boxes and images that are no DICOM file are refused before anything is predicted', async () => {
  await writeFile(join(folder, 'films', 'text.dcm'), 'no image');
  const none = { x1: '', y1: '', x2: '', y2: '' };
  const cases = [
    ['films/6.dcm', /films\/6\.dcm: --dicom needs to know where lesions are/],
    [
      await manifestOf(
        'no-box.csv',
        rows.slice(0, 2).map((row) => ({ ...row, ...none })),
      ),
      /line 2: films\/0\.dcm has no box/,
    ],
    [
      await manifestOf(
        'text.csv',
        rows.slice(0, 2).map((row) => ({ ...row, path: 'films/text.dcm', lesion_id: row.label })),
      ),
      /text\.dcm/,
    ],
  ] as const;
  for (const [input, message] of cases) {
    assertRefused(await predict(input, 'refused'), 2, message);
    assert.ok(!(await readdir(folder)).some((name) => name.startsWith('refused')));
  }
});
