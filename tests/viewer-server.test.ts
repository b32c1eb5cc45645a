/** The viewer on the real server: a study sent, watched while it is analysed, read, and the run's page. */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { formatCsv, writeNifti } from '@mammoscope/imaging';
import type { AnalysisResult } from '@mammoscope/server/api-types';
import type { Browser, Page } from 'playwright-core';
import { drawnWoman, type StartedServer, startServer, studyBytes, trainedRun, upload } from './server-process.ts';
import {
  type Dropped,
  drawn,
  drop,
  labelOf,
  litColumns,
  noBrowser,
  openPage,
  pixelsOf,
  startBrowser,
} from './viewer-page.ts';
import { drawnFile, drawnStudy, HEIGHT, WIDTH } from './viewer-study.ts';

let browser: Browser;

before(async () => {
  if (!noBrowser) browser = await startBrowser();
});

after(async () => {
  if (!noBrowser) await browser.close();
});

/** A manifest of women whom the run was not trained on. */
async function unseenWomen(folder: string): Promise<string> {
  const rows = [20, 21, 22, 23].map(async (i) => {
    await writeFile(join(folder, `films/${i}.dcm`), studyBytes(drawnWoman(i)));
    const label = i % 2 === 0 ? 'benign' : 'malignant';
    return { patient_id: `w${i}`, path: `films/${i}.dcm`, modality: 'DM', label, laterality: 'L', view: 'CC' };
  });
  return formatCsv(await Promise.all(rows));
}

/**
 * What 3D-GMIC and detectors add to a result, put into the server's answer: a finding, patches with attention, a saliency map, votes. Boxes are of the
 * stored image of 120 x 160, hung with its chest wall on the left.
 */
