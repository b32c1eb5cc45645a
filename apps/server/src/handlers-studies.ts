/** Answers about the server, its models, studies and analyses. */

import { readFile, rm, stat } from 'node:fs/promises';
import { isAbsolute, join, normalize } from 'node:path';
import { versions } from '@mammoscope/systems';
import { RESULT_FILE } from './analysis/read-study.ts';
import { mediaTypeOf } from './analysis/result.ts';
import { type AnalysisResult, analysisResult } from './api-types.ts';
import { ServerError } from './errors.ts';
import { cookieHeader } from './http/access.ts';
import type { Handlers, RawAnswer } from './http/handlers.ts';
import { LOCAL_USER } from './http/tokens.ts';
import type { LoadedModel } from './models.ts';
import { sendFiles } from './pacs/dicom-web.ts';
import { cancelAnalysis, queueStudy, retryAnalysis } from './queue/analysis-queue.ts';
import { runCases } from './run-cases.ts';
import type { ServerPlace } from './server-place.ts';
import { fileStream } from './storage/file-stream.ts';
import { findAnalysis, listAnalyses } from './studies/analyses.ts';
import { eventStream } from './studies/event-stream.ts';
import { findStudy, listStudies, requireStudy } from './studies/work-list.ts';

type Names =
  | 'session'
  | 'logIn'
  | 'logOut'
  | 'server'
  | 'events'
  | 'models'
  | 'modelReport'
  | 'modelCases'
  | 'studies'
  | 'study'
  | 'removeStudy'
  | 'studyAnalyses'
  | 'analyse'
  | 'analyses'
  | 'analysis'
  | 'cancel'
  | 'retry'
  | 'result'
  | 'resultFile'
  | 'send';

/** The handlers of /api but uploads and PACS. */
export function studyHandlers(place: ServerPlace): Handlers<Names> {
  const { database, access, settings, models } = place;
  const hasTokens = access.tokens !== undefined;
  const everything = { limit: 500, offset: 0 };
  return {
    session: async ({ user }) => ({ json: { user: user.name, role: user.role, groups: [...user.groups], hasTokens } }),
    logIn: async ({ body: { token } }) => {
      const user = hasTokens ? await access.tokens?.userOf(token) : LOCAL_USER;
      if (!user) throw new ServerError('token-missing', 'the token is not known: ask an operator for one');
      const json = { user: user.name, role: user.role, groups: [...user.groups], hasTokens };
      return { json, headers: { 'Set-Cookie': cookieHeader(token, access) } };
    },
    logOut: async () => ({ status: 204, headers: { 'Set-Cookie': cookieHeader('', access) } }),
    server: async () => {
      const { fileBytes, requestBytes, archiveEntries, archiveBytes, frames, uploadSeconds } = settings.limits;
      return {
        json: {
          ...{
            name: 'mammoscope',
            version: versions().mammoscope ?? '',
            notice: 'Not a medical device. For research only.',
          },
          limits: { fileBytes, requestBytes, archiveEntries, archiveBytes, frames, uploadSeconds },
          ...{ pacs: settings.pacs.map(({ name }) => name), settleSeconds: settings.settleSeconds },
        },
      };
    },
    events: async ({ user, query, headers, signal }) => {
      const last = Number(headers['last-event-id']);
      const since = headers['last-event-id'] !== undefined && Number.isSafeInteger(last) ? last : undefined;
      return {
        headers: { 'Content-Type': 'text/event-stream', 'X-Accel-Buffering': 'no' },
        body: eventStream(database, { groups: user.groups, study: query.study, since, signal }),
      };
    },

    models: async () => ({ json: { models: models.map(({ model }) => model) } }),
    modelReport: async ({ params }) => {
      const { folder, model } = modelOf(models, params.model);
      if (model.report === null) throw new ServerError('not-found', `${model.id} has no report: evaluate the run`);
      const headers = {
        'Content-Type': 'text/html; charset=utf-8',
        'Content-Security-Policy': REPORT_POLICY,
        'X-Frame-Options': 'SAMEORIGIN',
      };
      return { headers, body: await readFile(join(folder, 'report.html')) };
    },
    modelCases: async ({ params, user }) => {
      const loaded = modelOf(models, params.model);
      return { json: { model: loaded.model.id, cases: await runCases(database, user.groups, loaded) } };
    },

    studies: async ({ user, query }) => ({ json: await listStudies(database, user.groups, query) }),
    study: async ({ user, params }) => ({ json: await findStudy(database, user.groups, params.study ?? '') }),
    removeStudy: async ({ user, params }) => {
      await removeStudy(place, user.groups, params.study ?? '');
      return { status: 204 };
    },

    studyAnalyses: async ({ user, params }) => {
      await requireStudy(database, user.groups, params.study ?? '');
      return {
        json: { analyses: await listAnalyses(database, user.groups, { study: params.study ?? '', ...everything }) },
      };
    },
    analyse: async ({ user, params, body }) => {
      const study = params.study ?? '';
      await requireStudy(database, user.groups, study);
      await queueStudy(place, study, body);
      return { json: { analyses: await listAnalyses(database, user.groups, { study, ...everything }) } };
    },
    analyses: async ({ user, query }) => ({ json: { analyses: await listAnalyses(database, user.groups, query) } }),
    analysis: async ({ user, params }) => ({ json: await findAnalysis(database, user.groups, params.analysis ?? '') }),
    cancel: async ({ user, params }) => {
      const { id } = await findAnalysis(database, user.groups, params.analysis ?? '');
      await cancelAnalysis(place, id);
      return { json: await findAnalysis(database, user.groups, id) };
    },
    retry: async ({ user, params }) => {
      const { id } = await findAnalysis(database, user.groups, params.analysis ?? '');
      await retryAnalysis(place, id);
      return { json: await findAnalysis(database, user.groups, id) };
    },
    result: async ({ user, params }) => ({ json: await resultOf(place, user.groups, params.analysis ?? '') }),
    resultFile: async ({ user, params }) => resultFile(place, user.groups, params.analysis ?? '', params.path ?? ''),
    send: async ({ user, params, body }) => {
      const pacs = place.pacsOf(body.pacs);
      const { files, analysis } = await resultOf(place, user.groups, params.analysis ?? '');
      const folder = await resultFolder(place, user.groups, analysis);
      const objects = files
        .filter(({ mediaType }) => mediaType === 'application/dicom')
        .map(({ path }) => join(folder, path));
      if (objects.length === 0)
        throw new ServerError(
          'state-invalid',
          `the analysis ${analysis} has no DICOM objects: its model says no place in an image`,
        );
      const sent = await sendFiles(pacs, objects);
      place.log('info', 'results-sent', { analysis, pacs: pacs.name, count: sent.stored.length });
      return { json: { pacs: pacs.name, stored: [...sent.stored], refused: [...sent.refused] } };
    },
  };
}

