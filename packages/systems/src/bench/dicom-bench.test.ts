import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { timeFilm, timeVolume } from './dicom-bench.ts';

const reference = (name: string): string =>
  fileURLToPath(new URL(`../../../../references/dicom/${name}`, import.meta.url));

const found = await promisify(execFile)('sh', ['-c', 'command -v opj_compress opj_decompress']).then(
  () => true,
  () => false,
);
const skip = found ? false : 'OpenJPEG is not installed (Debian package libopenjp2-tools)';

test('a film is decoded by both, and one that is not JPEG 2000 is refused', { skip }, async () => {
  await assert.rejects(timeFilm(reference('mg.dcm'), 1), { code: 'option-invalid', message: /mg\.dcm is explicit VR/ });
  await assert.rejects(timeFilm(reference('none.dcm'), 1), { code: 'file-missing' });
});

test('a volume is read by a process of its own with the pixels that it was written with', { skip }, async () => {
  const { frames, rows, columns, transferSyntax, digests, seconds, peakMiB } = await timeVolume({
    rows: 300,
    columns: 211,
    frames: 7,
  });
  assert.deepEqual([frames, rows, columns, digests.length], [7, 300, 211, 7]);
  assert.equal(transferSyntax, 'JPEG 2000 lossless');
  assert.equal(new Set(digests).size, 3);
  assert.ok(seconds > 0 && peakMiB > 20 && peakMiB < 300, `${peakMiB} MiB`);
});
