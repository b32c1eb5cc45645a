/** The viewer on files from disk: hung, toggled, scrolled, measured, judged by a model in the page, and nothing sent anywhere. */
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { assertDone, workplace } from './cli-process.ts';
import { mammogramValues } from './mammogram-object.ts';
import {
  drawn,
  drop,
  filesAt,
  labelOf,
  litColumns,
  meanOf,
  noBrowser,
  openPage,
  type PanePixels,
  pixelsOf,
  servePage,
  settled,
  startBrowser,
} from './viewer-page.ts';
import {
  DETECTOR_MM,
  drawnFile,
  drawnStudy,
  HEIGHT,
  MAGNIFICATION,
  meanModel,
  roundValues,
  WIDTH,
} from './viewer-study.ts';

const VIEWS = ['RCC', 'LCC', 'RMLO', 'LMLO'] as const;
const SIZE = { width: 1366, height: 768 };
/** Between tissue and lesion: the level at which an interpolated edge lies where the pixels meet. */
const EDGE = 167;
const skip = noBrowser;

let browser: Browser;
let url: string;
let close: () => Promise<void>;

before(async () => {
  if (skip) return;
  ({ url, close } = await servePage());
  browser = await startBrowser();
});

after(async () => {
  if (skip) return;
  await browser.close();
  await close();
});

/** A page with the study of a virtual woman on it, the four views drawn. */
async function withWoman(size = SIZE) {
  const { folder, mammoscope } = await workplace();
  const made = [
    'phantom',
    '--out',
    'cohort',
    '--patients',
    '1',
    '--preset',
    'tiny',
    '--format',
    'dicom',
    '--threads',
    '1',
  ];
  assertDone(await mammoscope(made));
  const images = join(folder, 'cohort/images/woman-0001');
  const opened = await openPage(browser, url, size);
  await drop(opened.page, await filesAt((await readdir(images)).map((name) => join(images, name))));
  await opened.page.getByText('8 images opened').waitFor({ state: 'attached' });
  await drawn(opened.page, 4);
  return opened;
}

/** Whether a pane's tissue is at its right edge (right breasts) or left edge, and the air at the other. */
function assertBackToBack(pixels: PanePixels, view: string): void {
  const wall = meanOf(pixels, view.startsWith('R') ? [0.9, 0.35, 1, 0.65] : [0, 0.35, 0.1, 0.65]);
  const air = meanOf(pixels, view.startsWith('R') ? [0, 0.05, 0.03, 0.15] : [0.97, 0.05, 1, 0.15]);
  assert.ok(wall > 40, `${view}: ${wall} at the chest wall`);
  assert.ok(air < 3, `${view}: ${air} in the air`);
  const [first, last] = litColumns(pixels);
  if (view.startsWith('R')) assert.ok(last >= pixels.width - 2, `${view} ends at ${last} of ${pixels.width}`);
  else assert.ok(first <= 1, `${view} begins at ${first}`);
}

