/** The server as a user starts it: a child process on a free port, small studies, a small trained run, and real PostgreSQL where it is installed. */
import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { chownSync, existsSync, readdirSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { dicomBytes, mammogram, tomosynthesis } from '@mammoscope/dicom';
import { formatCsv, readManifest } from '@mammoscope/imaging';
import { PORTABLE_TARGET } from '@mammoscope/nn';
import { Engine } from '@mammoscope/runtime';
import { openEmbedded } from '@mammoscope/server';
import type { Analysis, StudyList, UploadReport } from '@mammoscope/server/api-types';
import { systemOf } from '@mammoscope/systems';
import { workplace } from './cli-process.ts';
import { EXPOSURE, examinationOf } from './dicom-result-study.ts';
import { mammogramValues } from './mammogram-object.ts';

const COMMAND = fileURLToPath(new URL('../mammoscope', import.meta.url));
export const SIDE = 96;

type Lesion = readonly [x1: number, y1: number, x2: number, y2: number];

/** A woman's mammogram. */
export interface DrawnStudy {
  readonly study: string;
  readonly patient: string;
  readonly name?: string;
  readonly laterality?: 'L' | 'R';
  readonly view?: 'CC' | 'MLO';
  readonly number?: number;
  readonly lesion?: Lesion | undefined;
  readonly brighter?: number;
}

/** The bytes of its DICOM file. */
export function studyBytes({
  study,
  patient,
  name,
  laterality = 'L',
  view = 'CC',
  number = 1,
  lesion,
  brighter = 0,
}: DrawnStudy): Buffer {
  const examination = examinationOf({ patient, study });
  const object = mammogram({
    examination: { ...examination, patient: { ...examination.patient, ...(name !== undefined && { name }) } },
    instance: {
      sopInstanceUid: `${study}.2.${number}`,
      number,
      series: { uid: `${study}.1`, number: 1, description: '' },
    },
    position: { laterality, view, obliqueDeg: 45 },
    grid: { rows: SIDE, columns: SIDE, spacingMm: 0.1, bitsStored: 12 },
    exposure: EXPOSURE,
    irradiationEventUid: '1.2.3',
    intent: 'FOR PRESENTATION',
    processing: 'none',
  });
  return Buffer.concat([
    ...dicomBytes(object, [Uint16Array.from(mammogramValues({ brighter, ...(lesion && { lesion }) }))]),
  ]);
}

/** A tomosynthesis: its planes are squares of one side. */
export interface DrawnVolume {
  readonly study: string;
  readonly patient?: string;
  readonly planes: readonly Uint16Array[];
}

/** The bytes of its DICOM file, of a series of its own in the study. */
export function volumeBytes({ study, patient = 'volume', planes }: DrawnVolume): Buffer {
  const side = Math.sqrt(planes[0]?.length ?? 0);
  const object = tomosynthesis({
    examination: examinationOf({ patient, study }),
    instance: { sopInstanceUid: `${study}.3.1`, number: 1, series: { uid: `${study}.3`, number: 2, description: '' } },
    position: { laterality: 'L', view: 'CC', obliqueDeg: 0 },
    grid: { rows: side, columns: side, spacingMm: 0.1, bitsStored: 12, slices: planes.length, sliceMm: 1 },
    exposure: EXPOSURE,
    irradiationEventUid: '1.2.3',
    frameOfReferenceUid: `${study}.9`,
    projections: 9,
    arcDeg: 15,
    reconstruction: 'none',
  });
  return Buffer.concat([...dicomBytes(object, planes)]);
}

/** A tomosynthesis of so many slices of 16 x 16 pixels. */
export const smallVolume = (study: string, slices: number): Buffer =>
  volumeBytes({
    study,
    planes: Array.from({ length: slices }, (_, slice) => Uint16Array.from({ length: 256 }, (_v, i) => slice + i)),
  });

/** Women, in turn benign and malignant, as the tests of predict have them. */
export const drawnWoman = (i: number): DrawnStudy & { readonly lesion: Lesion } => ({
  ...{ study: `1.2.840.99999.${i + 1}`, patient: `w${i}`, brighter: 9 * (i % 40) },
  lesion: [10 + 2 * (i % 8), 40, 16 + 2 * (i % 8) + 4 * (i % 2), 46],
});

/** An engine that writes every operation in the standard way: there is nothing to time, which is most of what a small run takes. */
export async function plainEngine(): Promise<Engine & AsyncDisposable> {
  const engine = await Engine.create({ threads: 1 });
  return Object.assign(engine, { target: PORTABLE_TARGET, [Symbol.asyncDispose]: () => engine.close() });
}

/** A run to be trained in this process. */
export interface SmallRun {
  readonly engine: Engine;
  readonly folder: string;
  readonly system: string;
  /** Names of files in the folder. */
  readonly manifest: string;
  readonly out: string;
  readonly classes: readonly string[];
  readonly settings: readonly string[];
}

/** Trains a run of the preset tiny. */
export async function trainHere({ engine, folder, system, manifest, out, classes, settings }: SmallRun): Promise<void> {
  await systemOf({ system }).plan(
    'tiny',
    settings,
  )({
    ...{ engine, out: join(folder, out), seed: 7, command: `mammoscope train ${system}`, resume: false },
    manifest: await readManifest(join(folder, manifest), { classes }),
    weights: new Map(),
  });
}

/** A workplace with a run, trained in a moment, that judges whole images, or lesions of them. */
export async function trainedRun(judges: 'images' | 'lesions') {
  const { folder, mammoscope } = await workplace();
  await mkdir(join(folder, 'films'));
  const rows = await Promise.all(
    Array.from({ length: 10 }, async (_, i) => {
      const woman = drawnWoman(i);
      await writeFile(join(folder, 'films', `${i}.dcm`), studyBytes(woman));
      const [x1, y1, x2, y2] = woman.lesion;
      return {
        ...{
          patient_id: woman.patient,
          path: `films/${i}.dcm`,
          modality: 'DM',
          label: i % 2 === 0 ? 'benign' : 'malignant',
        },
        ...{ laterality: 'L', view: 'CC', split: i < 4 ? 'train' : i < 6 ? 'val' : 'test' },
        ...(judges === 'lesions' && { lesion_id: 'a', x1, y1, x2, y2 }),
      };
    }),
  );
  await writeFile(join(folder, 'films.csv'), formatCsv(rows));
  const settings = ['networks=samala2016', 'sizePx=32', 'batch=4', 'epochs=1'];
  await using engine = await plainEngine();
  await trainHere({
    ...{ engine, folder, system: 'kang2021', manifest: 'films.csv', classes: ['benign', 'malignant'], out: 'run' },
    settings: [...settings, `roiPx=${judges === 'lesions' ? 32 : 0}`],
  });
  return { folder, mammoscope };
}

/** A server that was started; disposal stops it. */
export interface StartedServer extends AsyncDisposable {
  readonly url: string;
  readonly child: ChildProcess;
  /** Everything that it has logged. */
  readonly log: () => string;
  /** Ends with its exit code. */
  readonly ended: Promise<number | null>;
  readonly stop: () => Promise<void>;
}

const NODE_MODULES = fileURLToPath(new URL('../node_modules', import.meta.url));

/**
 * An empty database as PGlite makes it in a new folder, which takes seconds of a processor: made once beside what is installed, and
 * copied for each server that has no data folder yet.
 */
async function emptyDatabase(): Promise<string> {
  const { version } = JSON.parse(await readFile(join(NODE_MODULES, '@electric-sql/pglite/package.json'), 'utf8')) as {
    version: string;
  };
  const made = join(NODE_MODULES, '.cache', `mammoscope-test-database-${version}`);
  if (existsSync(made)) return made;
  const making = `${made}-${process.pid}`;
  await mkdir(dirname(making), { recursive: true });
  const database = await openEmbedded(making);
  await database.close();
  await rename(making, made).catch(() => rm(making, { recursive: true })); // another test was faster
  return made;
}

/** Starts `mammoscope serve` in a folder and waits until it listens. */
export async function startServer(
  folder: string,
  args: readonly string[] = [],
  environment: Readonly<Record<string, string>> = {},
): Promise<StartedServer> {
  const env = { ...process.env, XDG_CACHE_HOME: join(folder, 'cache'), ...environment };
  const data = join(folder, args[args.indexOf('--data') + 1 || args.length] ?? 'mammoscope-data');
  if (!environment.DATABASE_URL && !existsSync(data))
    await cp(await emptyDatabase(), join(data, 'database'), { recursive: true });
  const child = spawn(COMMAND, ['serve', '--port', '0', ...args], {
    cwd: folder,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [out, log] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    log += text;
  });
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
    await ended;
  };
  while (!out.includes('\n')) {
    assert.equal(child.exitCode, null, log);
    await sleep(50);
  }
  return { url: out.trim(), child, log: () => log, ended, stop, [Symbol.asyncDispose]: stop };
}