/** A report has its styles and figures inside, and no script. */
const REPORT_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'";

function modelOf(models: readonly LoadedModel[], id: string | undefined): LoadedModel {
  const found = models.find(({ model }) => model.id === id);
  if (found) return found;
  throw new ServerError('not-found', 'there is no model of that name: /api/models lists them');
}

/** Removes rows first: what a crash leaves are files that nobody finds. */
async function removeStudy(place: ServerPlace, groups: readonly string[], study: string): Promise<void> {
  const { database, storage, images } = place;
  await requireStudy(database, groups, study);
  const analyses = await database.query('select id from analyses where study_uid = $1', [study]);
  await database.query('delete from studies where study_uid = $1', [study]);
  await images.forget(storage.study(study));
  for (const folder of [storage.study(study), ...analyses.map(({ id }) => storage.results(id as string))])
    await rm(folder, { recursive: true, force: true });
}

/** Where the attempt that counts left its files; ServerError 'state-invalid' before there is one. */
async function resultFolder(
  { database, storage }: ServerPlace,
  groups: readonly string[],
  id: string,
): Promise<string> {
  const { state } = await findAnalysis(database, groups, id);
  const [done] = await database.query("select attempt from attempts where analysis_id = $1 and outcome = 'done'", [id]);
  if (done) return storage.attempt(id, done.attempt as number);
  throw new ServerError('state-invalid', `the analysis ${id} is ${state}: it has a result once it is done`);
}

async function resultOf(place: ServerPlace, groups: readonly string[], id: string): Promise<AnalysisResult> {
  const folder = await resultFolder(place, groups, id);
  return analysisResult.parse(JSON.parse(await readFile(join(folder, RESULT_FILE), 'utf8')));
}

async function resultFile(place: ServerPlace, groups: readonly string[], id: string, path: string): Promise<RawAnswer> {
  const folder = await resultFolder(place, groups, id);
  const inside = normalize(path);
  const missing = () => new ServerError('not-found', `the result has no such file: ${RESULT_FILE} lists them`);
  if (isAbsolute(inside) || inside.split(/[\\/]/).includes('..') || inside.includes('\0')) throw missing();
  const file = join(folder, inside);
  const entry = await stat(file).catch(() => undefined);
  if (!entry?.isFile()) throw missing();
  const headers = {
    'Content-Type': mediaTypeOf(inside),
    'Content-Length': String(entry.size),
    'Cache-Control': 'private, max-age=3600',
  };
  return { headers, body: fileStream(file) };
}
