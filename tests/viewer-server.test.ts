/** The viewer on the real server: a study sent, watched while it is analysed, read, and the run's page. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { formatCsv } from '@mammoscope/imaging';
import type { Browser } from 'playwright-core';
import { drawnWoman, startServer, studyBytes, trainedRun } from './server-process.ts';
import { drawn, labelOf, litColumns, noBrowser, openPage, pixelsOf, settled, startBrowser } from './viewer-page.ts';
import { drawnStudy } from './viewer-study.ts';

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
  const { page, complaints } = await openPage(browser, `${server.url}/`, { width: 1366, height: 768 });
  const files = drawnStudy(8, '20260101', { name: 'SECRET^NAME', frames: 1, hasOrientation: true });
  const chooser = page.waitForEvent('filechooser');
  await page.getByRole('button', { name: 'Send files to the server' }).click();
  await (await chooser).setFiles(
    files.map(({ name, bytes }) => ({ name, mimeType: 'application/dicom', buffer: Buffer.from(bytes) })),
  );
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
  assert.match(reading, /not calibrated/);
  await page.keyboard.press('1');
  await drawn(page, 1);
  await settled(page);
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
  assert.deepEqual(complaints, []);
  await page.close();
});
