/** The viewer as a user opens it: the built page on a loopback server without anything behind it, in Debian's Chromium. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, extname, join } from 'node:path';
import { builtPage } from '@mammoscope/viewer/built-page';
import { type Browser, chromium, type Page } from 'playwright-core';

const executablePath = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';

/** Why tests in a browser cannot run here; false where they can. */
export const noBrowser = existsSync(executablePath) ? false : `no Chromium at ${executablePath}; set CHROMIUM_PATH`;

/**
 * A Chromium that draws without a graphics card; no service of its own asks a network. With `webgpu` it has WebGPU, too, by the software driver that
 * it brings (SwiftShader).
 */
export const startBrowser = (webgpu = false): Promise<Browser> =>
  chromium.launch({
    executablePath,
    args: [
      ...['--no-sandbox', '--enable-precise-memory-info'],
      ...(webgpu ? ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader'] : ['--disable-gpu']),
    ],
  });

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.wasm': 'application/wasm',
};

/** The built page on a port of this machine. Only files: local mode needs no more. */
export async function servePage(): Promise<{ readonly url: string; readonly close: () => Promise<void> }> {
  const folder = await builtPage();
  const server = createServer(async (request, response) => {
    const path = new URL(request.url ?? '/', 'http://page').pathname;
    const name = path === '/' ? 'index.html' : path;
    const bytes = await readFile(join(folder, name)).catch(() => null);
    response.writeHead(bytes ? 200 : 404, { 'Content-Type': TYPES[extname(name)] ?? 'text/plain' });
    response.end(bytes ?? 'nothing');
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  const { port } = server.address() as AddressInfo;
  const close = () => new Promise<void>((closed) => server.close(() => closed()));
  return { url: `http://127.0.0.1:${port}/`, close };
}

/** A page that complains of nothing: every error, dialog and request to another place is collected. */
export async function openPage(browser: Browser, url: string, size: { width: number; height: number }) {
  const page = await browser.newPage({ viewport: size });
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.stack ?? error.message));
  page.on('dialog', (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('console', (message) => {
    // a page without a server asks once whether there is one; a machine without a graphics card says so; these tests read canvases
    if (!/404|No available adapters|willReadFrequently/.test(message.text()))
      complaints.push(`console: ${message.text()}`);
  });
  page.on('request', (request) => {
    if (!request.url().startsWith(url) && !/^(blob|data):/.test(request.url()))
      complaints.push(`request: ${request.url()}`);
  });
  await page.goto(url);
  return { page, complaints };
}

/** A file to be dropped. */
export interface Dropped {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Files of this machine. */
export const filesAt = (paths: readonly string[]): Promise<Dropped[]> =>
  Promise.all(paths.map(async (path) => ({ name: basename(path), bytes: await readFile(path) })));

/** Drops files on the page, or on a part of it, as a hand would. */
export async function drop(page: Page, files: readonly Dropped[], target = 'main'): Promise<void> {
  const sent = files.map(({ name, bytes }) => ({ name, text: Buffer.from(bytes).toString('base64') }));
  await page.evaluate(
    async ([dropped, selector]) => {
      const transfer = new DataTransfer();
      for (const { name, text } of dropped) {
        const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
        transfer.items.add(new File([bytes], name));
      }
      document.querySelector(selector)?.dispatchEvent(new DragEvent('drop', { dataTransfer: transfer, bubbles: true }));
    },
    [sent, target] as const,
  );
}

/** Waits until every pane that has an image has drawn it. */
export async function drawn(page: Page, panes: number): Promise<void> {
  await page.waitForFunction((count) => document.querySelectorAll('.pane[data-drawn]').length === count, panes, {
    timeout: 60_000,
  });
  await settled(page);
}

/** Waits until pictures stay as they are. */
export async function settled(page: Page): Promise<void> {
  let before = '';
  for (let i = 0; i < 40; i++) {
    const now = JSON.stringify(
      await page.evaluate(() =>
        [...document.querySelectorAll('.pane')].map((pane) => pane.getAttribute('data-drawn') + pane.textContent),
      ),
    );
    if (now === before) return;
    before = now;
    await page.waitForTimeout(120);
  }
}

/** Grey levels of a pane's canvas, 0 to 255, row by row. */
export interface PanePixels {
  readonly width: number;
  readonly height: number;
  readonly grey: Uint8Array;
}

/** What a pane shows, as its canvas holds it. */
export async function pixelsOf(page: Page, view: string): Promise<PanePixels> {
  const { width, height, text } = await page.evaluate((name) => {
    const canvas = document.querySelector<HTMLCanvasElement>(`.pane[data-view="${name}"] .viewport canvas`);
    const context = canvas?.getContext('2d');
    if (!canvas || !context) throw new RangeError(`no pane ${name}`);
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
    let grey = '';
    for (let at = 0; at < data.length; at += 4) grey += String.fromCharCode(data[at] ?? 0);
    return { width: canvas.width, height: canvas.height, text: btoa(grey) };
  }, view);
  return { width, height, grey: Uint8Array.from(Buffer.from(text, 'base64')) };
}

/** The mean of a box of a pane, given in shares of its sides. */
export function meanOf(
  { width, height, grey }: PanePixels,
  [x1, y1, x2, y2]: readonly [number, number, number, number],
): number {
  let [sum, count] = [0, 0];
  for (let y = Math.floor(y1 * height); y < y2 * height; y++)
    for (let x = Math.floor(x1 * width); x < x2 * width; x++, count++) sum += grey[y * width + x] ?? 0;
  return sum / count;
}

/** The first and last column of a pane with anything brighter than black. */
export function litColumns({ width, height, grey }: PanePixels): readonly [number, number] {
  const lit = Array.from({ length: width }, (_, x) => x).filter((x) => {
    for (let y = 0; y < height; y++) if ((grey[y * width + x] ?? 0) > 24) return true;
    return false;
  });
  return [lit[0] ?? -1, lit.at(-1) ?? -1];
}

/** A folder for screenshots and the like. */
export async function temporaryFolder(): Promise<{ readonly folder: string; readonly remove: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'mammoscope-viewer-'));
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}

/** What a pane says of itself. */
export const labelOf = async (page: Page, view: string): Promise<string> => {
  const label = await page.locator(`.pane[data-view="${view}"]`).first().getAttribute('aria-label');
  assert.ok(label !== null);
  return label;
};
