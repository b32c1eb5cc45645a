/** The server on this machine: studies by upload, form, archive and folder, what a viewer asks, and what models say. */
import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type {
  AnalysisList,
  AnalysisResult,
  ModelList,
  RunCaseList,
  ServerEvent,
  Study,
  StudyList,
  UploadReport,
} from '@mammoscope/server/api-types';
import { assertDone } from './cli-process.ts';
import { contentTree, violations } from './dicom-content-rules.ts';
import { elementsOfFile, textOf } from './dicom-element-tree.ts';
import { TEMPLATES } from './dicom-template-rules.ts';
import { mammogramValues } from './mammogram-object.ts';
import {
  analysed,
  drawnWoman,
  errorOf,
  eventually,
  getJson,
  SIDE,
  type StartedServer,
  smallVolume,
  startServer,
  stored,
  studyBytes,
  trainedRun,
} from './server-process.ts';
import { zipOf } from './zip-archive.ts';

const { folder, mammoscope } = await trainedRun('lesions');
assertDone(await mammoscope(['evaluate', 'run', '--data', 'films.csv']));
let server: StartedServer;

before(async () => {
  server = await startServer(folder, [
    '--model',
    'run',
    '--settle-seconds',
    '1',
    '--watch',
    'inbox',
    '--max-upload-bytes',
    '3000000',
    '--threads',
    '1',
  ]);
});
after(() => server.stop());

const at = (path: string) => `${server.url}${path}`;
const imageAt = (study: string, number = 1) =>
  `/dicomweb/studies/${study}/series/${study}.1/instances/${study}.2.${number}`;
const studyNow = (study: string) => getJson<Study>(at(`/api/studies/${study}`));

test('a study comes in by PUT, by form, by archive and by folder, and twice is once', async () => {
  const women = [1, 2, 3, 4].map((i) => drawnWoman(100 + i));
  const [put, form, zip, watched] = women.map(studyBytes) as [Buffer, Buffer, Buffer, Buffer];
  const [first] = (await stored(server, 'a name/with a slash.dcm', put)).stored;
  assert.deepEqual([first?.study, first?.isNew], [women[0]?.study, true]);
  assert.equal((await stored(server, 'again.dcm', put)).stored[0]?.isNew, false);

  const archive = zipOf([
    { name: 'folder/', bytes: Buffer.alloc(0) },
    { name: 'folder/in.dcm', bytes: zip },
  ]);
  const data = new FormData();
  data.append('note', 'no file');
  data.append('file', new Blob([new Uint8Array(form)]), 'form.dcm');
  data.append('file', new Blob([new Uint8Array(archive)]), 'two.zip');
  const report = await getJson<UploadReport>(at('/api/uploads'), { method: 'POST', body: data });
  assert.deepEqual(
    report.stored.map(({ file }) => file),
    ['form.dcm', 'two.zip/folder/in.dcm'],
  );

  await writeFile(join(folder, 'inbox', 'film.dcm'), watched);
  await writeFile(join(folder, 'inbox', 'note.txt'), 'no film');
  const all = await eventually(
    () => getJson<StudyList>(at('/api/studies?order=received')),
    ({ total }) => total >= 4,
  );
  assert.deepEqual(new Set(all.studies.map(({ study }) => study)), new Set(women.map(({ study }) => study)));
  assert.deepEqual(new Set(all.studies.map(({ source }) => source)), new Set(['upload', 'folder']));
  const left = await eventually(
    () => readdir(join(folder, 'inbox')),
    (names) => names.join() === 'refused',
  );
  assert.deepEqual(left, ['refused']);
  assert.match(
    await readFile(join(folder, 'inbox', 'refused', 'note.txt.txt'), 'utf8'),
    /neither a DICOM file nor a ZIP archive/,
  );
});