test('a study that is dropped hangs back to back, chest walls at the inner edges, all of one size', {
  skip,
}, async () => {
  const { page, complaints } = await withWoman();
  for (const view of VIEWS) {
    assert.match(await labelOf(page, view), new RegExp(`^${view[0]} ${view.slice(1)}, mammogram$`));
    assertBackToBack(await pixelsOf(page, view), view);
  }
  const zooms = await page.locator('.pane .bottom-left').allInnerTexts();
  assert.equal(new Set(zooms.map((text) => /zoom \d+ %/.exec(text)?.[0])).size, 1, zooms.join(' | '));
  // beside each other on a wide screen, in the order of the protocol
  const lefts = await Promise.all(
    VIEWS.map(async (view) => (await page.locator(`.pane[data-view="${view}"]`).boundingBox())?.x ?? 0),
  );
  assert.deepEqual(
    lefts,
    [...lefts].sort((a, b) => a - b),
  );
  await scrolls(page);
  await greys(page);
  assert.equal(await page.title(), 'mammoscope');
  assert.match(new URL(page.url()).hash, /^#\/study\/local-1$/);
  assert.deepEqual(complaints, []);
  await page.close();
});

/** Mammogram and tomosynthesis in place; slices by key, wheel and bar. */
async function scrolls(page: Page): Promise<void> {
  const before = await pixelsOf(page, 'RCC');
  await page.keyboard.press('d');
  await page.waitForFunction(() =>
    document.querySelector('[data-view=RCC]')?.getAttribute('aria-label')?.includes('slice 8 of 15'),
  );
  await settled(page);
  assert.match(await labelOf(page, 'RCC'), /^R CC, tomosynthesis, slice 8 of 15$/);
  const middle = await pixelsOf(page, 'RCC');
  assertBackToBack(middle, 'RCC');
  const [first] = litColumns(before);
  assert.ok(Math.abs((litColumns(middle)[0] ?? 0) - first) < 12, 'the tomosynthesis has the size of the mammogram');
  assert.ok(!Buffer.from(middle.grey).equals(Buffer.from(before.grey)), 'another image is shown');
  await page.keyboard.press('ArrowDown');
  await settled(page);
  assert.match(await labelOf(page, 'RCC'), /slice 9 of 15/);
  assert.ok(
    !Buffer.from((await pixelsOf(page, 'RCC')).grey).equals(Buffer.from(middle.grey)),
    'another slice is shown',
  );
  await page.locator('[data-view=RCC]').hover();
  await page.mouse.wheel(0, 100);
  await page.keyboard.press('PageUp');
  await settled(page);
  assert.match(await labelOf(page, 'RCC'), /slice 1 of 15/);
  const bar = page.locator('[data-view=RCC] .slice-bar');
  assert.equal(await bar.getAttribute('aria-valuenow'), '1');
  const box = await bar.boundingBox();
  assert.ok(box);
  await page.mouse.click(box.x + 5, box.y + box.height * 0.99);
  await settled(page);
  assert.match(await labelOf(page, 'RCC'), /slice 15 of 15/);
  await page.keyboard.press('b');
  await settled(page);
  assert.match(await labelOf(page, 'RCC'), /slab of 3/);
  await page.keyboard.press(' ');
  await page.waitForFunction(
    () => !document.querySelector('[data-view=RCC]')?.getAttribute('aria-label')?.includes('slice 15'),
  );
  await page.keyboard.press(' ');
  await page.keyboard.press('d');
  await settled(page);
  const again = await pixelsOf(page, 'RCC');
  assert.ok(Buffer.from(again.grey).equals(Buffer.from(before.grey)), 'toggled there and back nothing changed');
}

/** Inverted, brighter, and the window of the file again; the keys are listed. */
async function greys(page: Page): Promise<void> {
  const before = await pixelsOf(page, 'LMLO');
  await page.keyboard.press('i');
  await settled(page);
  await page.waitForTimeout(200);
  const inverted = await pixelsOf(page, 'LMLO');
  const tissue = [0.1, 0.4, 0.4, 0.6] as const;
  assert.ok(Math.abs(meanOf(before, tissue) + meanOf(inverted, tissue) - 255) < 2, 'levels are turned round');
  await page.keyboard.press('i');
  await page.keyboard.press('.');
  await page.waitForTimeout(200);
  assert.ok(meanOf(await pixelsOf(page, 'LMLO'), tissue) > meanOf(before, tissue) + 10, 'brighter');
  await page.keyboard.press('r');
  await page.keyboard.press('?');
  const dialog = page.locator('dialog.keys');
  assert.match(await dialog.innerText(), /Next finding/);
  await page.keyboard.press('?');
  await dialog.waitFor({ state: 'detached' });
  assert.match(await page.locator('.notice').innerText(), /Research only; not a medical device/);
}

/** The box of what is brighter than a level, in pixels of a pane. */
function brightBox({ width, height, grey }: PanePixels, level: number) {
  let [x1, y1, x2, y2] = [width, height, 0, 0];
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      if ((grey[y * width + x] ?? 0) < level) continue;
      [x1, y1, x2, y2] = [Math.min(x1, x), Math.min(y1, y), Math.max(x2, x + 1), Math.max(y2, y + 1)];
    }
  return { x1, y1, x2, y2 };
}

for (const size of [SIZE, { width: 2048, height: 2560 }])
  test(`the page fits a display of ${size.width} x ${size.height}: nothing is cut, the images have the room`, {
    skip,
  }, async () => {
    const { page, complaints } = await openPage(browser, url, size);
    await drop(page, drawnStudy(9, '20260101', { hasOrientation: true }));
    await drawn(page, 4);
    const boxes = await Promise.all(VIEWS.map((view) => page.locator(`.pane[data-view=${view}]`).boundingBox()));
    assert.equal(new Set(boxes.map((box) => box?.y)).size, size.width > size.height ? 1 : 2, 'rows of panes');
    for (const key of ['1', '2', '4']) {
      await page.keyboard.press(key);
      await drawn(page, key === '4' ? 4 : Number(key));
      await assertUndistorted(page);
    }
    const area = boxes.reduce((sum, box) => sum + (box?.width ?? 0) * (box?.height ?? 0), 0);
    assert.ok(area > 0.7 * size.width * size.height, `panes have ${area} of the pixels`);
    const cut = await page.evaluate(() =>
      [...document.querySelectorAll('header, header *, .panel, .panel button, .corner')]
        .filter((each) => {
          const { left, right, top, bottom } = each.getBoundingClientRect();
          return left < 0 || top < 0 || right > innerWidth + 0.5 || bottom > innerHeight + 0.5;
        })
        .map((each) => each.textContent),
    );
    assert.deepEqual(cut, []);
    const [tools, notice] = await Promise.all(['#tools', '.notice'].map((each) => page.locator(each).boundingBox()));
    assert.ok(tools && notice && tools.x + tools.width <= notice.x, 'the notice is beside the tools');
    // whoever wants to look at the pages names a folder
    const folder = process.env.MAMMOSCOPE_SCREENSHOTS;
    if (folder) await page.screenshot({ path: join(folder, `viewer-${size.width}x${size.height}.png`) });
    assert.deepEqual(complaints, []);
    await page.close();
  });

