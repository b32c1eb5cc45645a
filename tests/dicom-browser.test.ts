/** The entry for browsers reads what openDicom reads: Blobs in several syntaxes, and DICOM JSON as dcmtk writes it. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { type DicomFile, openDicom } from '@mammoscope/dicom';
import { openDicomBlob, openDicomWeb } from '@mammoscope/dicom/browser';
import { drawnStudy } from './viewer-study.ts';

const folder = await mkdtemp(join(tmpdir(), 'mammoscope-blob-'));
after(() => rm(folder, { recursive: true, force: true }));

const hasDcmtk = ['dcmconv', 'dcmcrle', 'dcm2json'].every((tool) => spawnSync(tool, ['--version']).status === 0);
const skip = hasDcmtk ? false : 'no dcmtk';

/** None of the syntaxes here needs one. */
const noLibrary = () => Promise.reject(new RangeError('no WebAssembly was expected'));

const [drawn] = drawnStudy(7, '20260101', { name: 'WOMAN^DRAWN', frames: 3, hasOrientation: true });
const source = join(folder, 'source.dcm');
await writeFile(source, drawn?.bytes ?? new Uint8Array());

/** A blob as a page gets it, read beside the file. */
async function assertSame(read: DicomFile, path: string): Promise<void> {
  await using file = await openDicom(path);
  assert.deepEqual(read.meta, file.meta);
  assert.deepEqual(read.image, file.image);
  assert.deepEqual(await read.identity(), await file.identity());
  for (let frame = 0; frame < file.frameCount; frame++) {
    assert.deepEqual(read.frameMeta(frame), file.frameMeta(frame));
    const [got, expected] = [await read.frame(frame), await file.frame(frame)];
    assert.equal(got.data.constructor, expected.data.constructor);
    assert.ok(Buffer.from(got.data.buffer).equals(Buffer.from(expected.data.buffer)), `frame ${frame}`);
  }
}

for (const [name, tool, option] of [
  ['explicit', 'dcmconv', '+te'],
  ['implicit', 'dcmconv', '+ti'],
  ['big endian', 'dcmconv', '+tb'],
  ['deflated', 'dcmconv', '+td'],
  ['RLE', 'dcmcrle', '+un'],
] as const)
  test(`a Blob in ${name} is what the file is`, { skip }, async () => {
    const path = join(folder, `${name}.dcm`);
    execFileSync(tool, [option, source, path], { stdio: 'pipe' });
    const blob = new Blob([await readFile(path)]);
    await assertSame(await openDicomBlob(blob, path, noLibrary), path);
  });

test('DICOM JSON of dcmtk is what the file is, its frames asked for one by one', { skip }, async () => {
  const path = join(folder, 'explicit.dcm');
  execFileSync('dcmconv', ['+te', source, path], { stdio: 'pipe' });
  const json = JSON.parse(execFileSync('dcm2json', [path], { encoding: 'utf8', maxBuffer: 2 ** 26 }));
  await using file = await openDicom(path);
  const asked: number[] = [];
  const read = openDicomWeb(path, json, noLibrary, async (frame) => {
    asked.push(frame);
    const { data } = await file.frame(frame);
    return { bytes: new Uint8Array(data.buffer.slice(0)), transferSyntax: undefined };
  });
  const { TransferSyntaxUID, ...meta } = read.meta;
  void TransferSyntaxUID;
  assert.deepEqual(meta, file.meta);
  assert.equal((await read.identity()).PatientID, 'drawn');
  for (const frame of [2, 0]) {
    const [got, expected] = [await read.frame(frame), await file.frame(frame)];
    assert.ok(Buffer.from(got.data.buffer).equals(Buffer.from(expected.data.buffer)), `frame ${frame}`);
  }
  assert.deepEqual(asked, [2, 0]);
});

test('what is cut, no number, or kept elsewhere is refused', async () => {
  const cut = new Blob([(await readFile(source)).subarray(0, 600)]);
  await assert.rejects(openDicomBlob(cut, 'cut.dcm', noLibrary), { code: 'truncated', message: /^cut\.dcm/ });
  const wrong = { '00280010': { vr: 'US', Value: ['many'] } };
  const nothing = async () => ({ bytes: new Uint8Array(0), transferSyntax: undefined });
  assert.throws(() => openDicomWeb('w', wrong, noLibrary, nothing), { code: 'malformed', message: /Rows/ });
  const apart = { '00281050': { vr: 'DS', BulkDataURI: 'http://elsewhere/' } };
  assert.throws(() => openDicomWeb('w', apart, noLibrary, nothing), {
    code: 'image-unsupported',
    message: /WindowCenter/,
  });
  const image = {
    ...{ '00280002': { vr: 'US', Value: [1] }, '00280004': { vr: 'CS', Value: ['MONOCHROME2'] } },
    ...{ '00280010': { vr: 'US', Value: [4] }, '00280011': { vr: 'US', Value: [4] } },
    ...{ '00280100': { vr: 'US', Value: [16] }, '00280101': { vr: 'US', Value: [12] } },
    ...{ '00280102': { vr: 'US', Value: [11] }, '00280103': { vr: 'US', Value: [0] } },
  };
  await assert.rejects(openDicomWeb('w', image, noLibrary, nothing).frame(0), { code: 'frames-missing' });
});
