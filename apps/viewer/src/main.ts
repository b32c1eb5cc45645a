/** The page: what its address names, and what is dropped on it. */
import { element, fill } from './dom.ts';
import { ImagePool } from './images/image-pool.ts';
import { ModelRunner } from './model/model-runner.ts';
import { logInPage } from './pages/log-in.ts';
import { runPage } from './pages/run-page.ts';
import { StudyPage } from './pages/study-page.ts';
import { SEND_ZONE, workList } from './pages/work-list.ts';
import { renderingEngine } from './room/viewport-images.ts';
import { findServer, logIn, readCases, readModels, readReport, upload } from './server/server-client.ts';
import { ServerStudies } from './server/server-studies.ts';
import { chosenFiles, type DroppedFile, droppedFiles } from './studies/dropped-files.ts';
import { LocalStudies } from './studies/local-studies.ts';
import { type RunFolder, runFolders } from './studies/run-folder.ts';
import type { OpenStudy } from './studies/study-entry.ts';

const byId = (id: string): HTMLElement => {
  const found = document.getElementById(id);
  if (!found) throw new RangeError(`the page has no element ${id}`);
  return found;
};
const [place, tools, live, away] = [byId('page'), byId('tools'), byId('live'), byId('away')];

const pool = new ImagePool();
const local = new LocalStudies(pool);
const runs = new Map<string, RunFolder>();
const faults: string[] = [];
let server: ServerStudies | null = null;
let isLocked = false;
let mayUpload = false;
let runner: ModelRunner | null = null;
/** Why the model that was opened last cannot be run. */
let modelFault: string | null = null;
let page: StudyPage | null = null;
let routes = 0;

const say = (sentence: string): void => fill(live, sentence);
const sentenceOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
const isLocal = (key: string): boolean => key.startsWith('local-');
const addressOf = (key: string): string => `#/study/${encodeURIComponent(key)}`;
const partsOf = (): readonly string[] => location.hash.split('/').slice(1).map(decodeURIComponent);

/** Shows what the address names. Addresses have keys of this page and UIDs, never a name. */
async function route(): Promise<void> {
  const turn = ++routes;
  page?.end();
  page = null;
  const [what = '', key = '', first = ''] = partsOf();
  try {
    if (what === 'study') {
      const opened = await openStudy(key);
      // a case of a run is looked at where the model saw something
      const study = first ? ((await opened?.whole) ?? opened) : opened;
      if (turn !== routes) return;
      if (study) {
        showStudy(study, first);
        return;
      }
    }
    if (what === 'run') {
      await showRun(key, turn);
      return;
    }
    await server?.refresh();
    if (turn === routes) await showWorkList();
  } catch (error) {
    if (turn !== routes) return;
    faults.splice(0, faults.length, sentenceOf(error));
    await showWorkList();
  }
}

async function openStudy(key: string): Promise<OpenStudy | null> {
  if (isLocal(key)) return local.open(key);
  return server ? server.open(key) : null;
}

function showStudy(study: OpenStudy, first: string): void {
  page = new StudyPage(study, {
    tools,
    live,
    runner: () => runner,
    modelFault: () => modelFault,
    openModel: () => choose('.onnx', false, take),
    keepReadings: (readings) => local.setReadings(study.entry.key, readings),
    first: first || null,
  });
  fill(place, page.root);
  page.begin();
}

async function showWorkList(): Promise<void> {
  if (isLocked) {
    fill(place, logInPage(enter));
    return;
  }
  const list = workList([...(server?.entries() ?? []), ...local.entries()], faults, {
    open: (key) => {
      location.hash = addressOf(key);
    },
    chooseFiles: () => choose('', false, take),
    chooseFolder: () => choose('', true, take),
    upload: server && mayUpload ? () => choose('', false, send) : null,
  });
  fill(place, list);
  const names = [...runs.keys()].map((name) => [name, `#/run/${encodeURIComponent(name)}`] as const);
  const models = server ? (await readModels().catch(() => ({ models: [] }))).models : [];
  const served = models
    .filter(({ cases, report }) => cases !== null || report !== null)
    .map(({ id, system, name }) => [`${system}: ${name}`, `#/run/${encodeURIComponent(id)}`] as const);
  const links = [...served, ...names].map(([name, href]) => element('li', {}, element('a', { href }, name)));
  if (links.length > 0) list.append(element('h2', {}, 'Runs'), element('ul', {}, ...links));
}

async function enter(token: string): Promise<void> {
  const session = await logIn(token);
  isLocked = false;
  begin(session.role === 'operator');
  await route();
}

async function showRun(key: string, turn: number): Promise<void> {
  const dropped = runs.get(key);
  const data = dropped ? await droppedRun(dropped) : await servedRun(key);
  if (turn === routes) fill(place, runPage(data));
}

async function droppedRun({ name, report, cases }: RunFolder) {
  const led = cases.map((each) => {
    const image = local.atPath(each.path);
    const address = image ? `${addressOf(image.key)}/${encodeURIComponent(image.image.facts.instance)}` : null;
    return { ...each, address };
  });
  return { name, report: report ? await report.text() : null, cases: led };
}