/** Texts whose contrast with what is behind them is less than 4.5 to 1 (WCAG 2.2, 1.4.3). */
const faint = (page: Page): Promise<string[]> =>
  page.evaluate(() => {
    const parts = (colour: string) => (colour.match(/[\d.]+/g) ?? []).map(Number);
    const luminance = (colour: readonly number[]) => {
      const [red = 0, green = 0, blue = 0] = colour.map((byte) =>
        byte / 255 <= 0.04045 ? byte / 255 / 12.92 : ((byte / 255 + 0.055) / 1.055) ** 2.4,
      );
      return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    };
    const behind = (element: Element | null): readonly number[] => {
      const [red = 0, green = 0, blue = 0, alpha = 1] = element ? parts(getComputedStyle(element).backgroundColor) : [];
      return alpha > 0 || !element ? [red, green, blue] : behind(element.parentElement);
    };
    return [...document.querySelectorAll('header *, .panel *, .pane *')]
      .filter((each) =>
        [...each.childNodes].some(({ nodeType, data }: Node & { data?: string }) => nodeType === 3 && data?.trim()),
      )
      .filter((each) => {
        const [a, b] = [luminance(parts(getComputedStyle(each).color)), luminance(behind(each))].sort((x, y) => y - x);
        return ((a ?? 0) + 0.05) / ((b ?? 0) + 0.05) < 4.5;
      })
      .map((each) => `${each.className}: ${each.textContent}`);
  });

test('everything is reached without a mouse, and says what it is', { skip }, async () => {
  const { page, complaints } = await openPage(browser, url, SIZE);
  await drop(page, drawnStudy(10, '20260101', { hasOrientation: true, frames: 3 }));
  await drawn(page, 4);
  const reached: string[] = [];
  for (let i = 0; i < 60; i++) {
    await page.keyboard.press('Tab');
    const name = await page.evaluate(() => {
      const { activeElement: at } = document;
      return at?.getAttribute('aria-label') ?? at?.textContent ?? '';
    });
    if (name === reached[0]) break;
    reached.push(name);
  }
  for (const wanted of [
    /^Four$/,
    /^Measure$/,
    /^R CC, tomosynthesis, slice 2 of 3$/,
    /^slice$/,
    /^L MLO, tomosynthesis/,
    /^Model in this page$/,
  ])
    assert.ok(
      reached.some((name) => wanted.test(name)),
      `${wanted} in ${reached.join(' | ')}`,
    );
  assert.ok(
    reached.every((name) => name.trim() !== ''),
    reached.join(' | '),
  );
  assert.deepEqual(await faint(page), []);
  const bar = page.getByRole('slider', { name: 'slice' }).first();
  await bar.focus();
  await page.keyboard.press('ArrowUp');
  await settled(page);
  assert.equal(await bar.getAttribute('aria-valuetext'), 'slice 1 of 3');
  assert.deepEqual(complaints, []);
  await page.close();
});

