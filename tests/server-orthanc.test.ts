/** A real PACS on the other side: studies sent to it, found, fetched, read, their results stored back and found again; and images it sends by C-STORE. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { AnalysisResult, PacsStudyList, SendReport, Study, UploadReport } from '@mammoscope/server/api-types';
import { ORTHANC_MISSING, startOrthanc, UNSHARED } from './orthanc-process.ts';
import {
  analysed,
  drawnWoman,
  eventually,
  freePort,
  getJson,
  startServer,
  studyBytes,
  trainedRun,
} from './server-process.ts';

const noDcmtk = spawnSync('storescu', ['--version']).error ? 'storescu (dcmtk) is not installed' : false;
const { folder } = await trainedRun('lesions');
// a cut-off below every score: what is judged is shown, and so has masks and pictures
const validation = join(folder, 'run', 'samala2016', 'validation.csv');
let line = 0;
await writeFile(
  validation,
  (await readFile(validation, 'utf8')).replaceAll(/,[\d.e-]+$/gm, () => (line++ % 2 === 0 ? ',0.000001' : ',0.000002')),
);

/** A woman's left breast in both views. */
const breastOf = (i: number) =>
  (['CC', 'MLO'] as const).map((view, at) => studyBytes({ ...drawnWoman(i), view, number: at + 1, brighter: at }));

/** dcmtk's C-STORE. */
function storescu(port: number, files: readonly string[], args: readonly string[] = []) {
  return spawnSync(
    'storescu',
    ['-aet', 'ORTHANC', '-aec', 'MAMMOSCOPE', ...args, '127.0.0.1', String(port), ...files],
    { cwd: folder, encoding: 'utf8' },
  );
}

test('studies go to the PACS by C-STORE and by STOW, come from it, are read, and SR and SEG are found in it', {
  skip: ORTHANC_MISSING || noDcmtk,
}, async () => {
  const dimsePort = await freePort();
  await using orthanc = await startOrthanc(dimsePort);
  const args = [
    '--model',
    'run',
    '--settle-seconds',
    '1',
    '--threads',
    '1',
    '--pacs',
    `archive=${orthanc.url}/dicom-web`,
  ];
  await using server = await startServer(folder, [
    ...args,
    '--pacs',
    'gone=http://127.0.0.1:9',
    '--dimse-port',
    String(dimsePort),
    '--dimse-from',
    'ORTHANC',
  ]);
  const at = (path: string) => `${server.url}${path}`;
  const [sent, stowed] = [drawnWoman(200), drawnWoman(201)];
  const files = await Promise.all(
    breastOf(200).map(async (bytes, i) => {
      await writeFile(join(folder, `sent-${i}.dcm`), bytes);
      return `sent-${i}.dcm`;
    }),
  );
  const stored = storescu(orthanc.dicomPort, files, ['-aec', 'ORTHANC']);
  assert.equal(stored.status, 0, stored.stderr);
  const parts = breastOf(201).flatMap((bytes) => [
    Buffer.from('\r\n--b\r\nContent-Type: application/dicom\r\n\r\n'),
    bytes,
  ]);
  const stow = await fetch(`${orthanc.url}/dicom-web/studies`, {
    method: 'POST',
    body: Buffer.concat([...parts, Buffer.from('\r\n--b--\r\n')]),
    headers: {
      ...UNSHARED,
      'Content-Type': 'multipart/related; type="application/dicom"; boundary=b',
      Accept: 'application/dicom+json',
    },
  });
  assert.equal(stow.status, 200);

  const post = { method: 'POST', headers: UNSHARED };
  for (const woman of [sent, stowed]) {
    const find = () => getJson<PacsStudyList>(at(`/api/pacs/archive/studies?patientId=${woman.patient}`));
    const found = await find();
    assert.deepEqual(
      found.studies.map(({ study, patientName, isHere }) => [study, patientName, isHere]),
      [[woman.study, 'ODD^ZOË', false]],
    );
    const fetched = await getJson<UploadReport>(at(`/api/pacs/archive/studies/${woman.study}/fetch`), post);
    assert.deepEqual([fetched.stored.length, fetched.refused], [2, []]);
    assert.equal((await find()).studies[0]?.isHere, true);

    const { instances, source, views } = await getJson<Study>(at(`/api/studies/${woman.study}`));
    assert.deepEqual([source, views], ['pacs', ['L CC', 'L MLO']]);
    const lesions = instances.map(({ instance }) => ({ instance, id: 'a', box: woman.lesion }));
    const headers = { ...UNSHARED, 'Content-Type': 'application/json' };
    await getJson(at(`/api/studies/${woman.study}/analyses`), { ...post, headers, body: JSON.stringify({ lesions }) });
    const [analysis] = await analysed(server, woman.study);
    assert.deepEqual([analysis?.state, analysis?.error], ['done', null]);
    const { files: results } = await getJson<AnalysisResult>(at(analysis?.result ?? ''));
    const objects = results
      .filter(({ mediaType }) => mediaType === 'application/dicom')
      .map(({ path }) => path.split('/').at(-1));
    assert.deepEqual(objects, [
      'cad-1.dcm',
      'marks-1.dcm',
      'marks-2.dcm',
      'measurements-1.dcm',
      'pictures-1.dcm',
      'pictures-2.dcm',
    ]);

    const report = await getJson<SendReport>(at(`/api/analyses/${analysis?.id}/send`), {
      ...post,
      headers,
      body: '{"pacs":"archive"}',
    });
    assert.deepEqual([report.stored.length, report.refused], [6, []]);
    const series = await orthanc.ask<Record<string, { Value?: string[] }>[]>(
      `/dicom-web/studies/${woman.study}/series`,
    );
    const modalities = series.map((each) => each['00080060']?.Value?.[0]).sort();
    assert.deepEqual(
      [...new Set(modalities)],
      ['MG', 'OT', 'SEG', 'SR'],
      'Orthanc has images, pictures, masks and reports in one study',
    );
    assert.deepEqual((await find()).studies[0]?.modalities.toSorted(), ['MG', 'OT', 'SEG', 'SR']);

    // fetched again the images are known, and what was made of them is not taken for an image
    const again = await getJson<UploadReport>(at(`/api/pacs/archive/studies/${woman.study}/fetch`), post);
    assert.deepEqual(
      again.stored.map(({ isNew }) => isNew),
      [false, false],
    );
    assert.equal(again.refused.length, 6);
    const codes = again.refused.map(({ code }) => code);
    assert.ok(
      codes.every((code) =>
        ['image-not-accepted', 'image-unsupported', 'pixel-data-missing', 'groups-missing'].includes(code),
      ),
      codes.join(),
    );
    assert.equal((await getJson<Study>(at(`/api/studies/${woman.study}`))).images, 2);
  }

  const none = await fetch(at('/api/pacs/gone/studies'), { headers: UNSHARED });
  assert.deepEqual(
    [none.status, ((await none.json()) as { error: { code: string } }).error.code],
    [502, 'pacs-failed'],
  );
  const missing = await fetch(at('/api/pacs/archive/studies/1.2.3.4/fetch'), post);
  assert.ok([422, 502].includes(missing.status));

  // the PACS sends by C-STORE
  const woman = drawnWoman(202);
  const { ID } = await orthanc.ask<{ ID: string }>('/instances', {
    method: 'POST',
    body: new Uint8Array(studyBytes(woman)),
    headers: UNSHARED,
  });
  await orthanc.ask('/modalities/mammoscope/echo', { method: 'POST', body: '{}' });
  await orthanc.ask('/modalities/mammoscope/store', { method: 'POST', body: ID });
  const arrived = await getJson<Study>(at(`/api/studies/${woman.study}`));
  assert.deepEqual([arrived.source, arrived.images, arrived.patientId], ['dimse', 1, woman.patient]);
});

