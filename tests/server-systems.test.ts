/** Every system that `serve --model` reads, through the real server: a woman's mammogram and tomosynthesis as DICOM in, the result form and DICOM objects out. */
import assert from 'node:assert/strict';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { formatCsv } from '@mammoscope/imaging';
import type {
  Analysis,
  AnalysisList,
  AnalysisResult,
  ModelList,
  StudyList,
  StudySummary,
  UploadReport,
} from '@mammoscope/server/api-types';
import { systemOf } from '@mammoscope/systems';
import { workplace } from './cli-process.ts';
import { dciodvfySays, dsrdumpSays, missing } from './conformance-checkers.ts';
import { mammogramValues } from './mammogram-object.ts';
import {
  analysed,
  eventually,
  getJson,
  plainEngine,
  type StartedServer,
  startServer,
  stored,
  studyBytes,
  trainHere,
  upload,
  volumeBytes,
} from './server-process.ts';

const { folder } = await workplace();
process.env.XDG_CACHE_HOME = join(folder, 'cache');
const SLICES = 4;
const LESION_SLICE = 2;

/** Women with a lesion in the left breast, in turn benign and malignant. */
const womanOf = (i: number) => ({
  ...{ study: `1.2.840.99999.7.${i + 1}`, patient: `w${i}`, brighter: 9 * i },
  lesion: [10 + 2 * (i % 8), 40, 18 + 2 * (i % 8) + 6 * (i % 2), 50 + 4 * (i % 2)] as const,
});
type Woman = ReturnType<typeof womanOf>;

function womansVolume({ study, patient, lesion, brighter }: Omit<Woman, 'lesion'> & Partial<Woman>): Buffer {
  const planes = Array.from({ length: SLICES }, (_, slice) =>
    Uint16Array.from(
      mammogramValues({ brighter: brighter + slice, ...(slice === LESION_SLICE && lesion && { lesion }) }),
    ),
  );
  return volumeBytes({ study, patient, planes });
}

/** A cohort of twelve, as the manifests that systems are trained on; the last four women have nothing. */
async function writeCohort(): Promise<void> {
  await mkdir(join(folder, 'films'));
  const rows = [];
  for (let i = 0; i < 12; i++) {
    const label = i >= 8 ? 'normal' : i % 2 === 0 ? 'benign' : 'malignant';
    const woman = { ...womanOf(i), ...(label === 'normal' && { lesion: undefined }) };
    await writeFile(join(folder, 'films', `${i}.dcm`), studyBytes(woman));
    await writeFile(join(folder, 'films', `${i}-dbt.dcm`), womansVolume(woman));
    const [x1 = '', y1 = '', x2 = '', y2 = ''] = woman.lesion ?? [];
    const shared = {
      ...{ patient_id: woman.patient, label, laterality: 'L', view: 'CC', split: i % 4 < 2 ? 'train' : 'val' },
      ...{ lesion_id: woman.lesion ? 'a' : '', x1, y1, x2, y2, birads: { normal: 1, benign: 2, malignant: 4 }[label] },
    };
    const slice = woman.lesion ? LESION_SLICE : '';
    rows.push(
      { ...shared, modality: 'DM', path: `films/${i}.dcm`, slice_first: '', slice_last: '' },
      { ...shared, modality: 'DBT', path: `films/${i}-dbt.dcm`, slice_first: slice, slice_last: slice },
    );
  }
  const lesions = rows.filter(({ label }) => label !== 'normal');
  const few = rows.filter(({ patient_id: patient }) => /^w([0-3]|8|10)$/.test(patient));
  const manifests = {
    films: few.filter(({ modality }) => modality === 'DM'),
    'film-lesions': lesions.filter(({ modality }) => modality === 'DM'),
    'volume-lesions': lesions.filter(({ modality }) => modality === 'DBT'),
    pairs: lesions,
    all: few,
  };
  for (const [name, own] of Object.entries(manifests)) {
    await writeFile(join(folder, `${name}.csv`), formatCsv(own));
    const one = own.filter(({ patient_id: patient }) => patient === 'w2');
    await writeFile(join(folder, `${name}-one.csv`), formatCsv(one));
  }
}