async function servedRun(id: string) {
  const model = server ? (await readModels()).models.find((each) => each.id === id) : undefined;
  if (!model) throw new RangeError('there is no run of that name: drop its folder on the work list');
  const cases = model.cases === null ? [] : (await readCases(model.cases)).cases;
  const led = cases.map((each) => ({
    ...each,
    address: each.study && each.instance ? `${addressOf(each.study)}/${encodeURIComponent(each.instance)}` : null,
  }));
  const report = model.report === null ? null : await readReport(model.report);
  return { name: `${model.system}: ${model.name}`, report, cases: led };
}

/** Opens the browser's dialog for files or a folder. */
function choose(accept: string, isFolder: boolean, then: (files: readonly DroppedFile[]) => Promise<void>): void {
  const input = element('input', { type: 'file', multiple: true, accept, webkitdirectory: isFolder });
  input.addEventListener('change', () => void then(chosenFiles(input.files)));
  input.click();
}

/** Takes what was dropped or chosen: models, runs, images. They stay in this page. */
async function take(files: readonly DroppedFile[]): Promise<void> {
  const models = files.filter(({ path }) => path.toLowerCase().endsWith('.onnx'));
  const model = models.length === 1 ? models[0] : undefined;
  faults.splice(0);
  const opening = model ? openModel(model.file) : null; // images are not kept waiting for it
  try {
    for (const run of await runFolders(files)) runs.set(run.name, run);
  } catch (error) {
    faults.push(sentenceOf(error));
  }
  // the first study of an empty list is opened with its first image, while the others are read
  const opensFirst = local.entries().length === 0 && !server && page === null && runs.size === 0;
  let isWaiting = false;
  const { images, refused } = await local.add(files, () => {
    const [only, second] = local.entries();
    if (opensFirst && only && !second && page === null) location.hash = addressOf(only.key);
    if (isWaiting) return;
    isWaiting = true;
    setTimeout(() => {
      isWaiting = false;
      showProgress();
    }, 100);
  });
  faults.push(...refused);
  say(`${images} images opened, ${refused.length} files not read.`);
  if (opensFirst) afterIntake();
  if (page) showProgress();
  else await route();
  await opening;
}

/** What to look at once all files were read: the latest study of one patient, or the list where there are several or something was refused. */
function afterIntake(): void {
  const entries = [...local.entries()].sort((a, b) => b.date.localeCompare(a.date));
  const [latest] = entries;
  const isOne = new Set(entries.map(({ patientId }) => patientId)).size === 1;
  const address = latest && isOne && faults.length === 0 ? addressOf(latest.key) : '#/';
  if (location.hash !== address) location.hash = address;
}

/** Sends files to the server, one after the other. */
async function send(files: readonly DroppedFile[]): Promise<void> {
  faults.splice(0);
  for (const [i, { path, file }] of files.entries()) {
    say(`Sending file ${i + 1} of ${files.length} …`);
    try {
      const { refused } = await upload(file, i + 1);
      faults.push(...refused.map(({ message }) => `${path}: ${message}`));
    } catch (error) {
      faults.push(`${path}: ${sentenceOf(error)}`);
    }
  }
  say(`${files.length} files sent, ${faults.length} refused.`);
  await route();
}

/** More images came: into the list, or into the study that is open. */
function showProgress(): void {
  const [what, key = ''] = partsOf();
  const study = what === 'study' && isLocal(key) ? local.open(key) : null;
  if (page && study) page.update(study);
  else if (!page && what !== 'run') void showWorkList();
}

async function openModel(file: File): Promise<void> {
  say(`Opening ${file.name} …`);
  modelFault = null;
  try {
    const opened = await ModelRunner.open(file);
    runner?.close();
    runner = opened;
    say(`${file.name} runs on ${opened.device}.`);
  } catch (error) {
    modelFault = sentenceOf(error);
    faults.push(modelFault);
    say(modelFault);
  }
  if (page) page.redraw();
  else await showWorkList();
}

/** The server's studies, and what happens to them. */
function begin(isOperator: boolean): void {
  mayUpload = isOperator;
  const studies = new ServerStudies(pool);
  server = studies;
  const changed = (uid: string) => {
    const [what, key] = partsOf();
    if (page && what === 'study' && key === uid)
      void studies.open(uid).then(
        (study) => page?.update(study),
        (error) => say(sentenceOf(error)),
      );
    else if (!page && what !== 'run') void studies.refresh().then(showWorkList, (error) => say(sentenceOf(error)));
  };
  studies.watch(changed, (isThere) => {
    const wasAway = !away.hidden;
    away.hidden = isThere;
    if (isThere && wasAway) changed(partsOf()[1] ?? '');
  });
}

addEventListener('dragover', (event) => {
  event.preventDefault();
  document.body.classList.add('dragging');
});
addEventListener('dragleave', () => document.body.classList.remove('dragging'));
addEventListener('drop', (event) => {
  event.preventDefault();
  document.body.classList.remove('dragging');
  const isSent = event.target instanceof Element && event.target.closest(`#${SEND_ZONE}`) !== null;
  if (event.dataTransfer) void droppedFiles(event.dataTransfer).then(isSent ? send : take);
});
addEventListener('keydown', (event) => page?.key(event));
addEventListener('hashchange', () => void route());

const found = await findServer();
isLocked = found.kind === 'locked';
if (found.kind === 'server') begin(found.session.role === 'operator');
await route();
// what the first study needs is started while its line is looked for
requestIdleCallback(() => {
  pool.warm();
  renderingEngine();
});