test('C-STORE takes compressed images as they are, and refuses strangers and other pixels under a known identifier', {
  skip: noDcmtk,
}, async () => {
  const dimsePort = await freePort();
  await using server = await startServer(folder, [
    '--data',
    'sent',
    '--dimse-port',
    String(dimsePort),
    '--dimse-from',
    'ORTHANC',
  ]);
  const woman = drawnWoman(210);
  await writeFile(join(folder, 'plain.dcm'), studyBytes(woman));
  assert.equal(spawnSync('dcmcjpeg', ['plain.dcm', 'packed.dcm'], { cwd: folder }).status, 0);
  const packed = storescu(dimsePort, ['packed.dcm'], ['-xs']);
  assert.equal(packed.status, 0, packed.stderr);
  const { instances } = await getJson<Study>(`${server.url}/api/studies/${woman.study}`);
  assert.deepEqual(
    instances.map(({ transferSyntax }) => transferSyntax),
    ['1.2.840.10008.1.2.4.70'],
  );
  const frame = Buffer.from(
    await (
      await fetch(`${server.url}${instances[0]?.framesAt}/1`, {
        headers: { Accept: 'multipart/related; type="application/octet-stream"; transfer-syntax=*' },
      })
    ).arrayBuffer(),
  );
  assert.match(
    frame.toString('latin1'),
    /transfer-syntax=1\.2\.840\.10008\.1\.2\.4\.70\r\n(Content-Length: \d+\r\n)?\r\n\xff\xd8/,
    'a JPEG codestream as it came',
  );

  for (const [what, args] of [
    ['an unknown sender', ['-aet', 'STRANGER']],
    ['another name', ['-aec', 'SOMEBODY']],
  ] as const) {
    const refused = storescu(dimsePort, ['plain.dcm'], args);
    assert.notEqual(refused.status, 0, what);
    assert.match(`${refused.stdout}${refused.stderr}`, /Association Rejected/, what);
  }
  const other = storescu(dimsePort, ['plain.dcm'], ['-v']); // the same UIDs with other bytes
  assert.match(`${other.stdout}${other.stderr}`, /Store Response \(Failed|CannotUnderstand|C000/i);
  await eventually(
    () => getJson<{ images: number }>(`${server.url}/api/studies/${woman.study}`),
    ({ images }) => images === 1,
  );
});