async function marks(page: Page, folder: string): Promise<void> {
  const path = join(folder, 'map.nii.gz');
  await writeNifti(path, { data: Float32Array.from([0, 0.5, 0, 0.25]), columns: 2, rows: 2, slices: 1 });
  const packed = await readFile(path);
  const asked: string[] = [];
  await page.route('**/files/map-*', (route) => {
    asked.push(route.request().url());
    return route.fulfill({ body: packed, contentType: 'application/gzip' });
  });
  await page.route('**/result', async (route) => {
    const answer = await route.fetch();
    const result = (await answer.json()) as AnalysisResult;
    const reading = result.readings.find(({ instances }) => instances[0]?.endsWith('.3')); // L CC
    assert.ok(reading);
    const [instance = ''] = reading.instances;
    const place = { instance, frame: 0 };
    const finding = {
      ...place,
      id: 'f',
      series: '1.2',
      class: 'malignant',
      probability: 0.8,
      isShown: true,
      lesion: null,
    };
    const changed = {
      ...result,
      cutoff: 0.5,
      classes: ['benign', 'malignant'],
      findings: [{ ...finding, box: [12, 40, 36, 64] }],
      readings: [
        {
          ...reading,
          patches: [{ ...place, box: [0, 80, 24, 104], attention: 0.7, of: 't1' }],
          maps: ['benign', 'malignant'].map((finding) => ({
            ...{ kind: 'saliency', finding, of: null, instance, frame: null, url: `/files/map-${finding}` },
            box: [0, 0, 120, 160],
          })),
          votes: [{ name: 'densenet201', probability: 0.9, decision: 'malignant', cutoff: 0.4 }],
          focusSlices: [0],
        },
      ],
    };
    await route.fulfill({ json: changed });
  });
  await page.reload();
  await drawn(page, 4);
  const pane = page.locator('.pane[data-view=LCC]');
  await pane.locator('.mark.finding').waitFor({ state: 'attached' });
  // a heat map covers what is to be seen first: it comes when it is asked for, and is fetched then
  const heat = pane.locator('.overlay image');
  assert.equal(await heat.count(), 0);
  assert.equal(asked.length, 0);
  await page.locator('.pane.active').focus();
  await page.keyboard.press('v');
  await heat.waitFor({ state: 'attached' });
  const frame = async (selector: string) => {
    const shown = pane.locator(selector);
    const [x, y, width, height] = await Promise.all(
      ['x', 'y', 'width', 'height'].map(async (name) => Number(await shown.getAttribute(name))),
    );
    return { x, y, width, height } as { x: number; y: number; width: number; height: number };
  };
  // the map covers the image: its width in the pane is 120 pixels of the image, a patch has 24 of them
  const map = await frame('.overlay image');
  const patch = await frame('.mark.patch rect');
  assert.ok(Math.abs(patch.width - (24 * map.width) / 120) < 0.01 && Math.abs(patch.x - map.x) < 0.01);
  assert.ok(Math.abs(patch.y - map.y - (80 * map.height) / 160) < 0.01);
  assert.match(await pane.locator('.mark.patch text').innerHTML(), /^α 0\.70$/);
  assert.match(await page.locator('.reading').innerText(), /Patches and attention/);
  await page.locator('details.image-reading summary').click();
  assert.match(await page.locator('.votes').innerText(), /densenet201\s+90\.0 %\s+40\.0 %\s+malignant/);
  const opacity = async () => Number(await heat.getAttribute('opacity'));
  await page.getByLabel('opacity of heat maps').fill('0.2');
  assert.equal(await opacity(), 0.2);
  await pane.focus();
  await page.keyboard.press('Shift+O');
  assert.ok(Math.abs((await opacity()) - 0.3) < 1e-6);
  await slides(page, opacity);
  // one map at a time: what the model calls positive first, then the other, then none; each is fetched when it is chosen
  const choice = page.getByRole('combobox', { name: 'heat map' });
  const isChosen = (name: string) =>
    page.waitForFunction((it) => document.querySelector<HTMLSelectElement>('.heat-map select')?.value === it, name);
  await isChosen('Saliency: malignant');
  assert.deepEqual(
    asked.map((url) => url.split('-').at(-1)),
    ['malignant'],
  );
  await page.keyboard.press('v');
  await page.waitForFunction(() => document.querySelectorAll('.pane[data-view=LCC] .overlay image').length === 1);
  await isChosen('Saliency: benign');
  assert.deepEqual(
    asked.map((url) => url.split('-').at(-1)),
    ['malignant', 'benign'],
  );
  await page.keyboard.press('v');
  assert.equal(await heat.count(), 0);
  await page.locator('.heat-scale').waitFor({ state: 'detached' });
  await choice.selectOption('Saliency: malignant');
  await heat.waitFor({ state: 'attached' });
  await page.keyboard.press('h');
  assert.equal(await page.locator('.mark, .overlay image').count(), 0);
  await page.keyboard.press('n');
  assert.match(await page.locator('#live').innerText(), /^Finding 1 of 1: malignant 80\.0 %, L CC/);
  await page.unrouteAll();
}

