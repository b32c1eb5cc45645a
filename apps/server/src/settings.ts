/** What serve is told, and the rules of it. */
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { ServerError } from './errors.ts';

/** What an upload may be. */
export interface UploadLimits {
  readonly fileBytes: number;
  readonly requestBytes: number;
  readonly archiveEntries: number;
  /** Of all files of an archive, inflated. */
  readonly archiveBytes: number;
  /** Inflated bytes a compressed byte: images with much air reach 60. */
  readonly archiveRatio: number;
  readonly frames: number;
  readonly pixels: number;
  readonly uploadSeconds: number;
}

export const UPLOAD_LIMITS: UploadLimits = {
  fileBytes: 2 ** 30,
  requestBytes: 2_000_000_000,
  archiveEntries: 10_000,
  archiveBytes: 4 * 2 ** 30,
  archiveRatio: 200,
  frames: 500,
  pixels: 2 ** 27,
  uploadSeconds: 600,
};

/** A PACS with DICOMweb. */
export interface PacsAddress {
  readonly name: string;
  /** Without a slash at the end. */
  readonly url: string;
  /** Value of the header Authorization. */
  readonly authorization?: string;
}

/** Where DICOM C-STORE is taken. */
export interface DimseSettings {
  readonly port: number;
  readonly aeTitle: string;
  /** AE titles that may send; all where none is named, which is allowed on loopback only. */
  readonly callers: readonly string[];
}

/** TLS as PEM. */
export interface TlsFiles {
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** What every process of the server must know: where things are, and which runs there are. */
export interface WorkSettings {
  /** Folder of studies and results, and of the embedded database. */
  readonly data: string;
  /** PostgreSQL; the embedded database where it is not given. */
  readonly databaseUrl?: string;
  /** Run folders, absolute. */
  readonly runs: readonly string[];
  readonly workers: number;
  readonly threads?: number;
  /** What an analysis may take. */
  readonly analysisSeconds: number;
  /** Seconds without a sign of life after which an analysis is begun again by another worker; 10 or more. */
  readonly heartbeatSeconds: number;
  readonly institution: string;
  readonly department: string;
  readonly station: string;
}

/** A server. */
export interface ServerSettings extends WorkSettings {
  readonly host: string;
  readonly port: number;
  readonly tls?: TlsFiles;
  /** File of tokens that `serve token` writes. */
  readonly tokens?: string;
  /** Folder whose new files are taken. */
  readonly watch?: string;
  readonly dimse?: DimseSettings;
  readonly pacs: readonly PacsAddress[];
  /** Group of studies that come without a user: by folder, C-STORE. */
  readonly group: string;
  readonly settleSeconds: number;
  readonly limits: UploadLimits;
  /** Brings the folder of the viewer when the page is first asked for, built if need be; a plain page where nothing is given. */
  readonly viewer?: () => Promise<string>;
}

/** Whether an address is this machine's own. */
export function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, '');
  return bare === 'localhost' || bare === '::1' || (isIP(bare) === 4 && bare.startsWith('127.'));
}

/** ServerError 'binding-refused' where the server would be reached from outside without tokens and TLS, or DIMSE from anybody. */
export function checkBinding({ host, tokens, tls, dimse }: ServerSettings): void {
  if (isLoopback(host)) return;
  const missing = [
    ...(tokens === undefined ? ['tokens (--tokens)'] : []),
    ...(tls === undefined ? ['a certificate and key (--tls-cert, --tls-key)'] : []),
    ...(dimse && dimse.callers.length === 0 ? ['the AE titles that may send (--dimse-from)'] : []),
  ];
  if (missing.length === 0) return;
  throw new ServerError(
    'binding-refused',
    `listening on ${host} would show patients to the network and needs ${missing.join(' and ')}: give them, or listen on 127.0.0.1`,
  );
}

/** "name=https://pacs/dicom-web" and, for its header Authorization, "name=file". ServerError 'setting-invalid'. */
export async function pacsAddresses(
  addresses: readonly string[],
  credentials: readonly string[],
): Promise<readonly PacsAddress[]> {
  const pair = (text: string, what: string): readonly [string, string] => {
    const [, name, value] = /^([\w-]{1,40})=(.+)$/.exec(text) ?? [];
    if (name !== undefined && value !== undefined) return [name, value];
    throw new ServerError('setting-invalid', `"${text}" is no PACS: write it as name=${what}`);
  };
  const files = new Map(credentials.map((text) => pair(text, 'file')));
  const names = new Set<string>();
  const found = addresses.map(async (text) => {
    const [name, address] = pair(text, 'https://pacs.example/dicom-web');
    if (names.has(name)) throw new ServerError('setting-invalid', `two PACS are called ${name}: rename one`);
    names.add(name);
    if (!/^https?:$/.test(URL.parse(address)?.protocol ?? ''))
      throw new ServerError('setting-invalid', `"${address}" is no address of DICOMweb: give one of http or https`);
    const file = files.get(name);
    const authorization = file === undefined ? undefined : await firstLine(file);
    return { name, url: address.replace(/\/+$/, ''), ...(authorization ? { authorization } : {}) };
  });
  const stray = [...files.keys()].find((name) => !names.has(name));
  if (stray !== undefined)
    throw new ServerError('setting-invalid', `credentials of "${stray}" are of no PACS: name it with --pacs`);
  return Promise.all(found);
}

async function firstLine(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch((error) => {
    throw new ServerError('setting-invalid', `${file} cannot be read (${error.code}): give a file with one line`);
  });
  return text.trim();
}
