/** Every address of the server: what it is for, who may ask, what it takes and gives. The OpenAPI description and the router are made of it. */
import * as z from 'zod';
import {
  analysis,
  analysisList,
  analysisRequest,
  analysisResult,
  health,
  modelList,
  pacsStudyList,
  type Role,
  runCaseList,
  sendReport,
  sendRequest,
  serverInfo,
  session,
  sessionRequest,
  study,
  studyList,
  uploadReport,
} from './api-types.ts';

/** One address. */
export interface ApiRoute {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** `{name}` is one part of the path, `{name+}` the rest of it. */
  readonly path: string;
  readonly summary: string;
  /** The least role that may ask; 'anybody' without a token. */
  readonly role: Role | 'anybody';
  readonly query?: z.ZodObject | undefined;
  /** A JSON body, or the media types that the handler reads from the stream. */
  readonly body?: z.ZodType | readonly string[];
  /** A JSON answer, or the media types of another. */
  readonly answer: z.ZodType | readonly string[];
  readonly status?: number;
}

const DICOM_JSON = ['application/dicom+json'] as const;
const FRAMES = ['multipart/related; type="application/octet-stream"'] as const;
const INSTANCES = ['multipart/related; type="application/dicom"'] as const;
const PICTURES = ['image/png', 'image/jpeg'] as const;

const paging = {
  limit: z.coerce.number().int().min(1).max(500).default(50),
  offset: z.coerce.number().int().min(0).default(0),
};
const qido = z.looseObject({ limit: paging.limit, offset: paging.offset });
const rendered = z.object({
  /** "center,width,function" (PS3.18 8.3.5.1.4); as the image says unless given. */
  window: z
    .string()
    .regex(/^-?[\d.]+,[\d.]+(,(linear|linear-exact|sigmoid))?$/)
    .optional(),
  /** "width,height": a picture no larger than that. */
  viewport: z
    .string()
    .regex(/^\d{1,5},\d{1,5}$/)
    .optional(),
  quality: z.coerce.number().int().min(1).max(100).optional(),
});

const route = <const R extends ApiRoute>(of: R): R => of;
const get = <const A extends ApiRoute['answer'], Q extends z.ZodObject | undefined = undefined>(
  path: string,
  summary: string,
  answer: A,
  { role = 'reader', query }: { readonly role?: ApiRoute['role']; readonly query?: Q } = {},
) => ({ method: 'GET' as const, path, summary, role, answer, query: query as Q });

const WADO = '/dicomweb/studies/{study}';
const SERIES = `${WADO}/series/{series}`;
const INSTANCE = `${SERIES}/instances/{instance}`;

