/** What every source of bytes refuses, of a file or of a page's Blob. */
import { DicomError } from '../errors.ts';

/** What an inflated data set may hold: deflate packs up to 1032 to 1, so a small file could ask for anything. */
export const INFLATED_LIMIT = 2 ** 32;

/** DicomError 'truncated' for bytes beyond the end. */
export function pastEnd(path: string, offset: number, length: number, size: number): DicomError {
  const sentence = `${length} bytes at ${offset} were asked for, and it has ${size}; fetch the file again`;
  return new DicomError('truncated', `${path} ends too early: ${sentence}`);
}

/** Throws DicomError 'header-too-large' for an inflated data set above a limit. */
export function checkInflated(size: number, limit: number, path: string): void {
  if (size <= limit) return;
  const sentence = `its deflated data set is larger than ${limit} bytes; convert it with "dcmconv +te"`;
  throw new DicomError('header-too-large', `${path} is not read: ${sentence}`);
}
