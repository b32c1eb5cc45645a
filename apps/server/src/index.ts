export { API_ROUTES, type ApiRoute } from './api-routes.ts';
export { openEmbedded } from './database/embedded.ts';
export { SERVER_ERROR_CODES, ServerError, type ServerErrorCode } from './errors.ts';
export { type FaultPlace, hearFaults } from './faults.ts';
export { addToken, type User } from './http/tokens.ts';
export { jsonLog, type Log } from './log.ts';
export { type RunningServer, startServer, startWorkers } from './server.ts';
export {
  type DimseSettings,
  type PacsAddress,
  pacsAddresses,
  type ServerSettings,
  type TlsFiles,
  UPLOAD_LIMITS,
  type UploadLimits,
  type WorkSettings,
} from './settings.ts';
