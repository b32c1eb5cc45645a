import assert from 'node:assert/strict';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readOnnxWeights } from './import-onnx.ts';

/** A model that PyTorch exported, as one file and as the onnx package splits it. */
const REFERENCES = new URL('../../../../references/weights/', import.meta.url);
const NAME = 'tiny-external.bin';
let root = '';
let folder = '';
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'external-'));
  folder = join(root, 'model');
  await mkdir(folder);
  await cp(new URL(NAME, REFERENCES), join(folder, NAME));
});
after(() => rm(root, { recursive: true }));

/** The model with another name of the same length for the file of its weights. */
async function pointing(location: string): Promise<string> {
  assert.equal(location.length, NAME.length);
  const text = (await readFile(new URL('tiny-external.onnx', REFERENCES))).toString('latin1');
  const path = join(folder, 'w.onnx');
  await writeFile(path, text.replaceAll(NAME, location), 'latin1');
  return path;
}
const refused = async (location: string, message: RegExp, code = 'onnx-unsupported') =>
  assert.rejects(readOnnxWeights(await pointing(location)), { name: 'WeightsError', code, message });

test('external data in the folder of the model are those of the single file', async () => {
  const single = await readOnnxWeights(fileURLToPath(new URL('tiny.onnx', REFERENCES)));
  assert.deepEqual(await readOnnxWeights(await pointing(NAME)), single);
  assert.equal(single.size, 8);
  await mkdir(join(folder, 'data'));
  await cp(join(folder, NAME), join(folder, 'data', 'external.bin'));
  assert.deepEqual(await readOnnxWeights(await pointing('data/external.bin')), single);
});

test('external data outside the folder, behind a link, or in no file are refused', async () => {
  await cp(join(folder, NAME), join(root, 'outside.tensor'));
  await refused(
    '../outside.tensor',
    /w\.onnx keeps weights in "\.\.\/outside\.tensor", which is outside its folder: put the file beside the model/,
  );
  await refused('/etc/ssl/certs.pm', /which is outside its folder/);
  await refused('a/../../other.bin', /which is outside its folder/);
  await refused('..\\external12.bin', /which is outside its folder/);
  await refused('a/../././././././', /which is outside its folder/);
  await symlink(join(root, 'outside.tensor'), join(folder, 'linked-weight.bin'));
  await refused('linked-weight.bin', /which is a link/);
  await symlink(root, join(folder, 'up'));
  await refused('up/outside.tensor', /which is a link/);
  await refused('missing-file1.bin', /which cannot be read/);
  await mkdir(join(folder, 'a-folder-here.bin'));
  await refused('a-folder-here.bin', /which is no file/);
});

test('external data that are too short are refused', async () => {
  await writeFile(join(folder, 'short-weights.bin'), new Uint8Array(500));
  await refused(
    'short-weights.bin',
    /should have \d+ bytes from byte \d+ of .*short-weights\.bin, which has 500 bytes/,
    'onnx-malformed',
  );
});