test('a distance is measured in mm of the breast, with mouse and keyboard; true size is true', { skip }, async () => {
  const lesion = [10, 68, 50, 92] as const;
  const { page, complaints } = await openPage(browser, url, SIZE);
  await drop(
    page,
    drawnStudy(1, '20260101', { lesion, hasOrientation: true }).filter((_, i) => i >= 2),
  );
  await drawn(page, 2);
  const spacing = DETECTOR_MM / MAGNIFICATION;
  const { x1, y1, x2, y2 } = brightBox(await pixelsOf(page, 'LCC'), EDGE);
  const pane = await page.locator('.pane[data-view=LCC]').boundingBox();
  assert.ok(pane);
  await page.keyboard.press('m');
  await page.mouse.move(pane.x + x1, pane.y + (y1 + y2) / 2);
  await page.mouse.down();
  await page.mouse.move(pane.x + x2, pane.y + (y1 + y2) / 2, { steps: 4 });
  await page.mouse.up();
  const text = await page.locator('.pane[data-view=LCC] .ruler text').innerHTML();
  const pixelMm = ((lesion[2] - lesion[0]) * spacing) / (x2 - x1);
  assert.match(text, / mm \(÷ 1\.25\)$/);
  assert.ok(Math.abs(Number.parseFloat(text) - (lesion[2] - lesion[0]) * spacing) < pixelMm + 0.05, text);
  // by keyboard: ten steps of ten pixels to the right
  await page.keyboard.press('Delete');
  await page.keyboard.press('Enter');
  for (let i = 0; i < 10; i++) await page.keyboard.press('Shift+ArrowRight');
  await page.keyboard.press('Enter');
  const typed = await page.locator('.pane[data-view=LCC] .ruler text').innerHTML();
  assert.ok(
    Math.abs(Number.parseFloat(typed) - 100 * pixelMm) < 0.06 + 0.01 * 100 * pixelMm,
    `${typed} for ${100 * pixelMm}`,
  );
  assert.match(await page.locator('#live').innerText(), /mm/);
  // a nominal CSS pixel is 1/96 inch
  await page.keyboard.press('t');
  await page.waitForTimeout(400);
  const shown = brightBox(await pixelsOf(page, 'LCC'), EDGE);
  assert.ok(
    Math.abs((shown.x2 - shown.x1) * (25.4 / 96) - (lesion[2] - lesion[0]) * spacing) < 0.8,
    JSON.stringify(shown),
  );
  assert.deepEqual(complaints, []);
  await page.close();
});

test('a model in the page judges places, its findings are gone through and hidden, and where it looked is drawn', {
  skip,
}, async () => {
  const [side, cutoff] = [32, 0.3];
  const lesion = [24, 70, 40, 86] as const;
  const study = drawnStudy(2, '20260101', { lesion, frames: 5, hasOrientation: true }).filter((_, i) => i >= 2);
  const { page, complaints } = await openPage(browser, url, SIZE);
  await drop(page, [...study, meanModel(side, cutoff)]);
  await drawn(page, 2);
  await page.getByText('kang2021 on wasm').waitFor();
  const { x1, y1, x2, y2 } = brightBox(await pixelsOf(page, 'LCC'), EDGE);
  const pane = page.locator('.pane[data-view=LCC]');
  await pane.dblclick({ position: { x: (x1 + x2) / 2, y: (y1 + y2) / 2 } });
  await page.locator('.mark.finding').waitFor();
  // the mean of the square by a plain loop over the values that were written, which have no window: 0 to 4095
  const values = mammogramValues({ width: WIDTH, height: HEIGHT, lesion, brighter: 10, frames: 5 });
  let sum = 0;
  for (let y = 0; y < side; y++)
    for (let x = 0; x < side; x++)
      sum += values[
        2 * WIDTH * HEIGHT + (lesion[1] + 8 - side / 2 + y) * WIDTH + lesion[0] + 8 - side / 2 + x
      ] as number;
  const expected = sum / side ** 2 / 4095;
  const label = await page.locator('.mark.finding text').innerHTML();
  assert.match(label, /^malignant /);
  assert.ok(
    Math.abs(Number.parseFloat(label.slice('malignant '.length)) / 100 - expected) < 0.01,
    `${label} for ${expected}`,
  );
  assert.match(await page.locator('.reading').innerText(), /at or above the cut-off of 30\.0 %/);
  assert.equal(await pane.locator('.slice-bar').getAttribute('data-marks'), '2');
  await page.getByRole('button', { name: 'Where it looked' }).click();
  await pane.locator('.overlay image').waitFor({ state: 'attached' });
  await page.keyboard.press('h');
  assert.equal(await page.locator('.mark, .overlay image').count(), 0);
  await pane.focus();
  await page.keyboard.press('Home');
  await settled(page);
  assert.match(await labelOf(page, 'LCC'), /slice 1 of 5/);
  await page.keyboard.press('n');
  await settled(page);
  assert.match(await labelOf(page, 'LCC'), /slice 3 of 5/);
  assert.equal(await page.locator('.mark.chosen').count(), 1);
  assert.match(await page.locator('#live').innerText(), /^Finding 1 of 1: malignant/);
  assert.deepEqual(complaints, []);
  await page.close();
});

