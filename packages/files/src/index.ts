export { FILE_ERROR_CODES, FileError, type FileErrorCode } from './errors.ts';
export { userCache } from './user-cache.ts';
export { writeAside } from './write-aside.ts';
