/** The server's addresses, as apps/server describes them. */
import type {
  AnalysisList,
  AnalysisResult,
  ApiError,
  ModelList,
  RunCaseList,
  Session,
  Study,
  StudyList,
  UploadReport,
} from '@mammoscope/server/api-types';
import { ask } from '../own-origin.ts';

/** What the page finds behind it. */
export type Found = { readonly kind: 'server'; readonly session: Session } | { readonly kind: 'locked' | 'none' };

/** Whether there is a server, and who asks. A page of files alone is no fault: local mode needs none. */
export async function findServer(): Promise<Found> {
  const answer = await ask('api/session').catch(() => null);
  if (answer?.status === 401) return { kind: 'locked' };
  if (!answer?.ok || !answer.headers.get('Content-Type')?.includes('json')) return { kind: 'none' };
  return { kind: 'server', session: (await answer.json()) as Session };
}

/** Gives a token for a cookie. Error with the server's sentence. */
export async function logIn(token: string): Promise<Session> {
  return post<Session>('api/session', { token });
}

export const readStudies = (): Promise<StudyList> => get('api/studies?order=priority&limit=200');
export const readStudy = (study: string): Promise<Study> => get(`api/studies/${encodeURIComponent(study)}`);
export const readResult = (address: string): Promise<AnalysisResult> => get(address);
export const readModels = (): Promise<ModelList> => get('api/models');
export const readCases = (address: string): Promise<RunCaseList> => get(address);

/** The report of a run as a page of its own. */
export async function readReport(address: string): Promise<string> {
  return (await answered(await ask(address))).text();
}

/** A file of a result. */
export async function readFileOf(address: string): Promise<Blob> {
  return (await answered(await ask(address))).blob();
}

/** Queues a study for all models. */
export const analyse = (study: string): Promise<AnalysisList> =>
  post(`api/studies/${encodeURIComponent(study)}/analyses`, {});

/** Sends a file. Its name stays here: names of files may hold names of people. */
export async function upload(file: File, number: number): Promise<UploadReport> {
  const isArchive = /\.zip$/i.test(file.name);
  const answer = await ask(`api/uploads/file-${number}${isArchive ? '.zip' : '.dcm'}`, {
    method: 'PUT',
    headers: { 'Content-Type': isArchive ? 'application/zip' : 'application/dicom' },
    body: file,
  });
  return (await answered(answer)).json() as Promise<UploadReport>;
}

async function get<Body>(path: string): Promise<Body> {
  return (await answered(await ask(path, { headers: { Accept: 'application/json' } }))).json() as Promise<Body>;
}

async function post<Body>(path: string, body: object): Promise<Body> {
  const headers = { 'Content-Type': 'application/json', Accept: 'application/json' };
  return (
    await answered(await ask(path, { method: 'POST', headers, body: JSON.stringify(body) }))
  ).json() as Promise<Body>;
}

/** Throws the server's own sentence. */
async function answered(answer: Response): Promise<Response> {
  if (answer.ok) return answer;
  const said = (await answer.json().catch(() => null)) as ApiError | null;
  throw new Error(said?.error?.message ?? `the server answered ${answer.status}`);
}