/** Every canvas has a pixel for each of its pane's, so that a breast is as wide and as high as it is. */
async function assertUndistorted(page: Page): Promise<void> {
  const sides = await page.locator('.pane .viewport').evaluateAll((all) =>
    all.map((each) => {
      const { width = 0, height = 0 } = each.querySelector('canvas') ?? {};
      return [width - each.clientWidth, height - each.clientHeight];
    }),
  );
  assert.ok(
    sides.flat().every((difference) => Math.abs(difference) <= 1),
    JSON.stringify(sides),
  );
}

test('names are text, what cannot be hung says why, a damaged file is named, and the prior hangs below', {
  skip,
}, async () => {
  const script = '<script>alert(1)</script>^<b>bold';
  const description = '<img src=x onerror=alert(2)>';
  const files = [
    ...drawnStudy(3, '20260101', { name: script, description }),
    ...drawnStudy(4, '20240101', { name: script }),
    drawnFile({ patient: 'drawn', study: 3, date: '20260101', number: 9, values: roundValues() }),
    { name: 'cut.dcm', bytes: (drawnStudy(5, '20260101')[0]?.bytes ?? new Uint8Array()).subarray(0, 700) },
    { name: 'letter.pdf', bytes: Buffer.from('%PDF-1.4') },
    { name: 'none.onnx', bytes: Buffer.from('%PDF-1.4, no model') },
  ];
  const { page, complaints } = await openPage(browser, url, SIZE);
  await drop(page, files);
  await page.locator('.faults li').nth(2).waitFor();
  const refused = await page.locator('.faults li').allInnerTexts();
  assert.equal(refused.length, 3, refused.join('\n'));
  assert.match(refused.join('\n'), /none\.onnx: this is no ONNX file/);
  assert.match(refused.join('\n'), /cut\.dcm is cut or damaged/);
  assert.match(refused.join('\n'), /letter\.pdf is no DICOM file/);
  assert.equal(await page.locator('img[src=x]').count(), 0);
  const links = page.locator('tbody a');
  assert.match(await links.first().innerText(), /<script>alert\(1\)<\/script>, <b>bold/);
  await links.first().click();
  await drawn(page, 4);
  await page.keyboard.press('5');
  await drawn(page, 8);
  assert.equal(await page.locator('.pane[data-prior]').count(), 4);
  await assertUndistorted(page);
  await page.keyboard.press('1');
  await drawn(page, 1);
  await page.getByText(/^Images \(/).click();
  await page.getByRole('button', { name: /unknown view/ }).click();
  await page.getByText(/^Not hung: the chest wall is unknown/).waitFor();
  assert.equal(await page.title(), 'mammoscope');
  assert.deepEqual(complaints, []);
  await page.close();
});

test('a run that is dropped has its report, and its cases with the most wrong first lead to their images', {
  skip,
}, async () => {
  const [, , image] = drawnStudy(6, '20260101');
  assert.ok(image);
  const volume = drawnFile({
    ...{ patient: 'drawn', study: 6, date: '20260101', number: 9, laterality: 'L', view: 'CC', frames: 5 },
  });
  const table = [
    'patient_id,path,label,score,decision',
    `drawn,films/${image.name},malignant,0.1,benign`,
    `drawn,films/${volume.name},benign,0.6,malignant`,
    'third,films/c.dcm,malignant,0.95,malignant',
  ].join('\n');
  const { page, complaints } = await openPage(browser, url, SIZE);
  await drop(page, [
    image,
    volume,
    { name: 'predictions.csv', bytes: Buffer.from(table) },
    { name: 'metrics.json', bytes: Buffer.from('{"classes":["benign","malignant"]}') },
    { name: 'report.html', bytes: Buffer.from('<!doctype html><title>r</title><h1>The report</h1>') },
  ]);
  await page.getByRole('link', { name: 'run', exact: true }).click();
  const rows = page.locator('.run-page tbody tr');
  await rows.first().waitFor();
  assert.deepEqual(await rows.locator('td:nth-child(2)').allInnerTexts(), ['90.0 %', '60.0 %', '5.0 %']);
  assert.equal(await page.frameLocator('iframe').locator('h1').innerText(), 'The report');
  await rows.getByRole('link').first().click();
  await drawn(page, 1);
  assert.match(await labelOf(page, 'LCC'), /^L CC, mammogram/);
  await page.goBack();
  // behind the mammogram, seen through its own window though nobody looked at it before
  await rows.getByRole('link').nth(1).click();
  await drawn(page, 1);
  assert.match(await labelOf(page, 'LCC'), /^L CC, tomosynthesis, slice 3 of 5/);
  assertBackToBack(await pixelsOf(page, 'LCC'), 'LCC');
  assert.deepEqual(complaints, []);
  await page.close();
});
