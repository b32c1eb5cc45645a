/** Every code a ServerError can carry, with what it means. Codes are stable; sentences may change. */
export const SERVER_ERROR_CODES = {
  'setting-invalid': 'an option of serve that cannot be used as it is given',
  'binding-refused': 'the server was to listen beyond this machine without tokens or without TLS',
  'database-invalid': 'a database that this version cannot use',
  'token-missing': 'no token, or one that is not known',
  'role-missing': 'the role of the token may not do that',
  'origin-refused': 'a page of another origin asked',
  'not-found': 'nothing of that name, or of a group that the token is not of',
  'request-invalid': 'the address, its parameters or the body cannot be read',
  'method-invalid': 'the address takes another method',
  'accept-invalid': 'none of the media types asked for can be given',
  'upload-too-large': 'a file, a request or an archive has more bytes than the limit',
  'upload-too-slow': 'an upload took longer than the limit',
  'upload-incomplete': 'an upload that ended before it was whole',
  'file-not-accepted': 'neither a DICOM file nor a ZIP archive',
  'archive-invalid': 'an archive that is damaged, encrypted, climbs out of its folder or holds too much',
  'image-not-accepted': 'a DICOM object that is no mammogram or tomosynthesis, or is beyond the limits',
  'instance-differs': 'an image of that identifier is here with other content',
  'patient-differs': 'an image of a study whose other images are of another patient',
  'study-elsewhere': 'the study belongs to another group',
  'state-invalid': 'an analysis that is not in the state for that',
  'model-missing': 'no run of that name, or none that reads such a study',
  'analysis-lost': 'every worker that began an analysis ended before it was done',
  'analysis-timeout': 'an analysis took longer than the limit',
  'pacs-failed': 'a PACS did not answer, or refused',
  unavailable: 'the database or the storage cannot be used at the moment',
  internal: 'a fault of the server itself',
} as const;

export type ServerErrorCode = keyof typeof SERVER_ERROR_CODES;

/** The one error class of the server. */
export class ServerError extends Error {
  readonly code: ServerErrorCode;

  constructor(code: ServerErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ServerError';
    this.code = code;
  }
}

/** The HTTP status of a code (RFC 9110 section 15); those that are not named are 400. */
const STATUS: Readonly<Partial<Record<ServerErrorCode, number>>> = {
  'token-missing': 401,
  'role-missing': 403,
  'origin-refused': 403,
  'not-found': 404,
  'method-invalid': 405,
  'accept-invalid': 406,
  'upload-too-slow': 408,
  'instance-differs': 409,
  'patient-differs': 409,
  'study-elsewhere': 409,
  'state-invalid': 409,
  'upload-too-large': 413,
  'file-not-accepted': 415,
  'archive-invalid': 422,
  'image-not-accepted': 422,
  'model-missing': 422,
  'pacs-failed': 502,
  unavailable: 503,
  internal: 500,
};

/** The HTTP status of an error. */
export const statusOf = ({ code }: ServerError): number => STATUS[code] ?? 400;

/** A sentence about a file, without the folders above it. */
export const withoutFolders = (message: string): string => message.replaceAll(/(?:\/[^/\s:]+)+\/([^/\s:]+)/g, '$1');

/** What the log says of an error: the start of its sentence. */
export const reasonOf = (error: unknown): string =>
  withoutFolders(error instanceof Error ? error.message : String(error)).slice(0, 300);