test('lesions that were marked are judged once per model, with pictures, findings, SR and SEG', async () => {
  const woman = drawnWoman(7);
  await stored(server, 'woman.dcm', studyBytes(woman));
  const { instances, views, missingViews } = await studyNow(woman.study);
  assert.deepEqual([views, missingViews], [['L CC'], ['R CC', 'R MLO', 'L MLO']]);
  const [instance = ''] = instances.map((each) => each.instance);
  const body = JSON.stringify({ lesions: [{ instance, id: 'a', box: woman.lesion }] });
  const ask = () =>
    getJson<AnalysisList>(at(`/api/studies/${woman.study}/analyses`), {
      method: 'POST',
      body,
      headers: { 'Content-Type': 'application/json' },
    });
  assert.equal((await ask()).analyses.length, 1);
  assert.equal((await ask()).analyses.length, 1, 'the same lesions of the same image are judged once');
  const [analysis] = await analysed(server, woman.study);
  assert.deepEqual([analysis?.state, analysis?.attempts, analysis?.progress], ['done', 1, 1]);

  const result = await getJson<AnalysisResult>(at(analysis?.result ?? ''));
  assert.deepEqual(
    result.readings.map(({ instances: of, lesion }) => [of, lesion]),
    [[[instance], 'a']],
  );
  assert.deepEqual(
    result.findings.map(({ box, frame, instance: of }) => [box, frame, of]),
    [[[...woman.lesion], 0, instance]],
  );
  assert.equal(result.findings[0]?.isShown, result.cutoff !== null && result.score >= result.cutoff);
  for (const { url } of result.readings.flatMap(({ pictures }) => pictures)) {
    const picture = Buffer.from(await (await fetch(at(url))).arrayBuffer());
    assert.equal(picture.subarray(1, 4).toString('latin1'), 'PNG');
  }
  const [report] = result.files.filter(({ path }) => path === 'dicom/study-1/cad-1.dcm');
  const elements = elementsOfFile(Buffer.from(await (await fetch(at(report?.url ?? ''))).arrayBuffer()));
  assert.deepEqual(
    ['0020000d', '00100020'].map((tag) => textOf(elements, tag)),
    [woman.study, woman.patient],
  );
  assert.deepEqual(violations(contentTree(elements), TEMPLATES), []);
  const csv = result.files.find(({ path }) => path === 'predictions/predictions.csv');
  assert.ok(
    !(await (await fetch(at(csv?.url ?? ''))).text()).includes(woman.patient),
    'predictions name the study, not the patient',
  );
});

test('metadata, frames and pictures are those of the file that came in', async () => {
  const woman = drawnWoman(8);
  const bytes = studyBytes(woman);
  await stored(server, 'woman.dcm', bytes);
  const [metadata = {}] = await getJson<Record<string, { vr: string; Value?: unknown[] }>[]>(
    at(`${imageAt(woman.study)}/metadata`),
  );
  const values = ['0020000D', '00280010', '00280011', '00100020'].map((tag) => metadata[tag]?.Value);
  assert.deepEqual(values, [[woman.study], [SIDE], [SIDE], [woman.patient]]);
  const [view] = (metadata['00540220']?.Value ?? []) as Record<string, { Value: unknown[] }>[];
  assert.deepEqual(view?.['00080104']?.Value, ['cranio-caudal']);
  assert.deepEqual(metadata['00100010'], { vr: 'PN', Value: [{ Alphabetic: 'ODD^ZOË' }] });

  const whole = Buffer.from(await (await fetch(at(imageAt(woman.study)))).arrayBuffer());
  assert.ok(whole.includes(bytes), 'the file as it was stored is a part of the answer');
  const pixels = Buffer.from(
    Uint16Array.from(mammogramValues({ lesion: woman.lesion, brighter: woman.brighter ?? 0 })).buffer,
  );
  for (const accept of [
    'multipart/related; type="application/octet-stream"',
    'multipart/related; type="application/octet-stream"; transfer-syntax=*',
  ]) {
    const frame = await fetch(at(`${imageAt(woman.study)}/frames/1`), { headers: { Accept: accept } });
    assert.ok(Buffer.from(await frame.arrayBuffer()).includes(pixels));
  }
  const picture = await fetch(at(`${imageAt(woman.study)}/frames/1/rendered?viewport=48,48`), {
    headers: { Accept: 'image/jpeg' },
  });
  assert.equal(picture.headers.get('content-type'), 'image/jpeg');
  const found = await getJson<unknown[]>(
    at(`/dicomweb/studies?PatientID=${woman.patient}&StudyDate=20220101-20221231&00100010=ODD*`),
  );
  assert.equal(found.length, 1);
  assert.deepEqual(
    await getJson<unknown[]>(at(`/dicomweb/studies?PatientID=${woman.patient}&StudyDate=20230101-`)),
    [],
  );

  const refused = [
    [`${imageAt(woman.study)}/frames/2`, {}, [404, 'not-found']],
    [`${imageAt(woman.study)}/frames/zero`, {}, [400, 'request-invalid']],
    [`${imageAt(woman.study)}/frames/1`, { Accept: 'image/gif' }, [406, 'accept-invalid']],
    [`${imageAt(woman.study)}/rendered?window=wide`, {}, [400, 'request-invalid']],
    [`${imageAt(woman.study, 9)}/metadata`, {}, [404, 'not-found']],
    ['/dicomweb/studies/..%2f..%2fetc/metadata', {}, [404, 'not-found']],
  ] as const;
  for (const [path, headers, expected] of refused)
    assert.deepEqual(await errorOf(await fetch(at(path), { headers })), expected, path);
});

