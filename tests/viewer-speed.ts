/**
 * Times the viewer as the numbers of the issue are meant: `node tests/viewer-speed.ts <folder of one study's files> [url of a server]`. Headless
 * Chromium, drawing without a graphics card. Prints JSON; run it on an idle machine, and twice.
 */
import { readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Page } from 'playwright-core';
import { openPage, servePage, startBrowser } from './viewer-page.ts';

const SIZES = { laptop: { width: 1366, height: 768 }, portrait: { width: 2048, height: 2560 } } as const;

/** Waits for a selector, looked for at every frame that the page draws. */
const until = (page: Page, selector: string): Promise<void> =>
  page.evaluate(
    (wanted) =>
      new Promise<void>((found) => {
        const look = () => {
          if (document.querySelector(wanted)) found();
          else requestAnimationFrame(look);
        };
        look();
      }),
    selector,
  );

/** Scrolls through all slices as a wheel does, one at every frame of the display, there and back; slices drawn a second. */
const scrollRate = (page: Page): Promise<{ readonly frames: number; readonly rate: number }> =>
  page.evaluate(
    () =>
      new Promise((done) => {
        const pane = document.querySelector<HTMLElement>('.pane.active');
        if (!pane) throw new RangeError('no pane');
        const frames = Number(pane.querySelector('.slice-bar')?.getAttribute('aria-valuemax'));
        const drawn = new Set<string>();
        let [wanted, begun] = [0, performance.now()];
        pane.dispatchEvent(new KeyboardEvent('keydown', { key: 'Home', bubbles: true }));
        const turn = () => {
          const now = pane.dataset.drawn ?? '';
          if (Number(now) === wanted) {
            if (wanted === 0) begun = performance.now();
            drawn.add(now);
            wanted++;
            pane.dispatchEvent(
              new WheelEvent('wheel', { deltaY: 100, bubbles: true, cancelable: true, ...centre(pane) }),
            );
          }
          if (wanted < frames) requestAnimationFrame(turn);
          else done({ frames: drawn.size, rate: (drawn.size - 1) / ((performance.now() - begun) / 1000) });
        };
        const centre = (of: HTMLElement) => {
          const { left, top, width, height } = of.getBoundingClientRect();
          return { clientX: left + width / 2, clientY: top + height / 2 };
        };
        requestAnimationFrame(turn);
      }),
  );

const heapMiB = (page: Page): Promise<number> =>
  page.evaluate(
    () => (performance as unknown as { memory: { usedJSHeapSize: number } }).memory.usedJSHeapSize / 2 ** 20,
  );

const [folder, server] = process.argv.slice(2);
if (folder === undefined) throw new RangeError('name the folder of a study');
const names = (await readdir(folder)).filter((name) => name.endsWith('.dcm'));
const paths = names.map((name) => join(resolve(folder), name));
const bytes = (await Promise.all(paths.map((path) => stat(path)))).reduce((sum, { size }) => sum + size, 0);
const local = server === undefined ? await servePage() : null;
const browser = await startBrowser();
const results = [];
for (const [display, size] of Object.entries(SIZES)) {
  const { page, complaints } = await openPage(browser, server ?? local?.url ?? '', size);
  await page.waitForSelector('.work-list');
  let chosen = Date.now();
  if (server === undefined) {
    const chooser = page.waitForEvent('filechooser');
    await page.getByRole('button', { name: 'Open files' }).click();
    const dialog = await chooser;
    chosen = Date.now();
    await dialog.setFiles(paths);
  } else await page.locator('tbody a').first().click();
  await until(page, '.pane[data-drawn]');
  const firstImageMs = Date.now() - chosen;
  await until(page, '.pane[data-drawn] ~ .pane[data-drawn] ~ .pane[data-drawn] ~ .pane[data-drawn]');
  const fourViewsMs = Date.now() - chosen;
  await page.waitForTimeout(1500);
  const toggled = Date.now();
  await page.keyboard.press('d');
  await until(page, '.pane.active[data-image=DBT][data-drawn]');
  const firstSliceMs = Date.now() - toggled;
  // all slices in memory
  const begun = Date.now();
  await page.waitForFunction(
    () => {
      const bar = document.querySelector('.pane.active .slice-bar');
      return Number(bar?.getAttribute('aria-valuemax')) === bar?.querySelectorAll('.loaded rect').length;
    },
    null,
    { timeout: 300_000 },
  );
  const loadedMs = Date.now() - begun;
  await page.waitForTimeout(500);
  const scrolls = [await scrollRate(page), await scrollRate(page)];
  const rates = scrolls.map(({ rate }) => Number(rate.toFixed(1)));
  const heap = await heapMiB(page);
  const round = Object.fromEntries(
    Object.entries({ firstImageMs, fourViewsMs, firstSliceMs, loadedMs, heapMiB: heap }).map(([name, value]) => [
      name,
      Math.round(value),
    ]),
  );
  results.push({ display, ...round, slices: scrolls[0]?.frames, slicesPerSecond: rates, complaints });
  await page.close();
}
await browser.close();
await local?.close();
process.stdout.write(
  `${JSON.stringify({ files: names.length, mebibytes: Math.round(bytes / 2 ** 20), results }, null, 2)}\n`,
);
