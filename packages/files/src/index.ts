export { FILE_ERROR_CODES, FileError, type FileErrorCode } from './errors.ts';
export { writeAside } from './write-aside.ts';