test('frames of a tomosynthesis come one by one or several at once, in the order that is asked for', async () => {
  const study = '1.2.840.99999.500';
  await stored(server, 'volume.dcm', smallVolume(study, 5));
  const { instances } = await studyNow(study);
  assert.deepEqual(
    instances.map(({ modality, frames }) => [modality, frames]),
    [['DBT', 5]],
  );
  const { framesAt = '', metadata: metadataAt = '' } = instances[0] ?? {};
  const body = Buffer.from(await (await fetch(at(`${framesAt}/4,1`))).arrayBuffer());
  const plane = (slice: number) => Buffer.from(Uint16Array.from({ length: 256 }, (_, i) => slice + i).buffer);
  const [fourth, first] = [body.indexOf(plane(3)), body.indexOf(plane(0))];
  assert.ok(fourth > 0 && first > fourth);
  const [metadata = {}] = await getJson<Record<string, { Value: Record<string, unknown>[] }>[]>(at(metadataAt));
  assert.equal(metadata['52009230']?.Value.length, 5, 'functional groups of every frame');
});

test('STOW-RS stores a study, tells what it refused, and a viewer hears of it', async () => {
  const woman = drawnWoman(9);
  const listening = new AbortController();
  const events = await fetch(at(`/api/events?study=${woman.study}`), { signal: listening.signal });
  const heard = readEvents(events, ({ study }) => study === woman.study);
  const parts = [studyBytes(woman), Buffer.from('no image')].map((bytes) =>
    Buffer.concat([Buffer.from('--b\r\nContent-Type: application/dicom\r\n\r\n'), bytes, Buffer.from('\r\n')]),
  );
  const response = await fetch(at('/dicomweb/studies'), {
    method: 'POST',
    body: Buffer.concat([...parts, Buffer.from('--b--\r\n')]),
    headers: { 'Content-Type': 'multipart/related; type="application/dicom"; boundary=b' },
  });
  const answer = (await response.json()) as Record<string, { Value: Record<string, { Value: unknown[] }>[] }>;
  assert.equal(response.status, 202);
  assert.equal(answer['00081199']?.Value[0]?.['00081155']?.Value[0], `${woman.study}.2.1`);
  assert.equal(answer['00081198']?.Value[0]?.['00081197']?.Value[0], 0xc000);
  assert.deepEqual([(await heard).type, (await heard).study], ['study', woman.study]);
  listening.abort();
});

async function readEvents(response: Response, isIt: (event: ServerEvent) => boolean): Promise<ServerEvent> {
  let text = '';
  for await (const piece of response.body ?? []) {
    text += Buffer.from(piece).toString('utf8');
    for (const [, data] of text.matchAll(/^data: (.*)$/gm)) {
      const event = JSON.parse(data ?? '') as ServerEvent;
      if (isIt(event)) return event;
    }
  }
  throw new Error('the stream ended');
}

