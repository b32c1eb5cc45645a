/** The page under the user's hand while studies and images come in: nothing that is opened, pressed or focused is lost to what arrives meanwhile. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, Page, Route } from 'playwright-core';
import { workplace } from './cli-process.ts';
import { type StartedServer, startServer, upload } from './server-process.ts';
import { drawn, noBrowser, openPage, startBrowser } from './viewer-page.ts';
import { type DrawnImage, drawnFile } from './viewer-study.ts';

/** Longer than the page gathers events, so that what it draws for them is drawn. */
const DRAWN_MS = 900;

const { folder } = await workplace();
let browser: Browser;
let server: StartedServer;

before(async () => {
  if (noBrowser) return;
  browser = await startBrowser();
  server = await startServer(folder, ['--settle-seconds', '600']);
});

after(async () => {
  if (noBrowser) return;
  await browser.close();
  await server.stop();
});

/** An image comes to the server from elsewhere. */
async function arrives(study: number, image: Partial<DrawnImage> = {}): Promise<void> {
  const { name, bytes } = drawnFile({
    ...{
      patient: `p${study}`,
      name: `WOMAN^${study}`,
      study,
      date: '20260101',
      number: 1,
      laterality: 'R',
      view: 'CC',
    },
    ...{ hasOrientation: true, ...image },
  });
  assert.equal((await upload(server, name, bytes)).status, 200);
}

const linkOf = (page: Page, study: number) => page.locator('tbody a', { hasText: `WOMAN, ${study}` });

/** A test of a page that shows the work list with a study in it, and complains of nothing until the end. */
function testOn(name: string, study: number, use: (page: Page) => Promise<void>): void {
  test(name, { skip: noBrowser }, async () => {
    await arrives(study);
    const { page, complaints } = await openPage(browser, `${server.url}/`, { width: 1366, height: 768 });
    await linkOf(page, study).waitFor();
    await use(page);
    assert.deepEqual(complaints, []);
    await page.close();
  });
}

/** Keeps answers of an address back until they are let go. */
async function held(page: Page, address: RegExp) {
  const first = Promise.withResolvers<void>();
  const letGo = Promise.withResolvers<void>();
  await page.route(address, async (route: Route) => {
    const answer = await route.fetch();
    first.resolve();
    await letGo.promise;
    await route.fulfill({ response: answer });
  });
  return { isAsked: first.promise, letGo: letGo.resolve };
}

testOn('a study stays open though the list that was asked for before comes after', 1, async (page) => {
  const list = await held(page, /api\/studies\?/);
  await arrives(2);
  await list.isAsked;
  await linkOf(page, 1).click();
  await drawn(page, 1);
  list.letGo();
  await page.waitForTimeout(DRAWN_MS);
  assert.equal(await page.locator('.pane[data-drawn]').count(), 1);
  assert.equal(await page.locator('.work-list').count(), 0);
});

testOn(
  'a study that is being opened while others change is opened, with the image that came to it meanwhile',
  3,
  async (page) => {
    const study = await held(page, /api\/studies\/1\.2\.3\.3$/);
    await linkOf(page, 3).click();
    await study.isAsked;
    await arrives(4);
    await arrives(3, { number: 2, laterality: 'L' });
    await page.waitForTimeout(DRAWN_MS);
    study.letGo();
    await drawn(page, 2);
  },
);

testOn('a line that is pressed while the list is drawn anew is opened', 5, async (page) => {
  await linkOf(page, 5).hover();
  await page.mouse.down();
  await arrives(6, { date: '20250101' }); // an older study: the line stays where it is
  await linkOf(page, 6).waitFor();
  await page.mouse.up();
  await drawn(page, 1);
});

testOn('a tool that is pressed, by hand or by key, while an image comes to the study is used', 9, async (page) => {
  await linkOf(page, 9).click();
  await drawn(page, 1);
  const invert = page.getByRole('button', { name: 'Invert' });
  const isInverted = async () => (await page.locator('.pane[data-view=RCC]').innerText()).includes('inverted');
  await invert.hover();
  await page.mouse.down();
  await arrives(9, { number: 2, laterality: 'L' });
  await drawn(page, 2);
  await page.mouse.up();
  assert.equal(await isInverted(), true);
  await invert.focus();
  await page.keyboard.down(' ');
  await arrives(9, { number: 3, view: 'MLO' });
  await drawn(page, 3);
  await page.keyboard.up(' ');
  assert.equal(await isInverted(), false);
  // a key that is let go the moment before is another press
  const isKept = await page.evaluate(async () => {
    const [pressed, other] = ['Fit', 'Invert'].map((name) =>
      [...document.querySelectorAll<HTMLElement>('#tools button')].find(({ textContent }) => textContent === name),
    );
    dispatchEvent(new KeyboardEvent('keyup', { key: 'Shift' }));
    pressed?.dispatchEvent(new PointerEvent('pointerdown', { bubbles: true }));
    await new Promise((later) => setTimeout(later, 50));
    other?.click(); // the toolbar is to be drawn anew
    await new Promise((later) => setTimeout(later, 200));
    const is = pressed?.isConnected;
    dispatchEvent(new PointerEvent('pointerup'));
    await new Promise((later) => setTimeout(later, 200));
    return [is, pressed?.isConnected];
  });
  assert.deepEqual(isKept, [true, false]);
});

testOn('the line that has the focus keeps it, wherever the list puts it', 7, async (page) => {
  await linkOf(page, 7).focus();
  await arrives(8, { date: '20270101' }); // a later study: it comes before
  await linkOf(page, 8).waitFor();
  assert.equal(await page.evaluate(() => document.activeElement?.textContent), 'WOMAN, 7');
  const names = await page.locator('tbody a').allInnerTexts();
  assert.equal(names[0], 'WOMAN, 8');
  assert.ok(names.indexOf('WOMAN, 7') > 0);
  const places = await page.locator('tbody td:first-child').allInnerTexts();
  assert.deepEqual(
    places,
    places.map((_, i) => `${i + 1}`),
  );
});