const LESION_CLASSES = ['benign', 'malignant'];
const ALL_CLASSES = ['normal', ...LESION_CLASSES];

/** What trains a run of each in a moment: that it reads, not what it says, is tested here. */
const RUNS: Readonly<
  Record<string, readonly [system: string, manifest: string, classes: readonly string[], settings: readonly string[]]>
> = {
  whole: [
    'kang2021',
    'film-lesions',
    LESION_CLASSES,
    ['networks=samala2016', 'roiPx=0', 'sizePx=32', 'batch=4', 'epochs=1'],
  ],
  lesions: [
    ...(['kang2021', 'film-lesions', LESION_CLASSES] as const),
    ['networks=samala2016', 'sizePx=32', 'roiPx=32', 'batch=4', 'epochs=1'],
  ],
  xiao: [
    ...(['xiao2021', 'volume-lesions', LESION_CLASSES] as const),
    [
      ...['members=wang', 'width=8', 'roiPx=32', 'roiSlices=4', 'sizePx=32', 'epochs=1', 'batch=4'],
      'withoutFocus=centre',
    ],
  ],
  liang: [
    ...(['liang2019', 'pairs', LESION_CLASSES] as const),
    ['sizePx=64', 'batch=4', 'epochs=1', 'patience=1', 'variants=1', 'baselines=', 'gridPx=1'],
  ],
  lin: [
    ...(['lin2023', 'films', ALL_CLASSES] as const),
    [
      ...['members=detector', 'tileWidthPx=64', 'tileHeightPx=64', 'overlapPx=16', 'anchorSizesPx=8,16,24,32,48'],
      ...['anchorRatios=1', 'epochs=1', 'patience=1', 'learningRate=1e-6', 'scoreThreshold=0.02', 'width=8'],
      ...['regions=32', 'proposals=32'],
    ],
  ],
  park: [
    ...(['park2022', 'all', ALL_CLASSES] as const),
    [
      ...['modalities=DM,DBT', 'trials=1', 'ensemble=1', 'pretrainEpochs=0', 'epochs=1', 'patience=1', 'batch=2'],
      ...['mammogramWindowPx=64,48', 'sliceWindowPx=64,48', 'shiftPx=2', 'resizePx=2', 'cropPx=16', 'slicesPerRun=2'],
      ...['testAugmentations=0', 'localWidth=8', 'volumePatches=2', 'patches=2', 'pretrainGates=8'],
      ...['volumePooledPercent=6,20', 'pooledPercent=2,6', 'schedule=constant'],
    ],
  ],
};

let server: StartedServer;
/** What each run told while it read one woman. */
const progress = new Map<string, (readonly [done: number, total: number])[]>();

before(async () => {
  await writeCohort();
  {
    await using engine = await plainEngine();
    for (const [name, [system, data, classes, settings]] of Object.entries(RUNS)) {
      await trainHere({ engine, folder, system, manifest: `${data}.csv`, out: name, classes, settings });
      const parts: (readonly [done: number, total: number])[] = [];
      progress.set(name, parts);
      await systemOf({ system }).predict({
        ...{ engine, run: join(folder, name), files: [join(folder, `${data}-one.csv`)] },
        out: join(folder, `${name}-predicted`),
        onProgress: (done, total) => parts.push([done, total]),
      });
    }
  }
  const models = Object.keys(RUNS).flatMap((name) => ['--model', name]);
  server = await startServer(folder, [...models, '--settle-seconds', '1', '--threads', '1']);
});
after(() => server?.stop());

const at = (path: string) => `${server.url}${path}`;
const woman = womanOf(3 + 8);
const [film, volume] = [`${woman.study}.2.1`, `${woman.study}.3.1`];

