/** The page of `image explain` as a browser shows it: nothing asked for, nothing wider than the screen, readable in light and dark. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { IMAGE_STEPS, writePng8 } from '@mammoscope/imaging';
import { type Browser, chromium } from 'playwright-core';
import { assertDone, workplace } from './cli-process.ts';

const executablePath = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';
const skip = existsSync(executablePath) ? false : `no Chromium at ${executablePath}; set CHROMIUM_PATH`;
const { folder, mammoscope } = await workplace();
const SIDE = 700;

let browser: Browser | undefined;
before(async () => {
  if (skip) return;
  browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  const plane = Float32Array.from({ length: SIDE * SIDE }, (_, i) => {
    const radius = Math.hypot(i % SIDE, Math.floor(i / SIDE) - SIDE / 2);
    return radius < 300 ? 220 - radius / 2 : 20 + (i % 3);
  });
  await writePng8(join(folder, '<b>film & "co".png'), plane, SIDE, SIDE);
  assertDone(await mammoscope(['image', 'explain', '<b>film & "co".png', '--out', 'explained']));
});
after(() => browser?.close());

for (const width of [390, 1000, 1280])
  for (const colorScheme of ['light', 'dark'] as const)
    test(`${width} pixels, ${colorScheme}`, { skip }, async () => {
      const page = await (browser as Browser).newPage({ viewport: { width, height: 900 }, colorScheme });
      const requests: string[] = [];
      page.on('request', (request) => requests.push(request.url()));
      await page.goto(pathToFileURL(join(folder, 'explained', 'explanation.html')).href);
      assert.deepEqual(
        requests.filter((url) => !url.startsWith('data:')).map((url) => url.split('/').at(-1)),
        ['explanation.html'],
      );
      const seen = await page.evaluate(() => {
        const luminance = (colour: string) => {
          const [r = 0, g = 0, b = 0] = (colour.match(/[\d.]+/g) ?? []).map((part) => {
            const share = Number(part) / 255;
            return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
          });
          return 0.2126 * r + 0.7152 * g + 0.0722 * b;
        };
        const paper = luminance(getComputedStyle(document.body).backgroundColor);
        const texts = [...document.querySelectorAll('h1, p, th, td, li, li b, figcaption')];
        const inks = texts.map((text) => luminance(getComputedStyle(text).color));
        const root = document.documentElement;
        return {
          tooWide: root.scrollWidth - root.clientWidth,
          steps: [...document.querySelectorAll('tbody th')].map((cell) => cell.textContent),
          heading: document.querySelector('h1')?.textContent,
          images: [...document.images].map((image) => image.complete && image.naturalWidth > 100),
          contrast: Math.min(...inks.map((ink) => (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05))),
          isDark: paper < 0.2,
        };
      });
      assert.equal(seen.tooWide, 0);
      assert.deepEqual(seen.steps, [...IMAGE_STEPS]);
      assert.equal(seen.heading, '<b>film & "co".png');
      assert.deepEqual(seen.images, [true, true, true]);
      assert.ok(seen.contrast >= 4.5, `contrast ${seen.contrast} (WCAG 2.2, 1.4.3 wants 4.5)`);
      assert.equal(seen.isDark, colorScheme === 'dark');
      await page.close();
    });