test('a model that fails on an image is shown as failed with the reason, may be tried again, and the next study is read', async () => {
  const woman = drawnWoman(13);
  await stored(server, 'woman.dcm', studyBytes(woman));
  const { instances } = await studyNow(woman.study);
  const { instance = '' } = instances[0] ?? {};
  const body = JSON.stringify({ lesions: [{ instance, id: 'outside', box: [5000, 5000, 5010, 5010] }] });
  const headers = { 'Content-Type': 'application/json' };
  await getJson(at(`/api/studies/${woman.study}/analyses`), { method: 'POST', body, headers });
  const [failed] = await analysed(server, woman.study);
  assert.equal(failed?.state, 'failed');
  assert.match(failed?.error?.message ?? '', /5000/);
  assert.doesNotMatch(failed?.error?.message ?? '', /\/tmp\//);
  assert.deepEqual(await errorOf(await fetch(at(`/api/analyses/${failed?.id}/result`))), [409, 'state-invalid']);
  assert.equal((await fetch(at(`/api/analyses/${failed?.id}/retry`), { method: 'POST' })).status, 200);
  assert.equal((await analysed(server, woman.study))[0]?.state, 'failed');
  assert.deepEqual(await errorOf(await fetch(at(`/api/analyses/${failed?.id}/cancel`), { method: 'POST' })), [
    409,
    'state-invalid',
  ]);
});

test('an analysis that is cancelled ends, and begins again when it is asked for', async () => {
  const woman = drawnWoman(14);
  await stored(server, 'woman.dcm', studyBytes(woman));
  const body = JSON.stringify({ lesions: [{ instance: `${woman.study}.2.1`, id: 'a', box: woman.lesion }] });
  const headers = { 'Content-Type': 'application/json' };
  const { analyses } = await getJson<AnalysisList>(at(`/api/studies/${woman.study}/analyses`), {
    method: 'POST',
    body,
    headers,
  });
  const [{ id } = { id: '' }] = analyses;
  const cancelled = await getJson<{ state: string }>(at(`/api/analyses/${id}/cancel`), { method: 'POST' });
  assert.equal(cancelled.state, 'cancelled');
  await getJson(at(`/api/analyses/${id}/retry`), { method: 'POST' });
  assert.equal((await analysed(server, woman.study))[0]?.state, 'done');
});

test('a study that is removed takes its images and results along', async () => {
  const woman = drawnWoman(15);
  await stored(server, 'woman.dcm', studyBytes(woman));
  assert.equal((await fetch(at(`/api/studies/${woman.study}`), { method: 'DELETE' })).status, 204);
  assert.equal((await fetch(at(`/api/studies/${woman.study}`))).status, 404);
  assert.ok(!(await readdir(join(folder, 'mammoscope-data', 'studies'))).includes(woman.study));
});

test('a run shows its report and its cases, the most wrong first', async () => {
  const { models } = await getJson<ModelList>(at('/api/models'));
  assert.deepEqual(
    models.map(({ system, input, hasPlaces }) => [system, input, hasPlaces]),
    [['kang2021', 'lesions', true]],
  );
  const [model] = models;
  const { cases } = await getJson<RunCaseList>(at(model?.cases ?? ''));
  // the error is the probability that went to the other class
  const expected = cases.map(({ label, score }) => (label === 'benign' ? score : 1 - score));
  assert.equal(cases.length, 4);
  assert.deepEqual(
    cases.map(({ error }) => error),
    expected.toSorted((a, b) => b - a),
  );
  const report = await fetch(at(model?.report ?? ''));
  assert.match(await report.text(), /^<!doctype html>/i);
  assert.match(report.headers.get('content-security-policy') ?? '', /^default-src 'none'; style-src 'unsafe-inline'/);
  assert.deepEqual(await errorOf(await fetch(at('/api/models/none/report'))), [404, 'not-found']);
});

test('the description has every address, and metrics count', async () => {
  const { paths } = await getJson<{ paths: Record<string, Record<string, { operationId: string }>> }>(
    at('/openapi.json'),
  );
  const operations = Object.values(paths).flatMap((methods) =>
    Object.values(methods).map(({ operationId }) => operationId),
  );
  assert.equal(new Set(operations).size, operations.length);
  assert.ok(['upload', 'wadoFrames', 'stow', 'events'].every((name) => operations.includes(name)));
  const metrics = await (await fetch(at('/metrics'))).text();
  for (const name of [
    'mammoscope_requests_total',
    'mammoscope_images_total',
    'mammoscope_analyses',
    'mammoscope_request_seconds_bucket',
  ])
    assert.match(metrics, new RegExp(`^${name}\\{.*\\} \\d`, 'm'));
});