/** Marks the lesion in an image and waits until everything of the study has been read. */
async function readMarked(instance: string, slices?: readonly [number, number]): Promise<readonly Analysis[]> {
  const body = JSON.stringify({ lesions: [{ instance, id: 'a', box: woman.lesion, ...(slices && { slices }) }] });
  const headers = { 'Content-Type': 'application/json' };
  await getJson(at(`/api/studies/${woman.study}/analyses`), { method: 'POST', body, headers });
  const isEnded = ({ state }: Analysis) => state !== 'queued' && state !== 'running';
  const { analyses } = await eventually(
    () => getJson<AnalysisList>(at(`/api/studies/${woman.study}/analyses`)),
    (list) => list.analyses.every(isEnded),
  );
  return analyses;
}

test('a prediction tells how far it is: by networks and images, from one to all of its parts', () => {
  // scored and explained; by three classifiers, explained and drawn; a film; by a network for each of two images, and drawn
  const parts = { whole: 2, lesions: 2, xiao: 2, liang: 5, lin: 1, park: 4 };
  const told = Object.entries(parts).map(([name, total]) => [
    name,
    Array.from({ length: total }, (_, i) => [i + 1, total]),
  ]);
  assert.deepEqual([...progress], told);
});

/** A form of two files that breaks off in the middle of the second. */
function sendHalf(first: Buffer, second: Buffer): Promise<number> {
  const part = (name: string) => `--b\r\nContent-Disposition: form-data; name="file"; filename="${name}"\r\n\r\n`;
  const body = Buffer.concat([
    ...[Buffer.from(part('first.dcm')), first, Buffer.from(`\r\n${part('second.dcm')}`), second],
    Buffer.from('\r\n--b--\r\n'),
  ]);
  return new Promise((resolve) => {
    const headers = { 'Content-Type': 'multipart/form-data; boundary=b', 'Content-Length': body.length };
    const asked = request(at('/api/uploads'), { method: 'POST', headers });
    const sent = body.length - second.length / 2;
    asked.on('error', () => resolve(sent));
    asked.write(body.subarray(0, sent), () => setTimeout(() => asked.destroy(new Error('gone')), 200));
  });
}

test('half a study is read as what it is, with the reason where that is not enough, and again once the rest has come', async () => {
  const [flat, deep] = [studyBytes(woman), womansVolume(woman)];
  await sendHalf(deep, flat);
  const half = await analysed(server, woman.study);
  const ofHalf = new Map(half.map(({ system, state, error }) => [system, { state, error }]));
  // a tomosynthesis alone: nothing for those that read mammograms, a failure for the one that needs both
  assert.deepEqual([...ofHalf.keys()].sort(), ['liang2019', 'park2022']);
  assert.equal(ofHalf.get('park2022')?.state, 'done');
  assert.equal(ofHalf.get('liang2019')?.state, 'failed');
  assert.match(
    ofHalf.get('liang2019')?.error?.message ?? '',
    /has no pair of a DM and a DBT: .* no DM of this breast and view/,
  );

  const cut = await upload(server, 'film.dcm', flat.subarray(0, flat.length / 2));
  assert.deepEqual([cut.status, ((await cut.json()) as UploadReport).refused[0]?.code], [422, 'truncated']);
  const cutVolume = await upload(server, 'volume.dcm', womansVolume(womanOf(30)).subarray(0, -1000));
  assert.deepEqual([cutVolume.status, ((await cutVolume.json()) as UploadReport).refused[0]?.code], [422, 'truncated']);

  await stored(server, 'film.dcm', flat);
  const systems = ({ analyses }: StudySummary) =>
    analyses.filter(({ state }) => state === 'done').map(({ system }) => system);
  const { studies } = await eventually(
    () => getJson<StudyList>(at(`/api/studies?search=${woman.study}`)),
    ({ studies: [first] }) => first !== undefined && systems(first).length === 4,
  );
  assert.deepEqual(studies.flatMap(systems).sort(), ['kang2021', 'liang2019', 'lin2023', 'park2022']);
});

