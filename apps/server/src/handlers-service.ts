/** Answers about the service itself: health, metrics, its description, and the viewer's files. */
import { access, constants, stat } from 'node:fs/promises';
import { extname, join, normalize } from 'node:path';
import { versions } from '@mammoscope/systems';
import { ServerError } from './errors.ts';
import type { Handlers, RawAnswer } from './http/handlers.ts';
import type { Gauge } from './metrics.ts';
import { openApi } from './openapi.ts';
import type { ServerPlace } from './server-place.ts';
import { fileStream } from './storage/file-stream.ts';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.css': 'text/css',
  '.wasm': 'application/wasm',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
  '.onnx': 'application/octet-stream',
};

const PLAIN_PAGE = `<!doctype html><html lang="en"><meta charset="utf-8"><title>mammoscope</title>
<h1>mammoscope</h1><p>The server runs; the viewer is not built. Not a medical device. <a href="/openapi.json">What can be asked</a></p></html>
`;

/** The handlers of what needs no study. */
export function serviceHandlers(
  place: ServerPlace,
): Handlers<'live' | 'ready' | 'metrics' | 'openapi' | 'page' | 'asset'> {
  const { database, storage, settings, metrics } = place;
  const description = openApi(versions().mammoscope ?? '') as { readonly openapi: string };
  return {
    live: async () => ({ json: { status: 'ok', checks: {} } }),
    ready: async () => {
      const said = (work: Promise<unknown>) =>
        work.then(
          () => 'ok',
          () => 'unavailable',
        );
      const checks = {
        database: await said(database.query('select 1')),
        storage: await said(access(storage.incoming, constants.W_OK)),
      };
      const isReady = Object.values(checks).every((state) => state === 'ok');
      return { status: isReady ? 200 : 503, json: { status: isReady ? 'ok' : 'unavailable', checks } };
    },
    metrics: async () => ({
      headers: { 'Content-Type': 'text/plain; version=0.0.4' },
      body: metrics.text(await gauges(place)),
    }),
    openapi: async () => ({ json: description }),
    page: async () =>
      settings.viewer
        ? viewerFile(await settings.viewer(), 'index.html')
        : { headers: { 'Content-Type': 'text/html; charset=utf-8' }, body: PLAIN_PAGE },
    asset: async ({ params }) => viewerFile(await settings.viewer?.(), join('assets', params.path ?? '')),
  };
}

/** A file of the built viewer. Those under assets/ have the digest of their content in their names, and are kept by browsers. */
async function viewerFile(viewer: string | undefined, path: string): Promise<RawAnswer> {
  const inside = normalize(path);
  const missing = () =>
    new ServerError('not-found', 'the viewer has no such file: build it, or look at its address again');
  if (viewer === undefined || inside.startsWith('..') || inside.includes('\0')) throw missing();
  const file = join(viewer, inside);
  const entry = await stat(file).catch(() => undefined);
  if (!entry?.isFile()) throw missing();
  const headers = {
    'Content-Type': TYPES[extname(inside)] ?? 'application/octet-stream',
    'Content-Length': String(entry.size),
    ...(inside.startsWith('assets') && { 'Cache-Control': 'public, max-age=31536000, immutable' }),
  };
  return { headers, body: fileStream(file) };
}

/** What the database knows at this moment. */
async function gauges({ database }: ServerPlace): Promise<readonly Gauge[]> {
  const states = await database.query('select state, count(*)::int as count from analyses group by state');
  const outcomes = await database.query(
    "select coalesce(outcome, 'open') as outcome, count(*)::int as count from attempts group by outcome",
  );
  const [totals] = await database.query(
    `select (select count(*)::int from studies) as studies, (select count(*)::int from instances) as images,
            (select coalesce(sum(bytes), 0)::float8 from instances) as bytes,
            (select coalesce(extract(epoch from now() - min(queued_at)), 0)::float8 from analyses where state = 'queued') as oldest`,
  );
  const one = (name: string, help: string, value: unknown): Gauge => ({
    name,
    help,
    type: 'gauge',
    values: [{ labels: {}, value: Number(value) }],
  });
  return [
    {
      ...{ name: 'mammoscope_analyses', help: 'Analyses by state.', type: 'gauge' },
      values: states.map(({ state, count }) => ({ labels: { state: String(state) }, value: Number(count) })),
    },
    {
      ...{ name: 'mammoscope_attempts_total', help: 'Attempts to analyse, by outcome.', type: 'counter' },
      values: outcomes.map(({ outcome, count }) => ({ labels: { outcome: String(outcome) }, value: Number(count) })),
    },
    one('mammoscope_studies', 'Studies stored.', totals?.studies),
    one('mammoscope_stored_images', 'Images stored.', totals?.images),
    one('mammoscope_stored_bytes', 'Bytes of the images stored.', totals?.bytes),
    one('mammoscope_queue_oldest_seconds', 'How long the oldest queued analysis has waited.', totals?.oldest),
    one('mammoscope_process_resident_bytes', 'Memory of the server process.', process.memoryUsage.rss()),
  ];
}
