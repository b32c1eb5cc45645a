import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium } from 'playwright-core';
import { renderExamples, renderReport } from './index.ts';
import { EXTREME_REPORT, madeHostile } from './sample-extremes.ts';
import { EMPTY_REPORT, SAMPLE_REPORT } from './sample-report.ts';

const executablePath = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';
const skip = existsSync(executablePath) ? false : `no Chromium at ${executablePath}; set CHROMIUM_PATH`;

const REPORTS = {
  full: SAMPLE_REPORT,
  empty: EMPTY_REPORT,
  extreme: EXTREME_REPORT,
  hostile: madeHostile(SAMPLE_REPORT),
};
const VIEWS = [
  { width: 390, colorScheme: 'light' },
  { width: 390, colorScheme: 'dark' },
  { width: 1000, colorScheme: 'light' },
  { width: 1280, colorScheme: 'light' },
  { width: 1280, colorScheme: 'dark' },
] as const;

/** Runs in the page: texts of figures that leave their figure or lie on one another, and boxes wider than the page. */
function faultsOfLayout(): string[] {
  const faults: string[] = [];
  const page = document.documentElement;
  if (page.scrollWidth > page.clientWidth) faults.push(`the page is ${page.scrollWidth} wide in ${page.clientWidth}`);
  for (const figure of document.querySelectorAll('.chart > svg')) {
    const frame = figure.getBoundingClientRect();
    const texts = [...figure.querySelectorAll('text')].map((text) => ({
      text: text.textContent,
      box: text.getBoundingClientRect(),
    }));
    texts.forEach(({ text, box }, index) => {
      const outside =
        box.left < frame.left - 1 ||
        box.right > frame.right + 1 ||
        box.top < frame.top - 1 ||
        box.bottom > frame.bottom + 1;
      if (outside) faults.push(`${text} is clipped in ${figure.getAttribute('aria-label')?.slice(0, 60)}`);
      for (const other of texts.slice(index + 1)) {
        const across = Math.min(box.right, other.box.right) - Math.max(box.left, other.box.left);
        const down = Math.min(box.bottom, other.box.bottom) - Math.max(box.top, other.box.top);
        if (across > 1 && down > 3)
          faults.push(`${text} lies on ${other.text} in ${figure.getAttribute('aria-label')?.slice(0, 60)}`);
      }
    });
  }
  return faults;
}

let browser: Browser;
let folder: string;

before(async () => {
  if (skip) return;
  folder = await mkdtemp(join(tmpdir(), 'mammoscope-report-'));
  browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
});

after(async () => {
  if (skip) return;
  await browser.close();
  await rm(folder, { recursive: true });
});

for (const [name, data] of Object.entries(REPORTS)) {
  test(`a browser shows the ${name} report without error, request or overflow`, { skip }, async () => {
    const file = join(folder, `${name}.html`);
    await writeFile(file, renderReport(data));
    const address = pathToFileURL(file).href;
    for (const { width, colorScheme } of VIEWS) {
      const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
      const complaints: string[] = [];
      page.on('console', (message) => complaints.push(message.text()));
      page.on('pageerror', (error) => complaints.push(error.message));
      page.on('dialog', (dialog) => {
        complaints.push(`dialog: ${dialog.message()}`);
        void dialog.dismiss();
      });
      page.on('request', (request) => {
        if (request.url() !== address && !request.url().startsWith('data:image/'))
          complaints.push(`request: ${request.url()}`);
      });
      await page.goto(address);
      assert.deepEqual(await page.evaluate(faultsOfLayout), [], `${name}, ${width} px`);
      const background = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      assert.equal(background, colorScheme === 'dark' ? 'rgb(17, 21, 27)' : 'rgb(255, 255, 255)');
      const broken = await page.evaluate(() => [...document.images].filter((image) => image.naturalWidth === 0).length);
      assert.equal(broken, 0);
      assert.deepEqual(complaints, []);
      await page.close();
    }
  });
}

test('a film is scrolled slice by slice, jumped to by its links, and plays while its box is ticked', {
  skip,
}, async () => {
  const file = join(folder, 'film.html');
  await writeFile(file, renderExamples('Figure 6', SAMPLE_REPORT.saliency ?? []));
  const page = await browser.newPage({ viewport: { width: 800, height: 900 } });
  await page.goto(pathToFileURL(file).href);
  const view = page.locator('.film-view');
  /** Which slice stands in the view, from 0. */
  const shown = () => view.evaluate((element) => element.scrollTop / element.clientHeight);
  const reaches = async (slice: number) => {
    for (let tries = 0; tries < 100 && Math.abs((await shown()) - slice) > 0.02; tries++) await page.waitForTimeout(50);
    assert.ok(Math.abs((await shown()) - slice) <= 0.02, `slice ${slice + 1}, got ${1 + (await shown())}`);
  };
  await page.getByRole('link', { name: 'slice 9' }).click();
  await reaches(8);
  await view.focus();
  await page.keyboard.press('ArrowDown');
  await reaches(9);
  const moved = () => page.locator('.film-roll').evaluate((roll) => getComputedStyle(roll).transform);
  assert.equal(await moved(), 'none', 'nothing moves before it is asked for');
  await page.getByRole('checkbox').check();
  const first = await moved();
  for (let tries = 0; tries < 100 && (await moved()) === first; tries++) await page.waitForTimeout(50);
  assert.notEqual(await moved(), first);
  await page.getByRole('checkbox').uncheck();
  assert.equal(await moved(), 'none');
  await page.close();
});