test('a mammogram and a tomosynthesis are read by every system, and each says what it does in one form', async () => {
  const { models } = await getJson<ModelList>(at('/api/models'));
  assert.deepEqual(
    models.map(({ name, input, hasPlaces }) => [name, input, hasPlaces]),
    [
      ['whole', 'images', false],
      ['lesions', 'lesions', true],
      ['xiao', 'lesions', true],
      ['liang', 'pairs', false],
      ['lin', 'images', true],
      ['park', 'images', true],
    ],
  );
  const nameOf = new Map(models.map(({ id, name }) => [id, name]));
  await readMarked(film);
  const all = await readMarked(volume, [LESION_SLICE, LESION_SLICE]);
  const { studies } = await getJson<StudyList>(at(`/api/studies?search=${woman.study}`));
  // the readings of the half are history; of marked lesions there are two of one model
  const current = studies.flatMap((study) => study.analyses.map(({ id }) => id));
  const analyses = all.filter(({ id, model }) => current.includes(id) || nameOf.get(model) === 'lesions');
  assert.deepEqual(
    analyses.map(({ state, error }) => [state, error]),
    analyses.map(() => ['done', null]),
  );
  const told = new Map<string, AnalysisResult[]>();
  for (const { model, result } of analyses) {
    const name = nameOf.get(model) ?? '';
    const whole = await getJson<AnalysisResult>(at(result ?? ''));
    told.set(name, [...(told.get(name) ?? []), whole]);
    for (const { url, bytes } of whole.files) {
      const file = await fetch(at(url));
      assert.deepEqual([file.status, (await file.arrayBuffer()).byteLength], [200, bytes], url);
    }
    assert.ok(whole.readings.every(({ probability }) => probability >= 0 && probability <= 1));
  }
  const readOf = (name: string) =>
    (told.get(name) ?? []).flatMap(({ readings }) => readings.map(({ instances }) => instances));
  assert.deepEqual(Object.fromEntries(Object.keys(RUNS).map((name) => [name, readOf(name).sort()])), {
    ...{ whole: [[film]], lesions: [[film], [volume]], xiao: [[volume]] },
    ...{ liang: [[film, volume]], lin: [[film]], park: [[film], [volume]] },
  });
  const objectsOf = (name: string) =>
    (told.get(name) ?? [])
      .flatMap(({ files }) => files.filter(({ mediaType }) => mediaType === 'application/dicom'))
      .map(({ path }) => path.replace(/^.*\/|-\d+\.dcm$/g, ''));
  for (const name of ['whole', 'liang']) assert.deepEqual(objectsOf(name), [], name);
  for (const name of ['lesions', 'xiao', 'lin'])
    assert.deepEqual(
      [...new Set(objectsOf(name))].filter((kind) => kind === 'cad' || kind === 'measurements').sort(),
      ['cad', 'measurements'],
      name,
    );
  assert.ok(objectsOf('park').every((kind) => kind === 'saliency'));
});

test('dciodvfy says nothing of what the server wrote but its kinds, and dsrdump reads the reports', {
  skip: missing('dciodvfy') || missing('dsrdump'),
}, async () => {
  const results = join(folder, 'mammoscope-data', 'results');
  const paths = (await readdir(results, { recursive: true })).filter((path) => path.endsWith('.dcm'));
  const kinds = paths.map((path) => {
    const kind = dciodvfySays(join(results, path));
    assert.match(kind, /^(MammographyCADSR|ComprehensiveSR|Segmentation|SCImage)$/, path);
    if (kind.endsWith('SR')) assert.deepEqual(dsrdumpSays(join(results, path)).faults, [], path);
    return kind;
  });
  assert.deepEqual([...new Set(kinds)].sort(), ['ComprehensiveSR', 'MammographyCADSR', 'SCImage', 'Segmentation']);
});
