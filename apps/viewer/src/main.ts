/** The page: what its address names, and what is dropped on it. */
import { addressParts, studyAddress } from './addresses.ts';
import { element, fill } from './dom.ts';
import { ImagePool } from './images/image-pool.ts';
import { ModelRunner } from './model/model-runner.ts';
import { logInPage } from './pages/log-in.ts';
import { runPage } from './pages/run-page.ts';
import { ShownRuns } from './pages/shown-runs.ts';
import { StudyPage } from './pages/study-page.ts';
import { SEND_ZONE, WorkList } from './pages/work-list.ts';
import { renderingEngine } from './room/viewport-images.ts';
import { findServer, logIn, upload } from './server/server-client.ts';
import { ServerStudies } from './server/server-studies.ts';
import { chosenFiles, type DroppedFile, droppedFiles } from './studies/dropped-files.ts';
import { LocalStudies } from './studies/local-studies.ts';
import type { OpenStudy } from './studies/study-entry.ts';

const byId = (id: string): HTMLElement => {
  const found = document.getElementById(id);
  if (!found) throw new RangeError(`the page has no element ${id}`);
  return found;
};
const [place, tools, live, away] = [byId('page'), byId('tools'), byId('live'), byId('away')];

const pool = new ImagePool();
const local = new LocalStudies(pool);
const runs = new ShownRuns(local);
const faults: string[] = [];
let server: ServerStudies | null = null;
let isLocked = false;
let mayUpload = false;
let runner: ModelRunner | null = null;
/** Why the model that was opened last cannot be run. */
let modelFault: string | null = null;
/** What is shown: a study, the list, or neither. A list stays while a study is being opened. */
let page: StudyPage | null = null;
let list: WorkList | null = null;
let routes = 0;
let routed = Promise.resolve();

const say = (sentence: string): void => fill(live, sentence);
const sentenceOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
const isLocal = (key: string): boolean => key.startsWith('local-');

/** Shows what the address names. Nothing else changes what is shown: what comes in meanwhile goes into what there is. */
function route(): Promise<void> {
  routed = goToAddress();
  return routed;
}

async function goToAddress(): Promise<void> {
  const turn = ++routes;
  page?.end();
  page = null;
  const [what = '', key = '', first = ''] = addressParts();
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
      const run = await runs.open(key, server !== null);
      if (turn === routes) show(runPage(run));
      return;
    }
    await server?.refresh();
    if (turn === routes) showWorkList();
  } catch (error) {
    if (turn !== routes) return;
    faults.splice(0, faults.length, sentenceOf(error));
    showWorkList();
  }
}

function show(root: HTMLElement): void {
  list = null;
  fill(place, root);
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
  show(page.root);
  page.begin();
}

function showWorkList(): void {
  if (isLocked) {
    show(logInPage(enter));
    return;
  }
  const made = new WorkList({
    open: (key) => {
      location.hash = studyAddress(key);
    },
    chooseFiles: () => choose('', false, take),
    chooseFolder: () => choose('', true, take),
    upload: server && mayUpload ? () => choose('', false, send) : null,
  });
  show(made.root);
  list = made;
  updateList();
  void updateRuns();
}

/** What is known now, into the list; where something else is shown, it is there when the list is. */
function updateList(): void {
  list?.update([...(server?.entries() ?? []), ...local.entries()], faults);
}

async function updateRuns(): Promise<void> {
  const links = await runs.links(server !== null);
  list?.setRuns(links);
}

async function enter(token: string): Promise<void> {
  const session = await logIn(token);
  isLocked = false;
  begin(session.role === 'operator');
  await route();
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
    await runs.take(files);
    void updateRuns();
  } catch (error) {
    faults.push(sentenceOf(error));
  }
  // the first study of an empty list is opened with its first image, while the others are read
  const opensFirst = local.entries().length === 0 && !server && page === null && runs.dropped === 0;
  let isWaiting = false;
  const { images, refused } = await local.add(files, () => {
    const [only, second] = local.entries();
    if (opensFirst && only && !second && page === null) location.hash = studyAddress(only.key);
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
  if (page || list) showProgress();
  else await route();
  await opening;
}

/** What to look at once all files were read: the latest study of one patient, or the list where there are several or something was refused. */
function afterIntake(): void {
  const entries = [...local.entries()].sort((a, b) => b.date.localeCompare(a.date));
  const [latest] = entries;
  const isOne = new Set(entries.map(({ patientId }) => patientId)).size === 1;
  const address = latest && isOne && faults.length === 0 ? studyAddress(latest.key) : '#/';
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
  await refreshList().catch((error) => say(sentenceOf(error)));
}

/** More images came: into the list, or into the study that is open. */
function showProgress(): void {
  const [what, key = ''] = addressParts();
  const study = what === 'study' && isLocal(key) ? local.open(key) : null;
  if (page && study) page.update(study);
  else updateList();
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
  page?.redraw();
  updateList();
}

/** The server's studies, and what happens to them. */
function begin(isOperator: boolean): void {
  mayUpload = isOperator;
  const studies = new ServerStudies(pool);
  server = studies;
  studies.watch(
    (changed) => void follow(changed),
    (isThere) => {
      const wasAway = !away.hidden;
      away.hidden = isThere;
      if (isThere && wasAway) void follow(new Set(addressParts().slice(1, 2)));
    },
  );
}

/** Studies of the server changed: the list says so, or the study that is open. */
async function follow(changed: ReadonlySet<string>): Promise<void> {
  await routed; // what is being opened was perhaps asked for before
  const [what, key = ''] = addressParts();
  const shown = page;
  try {
    if (!shown) await refreshList();
    else if (server && what === 'study' && changed.has(key)) {
      const study = await server.open(key);
      if (shown === page) shown.update(study);
    }
  } catch (error) {
    say(sentenceOf(error));
  }
}

/** What the server has now, into the list. */
async function refreshList(): Promise<void> {
  if (!list) return;
  await server?.refresh();
  updateList();
  await updateRuns();
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
