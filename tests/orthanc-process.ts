/** A real PACS: Debian's Orthanc with its DICOMweb plugin, in a temporary folder and on free ports. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, freePort } from './server-process.ts';

const PLUGIN = '/usr/share/orthanc/plugins/libOrthancDicomWeb.so';
/** Why Orthanc cannot be tested; false where it can. */
export const ORTHANC_MISSING = spawnSync('Orthanc', ['--version']).error
  ? 'Orthanc is not installed'
  : existsSync(PLUGIN)
    ? false
    : 'the DICOMweb plugin of Orthanc is not installed';

/** Headers of a request on a connection of its own: Orthanc closes what was kept just as it is used again. */
export const UNSHARED = { Connection: 'close' } as const;

/** Starts one that knows a modality by the name "mammoscope"; disposal ends and removes it. */
export async function startOrthanc(mammoscopePort: number) {
  const folder = await mkdtemp(join(tmpdir(), 'mammoscope-orthanc-'));
  const [http, dicom] = [await freePort(), await freePort()];
  const configuration = {
    ...{ Name: 'test', StorageDirectory: join(folder, 'storage'), IndexDirectory: join(folder, 'index') },
    ...{
      HttpPort: http,
      DicomPort: dicom,
      DicomAet: 'ORTHANC',
      RemoteAccessAllowed: false,
      AuthenticationEnabled: false,
    },
    ...{ Plugins: [PLUGIN], DicomModalities: { mammoscope: ['MAMMOSCOPE', '127.0.0.1', mammoscopePort] } },
    ...{ DicomAlwaysAllowStore: true, DicomCheckCalledAet: false, KeepAlive: false, HttpThreadsCount: 4 },
  };
  await writeFile(join(folder, 'orthanc.json'), JSON.stringify(configuration));
  const child: ChildProcess = spawn('Orthanc', [join(folder, 'orthanc.json')], { cwd: folder, stdio: 'ignore' });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const url = `http://127.0.0.1:${http}`;
  await eventually(
    () =>
      fetch(`${url}/system`, { headers: UNSHARED }).then(
        ({ ok }) => ok,
        () => false,
      ),
    (isUp) => isUp,
  );
  return {
    url,
    dicomPort: dicom,
    /** What the REST API of Orthanc answers; nothing of ours is in between. */
    ask: async <T>(path: string, init: RequestInit = {}): Promise<T> => {
      const headers = { Accept: 'application/json', ...UNSHARED };
      const response = await fetch(`${url}${path}`, { headers, ...init });
      if (!response.ok) throw new Error(`Orthanc answers ${response.status} to ${path}: ${await response.text()}`);
      return (await response.json()) as T;
    },
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