/** The slider stays under the hand that drags it, and under the keys, though the panel is drawn anew with each step. */
async function slides(page: Page, opacity: () => Promise<number>): Promise<void> {
  const slider = page.getByLabel('opacity of heat maps');
  const { x, y, width, height } = (await slider.boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
  await page.mouse.move(x + 0.3 * width, y + height / 2);
  await page.mouse.down();
  for (const share of [0.4, 0.5, 0.6, 0.7, 0.95]) {
    await page.mouse.move(x + share * width, y + height / 2);
    await page.waitForTimeout(60);
  }
  await page.mouse.up();
  assert.ok((await opacity()) > 0.85, `${await opacity()}`);
  await page.waitForTimeout(60);
  await slider.focus();
  for (let i = 0; i < 3; i++) {
    await page.keyboard.press('ArrowLeft');
    await page.waitForTimeout(60);
  }
  assert.ok((await opacity()) < 0.86, `${await opacity()}`);
}

/** The scores that an exported model gives a study in a page of a browser, image by image, and where it ran. */
async function judgedIn(own: Browser, url: string, study: readonly Dropped[], model: Dropped) {
  const { page, complaints } = await openPage(own, url, { width: 1366, height: 768 });
  await drop(page, [...study, model]);
  await page.locator('tbody a', { hasText: 'JUDGED' }).click();
  await drawn(page, 4);
  const running = page.getByText(/ on (webgpu|wasm)$/).last();
  await running.waitFor();
  const device = / on (\w+)$/.exec(await running.innerText())?.[1];
  await page.keyboard.press('j');
  await page.waitForFunction(() => document.querySelectorAll('details.image-reading').length === 4);
  const scores = await page
    .locator('details.image-reading summary')
    .evaluateAll((all) => all.map((each) => Number((each as HTMLElement).dataset.probability)));
  await page.close();
  return { device, scores, complaints };
}

test('a study is sent, analysed before the eyes of the user, read with its probability, and found by the page of the run', {
  skip: noBrowser,
}, async () => {
  const { folder, mammoscope } = await trainedRun('images');
  await writeFile(join(folder, 'unseen.csv'), await unseenWomen(folder));
  const evaluated = await mammoscope(['evaluate', 'run', '--data', 'unseen.csv', '--threads', '1', '--out', 'run']);
  assert.equal(evaluated.code, 0, evaluated.stderr);
  // the page of a study of any machine: its cache is that of the user
  const cache = process.env.XDG_CACHE_HOME;
  await using server = await startServer(
    folder,
    ['--model', 'run', '--settle-seconds', '1', '--threads', '1'],
    cache === undefined ? { XDG_CACHE_HOME: '' } : { XDG_CACHE_HOME: cache },
  );
  // the exported run in the page, on the graphics card's interface and in WebAssembly
  const study = drawnStudy(12, '20260101', { name: 'JUDGED', frames: 1, hasOrientation: true });
  const exported = await mammoscope(['export', 'run', '--out', 'model.onnx']);
  assert.equal(exported.code, 0, exported.stderr);
  const model = { name: 'model.onnx', bytes: await readFile(join(folder, 'model.onnx')) };
  await using gpuBrowser = await startBrowser(true);
  const onGpu = await judgedIn(gpuBrowser, `${server.url}/`, study, model);
  const onWasm = await judgedIn(browser, `${server.url}/`, study, model);
  assert.deepEqual([onGpu.device, onWasm.device], ['webgpu', 'wasm']);
  assert.ok(new Set(onWasm.scores).size === 4 && onWasm.scores.every((score) => score > 0 && score < 1));
  // the images differ by 1e-4, the devices by rounding
  for (const [i, score] of onWasm.scores.entries())
    assert.ok(
      Math.abs(score - (onGpu.scores[i] ?? Number.NaN)) < 5e-6,
      `${onGpu.scores} on WebGPU, ${onWasm.scores} else`,
    );
  assert.deepEqual([onGpu.complaints, onWasm.complaints], [[], []]);

  const { page, complaints } = await openPage(browser, `${server.url}/`, { width: 1366, height: 768 });
  const files = drawnStudy(8, '20260101', { name: 'SECRET^NAME', frames: 1, hasOrientation: true });
  await page.locator('#send-zone').waitFor();
  await drop(page, files, '#send-zone');
  const row = page.locator('tbody tr').first();
  await row.getByText('SECRET, NAME').waitFor();
  await row.getByText(/^done/).waitFor({ timeout: 90_000 });
  assert.match(await row.locator('td').nth(1).innerText(), /^\d+\.\d %$/);
  await row.getByRole('link').click();
  await drawn(page, 4);
  for (const view of ['RCC', 'LCC', 'RMLO', 'LMLO']) {
    assert.match(await labelOf(page, view), new RegExp(`^${view[0]} ${view.slice(1)}, mammogram`));
    const pixels = await pixelsOf(page, view);
    const [first, last] = litColumns(pixels);
    assert.ok(view.startsWith('R') ? last >= pixels.width - 2 : first <= 1, `${view}: ${first} to ${last}`);
  }
  const reading = await page.locator('.reading').innerText();
  assert.match(reading, /kang2021/);
  assert.match(reading, /Not calibrated/);
  await marks(page, folder);
  assert.ok(!(await page.title()).includes('SECRET') && !page.url().includes('SECRET'));
  assert.ok(!server.log().includes('SECRET'), 'the log names the patient');
  await page.getByRole('link', { name: 'mammoscope' }).click();
  await page.getByRole('link', { name: /^kang2021: run/ }).click();
  await page.locator('.run-page tbody tr').first().waitFor();
  const errors = (await page.locator('.run-page td:nth-child(2)').allInnerTexts()).map(Number.parseFloat);
  assert.ok(errors.length > 0);
  assert.deepEqual(
    errors,
    [...errors].sort((a, b) => b - a),
  );
  assert.match(await page.frameLocator('iframe').locator('h1').first().innerText(), /malignant/);
  await badInput(page, server.url);
  assert.deepEqual(complaints, []);
  await serverThatGoes(page, server, complaints);
  await page.close();
});

/** A script as a name, half a study, and an image on which the model fails: shown with the reason. */
async function badInput(page: Page, url: string): Promise<void> {
  await page.getByRole('link', { name: 'mammoscope' }).click();
  const name = '<script>alert(1)</script>^<b>bold';
  const [right] = drawnStudy(13, '20260102', { name, hasOrientation: true });
  const flat = drawnFile({
    ...{ patient: 'flat', name: 'NOTHING^SEEN', study: 14, date: '20260103', number: 1, laterality: 'L', view: 'CC' },
    values: Array.from({ length: WIDTH * HEIGHT }, () => 40),
  });
  for (const { name: file, bytes } of [right as Dropped, flat])
    assert.equal((await upload({ url }, file, bytes)).status, 200);
  const half = page.locator('tbody tr', { hasText: '<script>alert(1)</script>, <b>bold' });
  await half.getByText(/^done, without L CC, R MLO, L MLO/).waitFor({ timeout: 60_000 });
  assert.equal(await page.locator('tbody b').count(), 0);
  await half.getByRole('link').click();
  await drawn(page, 1);
  assert.match(await page.locator('.pane[data-view=LMLO]').innerText(), /no L MLO in this study/);
  await page.getByRole('link', { name: 'mammoscope' }).click();
  const failed = page.locator('tbody tr', { hasText: 'NOTHING, SEEN' });
  await failed.getByText(/^failed: /).waitFor({ timeout: 60_000 });
  const reason = (await failed.locator('td').last().innerText()).replace(/^failed: |, without .*$/g, '');
  assert.match(reason, /^[^{}]{20,}$/, 'a sentence');
  await failed.getByRole('link').click();
  await drawn(page, 1);
  assert.ok((await page.locator('.panel .fault').first().innerText()).includes(reason), reason);
}

/** A server that ends while the page is open: the page says so and keeps what it shows. */
async function serverThatGoes(page: Page, server: StartedServer, complaints: string[]): Promise<void> {
  await server.stop();
  const away = page.locator('#away');
  await away.waitFor({ state: 'visible' });
  assert.equal(await page.locator('.pane[data-drawn]').count(), 1, 'what was there stays');
  await page.getByRole('link', { name: 'mammoscope' }).click();
  await page.getByText(/the server does not answer: see that it runs/).waitFor();
  assert.ok((await page.locator('tbody tr').count()) >= 3, 'the list stays');
  await page.locator('tbody tr', { hasText: 'bold' }).getByRole('link').click();
  await page.locator('.work-list .faults').waitFor();
  // the browser, too, says that nobody answers
  assert.deepEqual(
    complaints.filter((each) => !/ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED|net::ERR/.test(each)),
    [],
  );
}