/** Starts `mammoscope serve worker` in a folder and waits until it works. */
export async function startWorker(
  folder: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<Pick<StartedServer, 'log'> & AsyncDisposable> {
  const env = { ...process.env, XDG_CACHE_HOME: join(folder, 'cache'), ...environment };
  const child = spawn(COMMAND, ['serve', 'worker', ...args], { cwd: folder, env, stdio: ['ignore', 'ignore', 'pipe'] });
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    log += text;
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  while (!log.includes('"working"')) {
    assert.equal(child.exitCode, null, log);
    await sleep(50);
  }
  return {
    log: () => log,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** A free port of this machine. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  assert.ok(address !== null && typeof address === 'object');
  return address.port;
}

/** Asks until the answer satisfies; fails with what was answered last. */
export async function eventually<T>(
  ask: () => Promise<T>,
  satisfies: (answer: T) => boolean,
  tries = 3000,
): Promise<T> {
  for (let i = 0; ; i++) {
    const answer = await ask();
    if (satisfies(answer)) return answer;
    assert.ok(i < tries, `still not so: ${JSON.stringify(answer).slice(0, 2000)}`);
    await sleep(100);
  }
}

/** The JSON of an address. */
export async function getJson<T>(url: string, init: RequestInit = {}): Promise<T> {
  const response = await fetch(url, { ...init, headers: { ...(init.headers as object), Connection: 'close' } });
  assert.ok(response.ok, `${url}: ${response.status} ${response.ok ? '' : await response.clone().text()}`);
  return (await response.json()) as T;
}

/** The error of an answer, with its status. */
export async function errorOf(response: Response): Promise<readonly [number, string]> {
  const { error } = (await response.json()) as { error: { code: string; message: string } };
  assert.doesNotMatch(error.message, /^\s+at |node:internal|\/tmp\/|incoming/, 'no stack and no folder');
  return [response.status, error.code];
}

/** Uploads a file as the body of a PUT. */
export const upload = (
  server: Pick<StartedServer, 'url'>,
  name: string,
  bytes: Uint8Array,
  headers: Readonly<Record<string, string>> = {},
) =>
  fetch(`${server.url}/api/uploads/${encodeURIComponent(name)}`, { method: 'PUT', body: Buffer.from(bytes), headers });

/** Uploads and requires that everything was stored. */
export async function stored(server: StartedServer, name: string, bytes: Uint8Array): Promise<UploadReport> {
  const response = await upload(server, name, bytes);
  const report = (await response.json()) as UploadReport;
  assert.deepEqual([response.status, report.refused], [200, []]);
  return report;
}

/** Waits until the analyses of a study are at an end. */
export async function analysed(server: Pick<StartedServer, 'url'>, study: string): Promise<readonly Analysis[]> {
  const isEnded = ({ state }: Analysis) => state !== 'queued' && state !== 'running';
  const { studies } = await eventually(
    () => getJson<StudyList>(`${server.url}/api/studies?search=${study}`),
    ({ studies: [first] }) => first !== undefined && first.analyses.length > 0 && first.analyses.every(isEnded),
  );
  return studies[0]?.analyses ?? [];
}

const POSTGRES_FOLDER = existsSync('/usr/lib/postgresql')
  ? readdirSync('/usr/lib/postgresql').map((version) => `/usr/lib/postgresql/${version}/bin`)
  : [];
/** The folder of initdb and pg_ctl; undefined where PostgreSQL is not installed. */
const postgresBin = [...POSTGRES_FOLDER, '/usr/local/bin', '/usr/bin'].find((bin) => existsSync(join(bin, 'pg_ctl')));
const isRoot = process.getuid?.() === 0;
const hasUser = !isRoot || spawnSync('id', ['postgres']).status === 0;
/** Why PostgreSQL cannot be tested; false where it can. */
export const POSTGRES_MISSING =
  postgresBin === undefined
    ? 'PostgreSQL is not installed'
    : hasUser
      ? false
      : 'root runs the tests and there is no user postgres';

/** A PostgreSQL of its own in a temporary folder, that listens on this machine alone; disposal ends and removes it. */
export async function startPostgres() {
  const folder = await mkdtemp(join(tmpdir(), 'mammoscope-postgres-'));
  const port = await freePort();
  if (isRoot)
    chownSync(folder, Number(execFileSync('id', ['-u', 'postgres'])), Number(execFileSync('id', ['-g', 'postgres'])));
  const data = join(folder, 'data');
  const run = (program: string, args: readonly string[]) => {
    const command = [join(postgresBin as string, program), ...args];
    const [file = '', ...rest] = isRoot ? ['runuser', '-u', 'postgres', '--', ...command] : command;
    execFileSync(file, rest, { cwd: folder, stdio: 'ignore' });
  };
  run('initdb', ['-D', data, '-U', 'mammoscope', '--auth=trust', '-N', '-E', 'UTF8', '--locale=C']);
  const options = `-p ${port} -h 127.0.0.1 -k ${folder} -c fsync=off -c shared_buffers=16MB`;
  const start = () => run('pg_ctl', ['-D', data, '-w', '-o', options, '-l', join(folder, 'log'), 'start']);
  /** 'immediate' is a crash: nothing is written down any more. */
  const stop = (how: 'fast' | 'immediate') => run('pg_ctl', ['-D', data, '-m', how, '-w', 'stop']);
  start();
  let isUp = true;
  return {
    url: `postgres://mammoscope@127.0.0.1:${port}/postgres`,
    kill: () => {
      stop('immediate');
      isUp = false;
    },
    start: () => {
      start();
      isUp = true;
    },
    [Symbol.asyncDispose]: async () => {
      if (isUp) stop('immediate');
      await rm(folder, { recursive: true, force: true });
    },
  };
}