export const API_ROUTES = {
  live: get('/health/live', 'The process answers', health, { role: 'anybody' }),
  ready: get('/health/ready', 'Database and storage can be used; 503 where not', health, { role: 'anybody' }),
  metrics: get('/metrics', 'Counts and times for Prometheus', ['text/plain; version=0.0.4'], { role: 'operator' }),
  openapi: get('/openapi.json', 'This description', z.looseObject({ openapi: z.string() }), { role: 'anybody' }),
  page: get('/', 'The viewer', ['text/html'], { role: 'anybody' }),
  asset: get('/assets/{path+}', 'Files of the viewer', ['application/octet-stream'], { role: 'anybody' }),

  session: get('/api/session', 'Who asks; 401 without a token where one is needed', session),
  logIn: route({
    ...{ method: 'POST', path: '/api/session', summary: 'Gives a cookie for a token', role: 'anybody' },
    ...{ body: sessionRequest, answer: session },
  }),
  logOut: route({
    ...{ method: 'DELETE', path: '/api/session', summary: 'Takes the cookie away', role: 'anybody' },
    ...{ answer: [], status: 204 },
  }),
  server: get('/api/server', 'Version, limits, names of PACS', serverInfo),
  events: get('/api/events', 'Server-sent events: studies that come and analyses that go on', ['text/event-stream'], {
    query: z.object({ study: z.string().optional() }),
  }),

  models: get('/api/models', 'The runs that read studies', modelList),
  modelReport: get('/api/models/{model}/report', "The run's report", ['text/html']),
  modelCases: get('/api/models/{model}/cases', 'Cases of its evaluation, the most wrong first', runCaseList),

  studies: get('/api/studies', 'The work list', studyList, {
    query: z.object({
      ...paging,
      /** Words of the patient's name or identifier, the description or the accession number. */
      search: z.string().max(200).optional(),
      state: z.enum(['queued', 'running', 'done', 'failed', 'cancelled', 'none']).optional(),
      order: z.enum(['priority', 'received', 'date']).default('priority'),
    }),
  }),
  study: get('/api/studies/{study}', 'A study with its images, analyses and priors', study),
  removeStudy: route({
    ...{
      method: 'DELETE',
      path: '/api/studies/{study}',
      summary: 'Removes a study, its images and results',
      role: 'operator',
    },
    ...{ answer: [], status: 204 },
  }),
  upload: route({
    ...{ method: 'POST', path: '/api/uploads', summary: 'DICOM files and ZIP archives of them', role: 'operator' },
    body: ['multipart/form-data', 'application/dicom', 'application/zip', 'application/octet-stream'],
    answer: uploadReport,
  }),
  uploadFile: route({
    ...{ method: 'PUT', path: '/api/uploads/{name}', summary: 'One file, DICOM or ZIP, as the body', role: 'operator' },
    ...{ body: ['application/dicom', 'application/zip', 'application/octet-stream'], answer: uploadReport },
  }),

  studyAnalyses: get('/api/studies/{study}/analyses', 'Analyses of a study', analysisList),
  analyse: route({
    ...{
      method: 'POST',
      path: '/api/studies/{study}/analyses',
      summary: 'Queues a study for models',
      role: 'operator',
    },
    ...{ body: analysisRequest, answer: analysisList },
  }),
  analyses: get('/api/analyses', 'Analyses, the latest first', analysisList, {
    query: z.object({ ...paging, state: z.enum(['queued', 'running', 'done', 'failed', 'cancelled']).optional() }),
  }),
  analysis: get('/api/analyses/{analysis}', 'An analysis', analysis),
  cancel: route({
    ...{ method: 'POST', path: '/api/analyses/{analysis}/cancel', summary: 'Ends an analysis', role: 'operator' },
    answer: analysis,
  }),
  retry: route({
    ...{
      method: 'POST',
      path: '/api/analyses/{analysis}/retry',
      summary: 'Queues a failed or cancelled one again',
      role: 'operator',
    },
    answer: analysis,
  }),
  result: get('/api/analyses/{analysis}/result', 'What the model says', analysisResult),
  resultFile: get(
    '/api/analyses/{analysis}/files/{path+}',
    'A file of the result: JSON, CSV, pictures, DICOM objects',
    ['application/json', 'text/csv', 'image/png', 'application/dicom'],
  ),
  send: route({
    ...{
      method: 'POST',
      path: '/api/analyses/{analysis}/send',
      summary: 'Sends SR and SEG to a PACS (STOW-RS)',
      role: 'operator',
    },
    ...{ body: sendRequest, answer: sendReport },
  }),

  pacsStudies: get('/api/pacs/{pacs}/studies', 'Studies of a PACS (QIDO-RS)', pacsStudyList, {
    role: 'operator',
    query: z.object({
      patientId: z.string().max(64).optional(),
      patientName: z.string().max(64).optional(),
      accessionNumber: z.string().max(16).optional(),
      /** YYYYMMDD or a range "from-to". */
      date: z
        .string()
        .regex(/^\d{8}(-\d{8})?$/)
        .optional(),
      limit: paging.limit,
    }),
  }),
  pacsFetch: route({
    method: 'POST',
    path: '/api/pacs/{pacs}/studies/{study}/fetch',
    summary: 'Fetches a study from a PACS (WADO-RS)',
    ...{ role: 'operator', answer: uploadReport },
  }),

  qidoStudies: get('/dicomweb/studies', 'QIDO-RS: studies', DICOM_JSON, { query: qido }),
  qidoSeries: get(`${WADO}/series`, 'QIDO-RS: series of a study', DICOM_JSON, { query: qido }),
  qidoInstances: get(`${SERIES}/instances`, 'QIDO-RS: images of a series', DICOM_JSON, { query: qido }),
  qidoStudyInstances: get(`${WADO}/instances`, 'QIDO-RS: images of a study', DICOM_JSON, { query: qido }),
  wadoStudy: get(WADO, 'WADO-RS: a study', INSTANCES),
  wadoSeries: get(SERIES, 'WADO-RS: a series', INSTANCES),
  wadoInstance: get(INSTANCE, 'WADO-RS: an image as it was stored', INSTANCES),
  wadoStudyMetadata: get(`${WADO}/metadata`, 'WADO-RS: attributes of the images of a study', DICOM_JSON),
  wadoSeriesMetadata: get(`${SERIES}/metadata`, 'WADO-RS: attributes of the images of a series', DICOM_JSON),
  wadoInstanceMetadata: get(`${INSTANCE}/metadata`, 'WADO-RS: attributes of an image', DICOM_JSON),
  wadoRendered: get(
    `${INSTANCE}/rendered`,
    'WADO-RS: a picture of the image, of a tomosynthesis of its middle slice',
    PICTURES,
    {
      query: rendered,
    },
  ),
  wadoFrames: get(
    `${INSTANCE}/frames/{frames}`,
    'WADO-RS: frames by number from 1, "1,2,5": as stored with transfer-syntax=* in Accept, else little-endian',
    FRAMES,
  ),
  wadoFrameRendered: get(`${INSTANCE}/frames/{frames}/rendered`, 'WADO-RS: a picture of a frame', PICTURES, {
    query: rendered,
  }),
  stow: route({
    ...{ method: 'POST', path: '/dicomweb/studies', summary: 'STOW-RS: stores images', role: 'operator' },
    ...{ body: INSTANCES, answer: DICOM_JSON },
  }),
  stowStudy: route({
    ...{ method: 'POST', path: WADO, summary: 'STOW-RS: stores images of one study', role: 'operator' },
    ...{ body: INSTANCES, answer: DICOM_JSON },
  }),
} as const satisfies Readonly<Record<string, ApiRoute>>;

/** Name of an address, the operationId of OpenAPI. */
export type RouteName = keyof typeof API_ROUTES;
