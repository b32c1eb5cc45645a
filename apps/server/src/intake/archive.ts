/** ZIP archives: every entry is looked at before one is read, none is written under the name that it has, and sizes are believed only as limits. */

import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import yauzl from 'yauzl';
import { ServerError } from '../errors.ts';
import type { UploadLimits } from '../settings.ts';
import type { ByteStream } from './incoming-file.ts';

/** A file of an archive. */
export interface ArchiveEntry {
  readonly name: string;
  /** Errors of the format are those of yauzl. */
  readonly bytes: ByteStream;
}

/** Small files may be packed as tightly as they like. */
const RATIO_FROM_BYTES = 2 ** 20;
const ENCRYPTED = 1;

const invalid = (sentence: string, cause?: unknown) =>
  new ServerError('archive-invalid', sentence, cause === undefined ? {} : { cause });

/**
 * The files of an archive, one after the other; folders are left out. ServerError 'archive-invalid' before the first is given, for an archive that is
 * damaged or encrypted, has a path that climbs out of its folder, or would inflate to more than the limits.
 */
export async function* archiveEntries(
  path: string,
  limits: UploadLimits,
): AsyncGenerator<ArchiveEntry, void, undefined> {
  const openArchive = promisify<string, yauzl.Options, yauzl.ZipFile>(yauzl.open);
  const archive = await openArchive(path, { lazyEntries: true, autoClose: false, strictFileNames: true }).catch(
    (error) => {
      throw invalid(`the archive cannot be read: ${error.message}`, error);
    },
  );
  try {
    const entries = await checkedEntries(archive, limits);
    const openEntry = promisify<yauzl.Entry, Readable>(archive.openReadStream.bind(archive));
    // opened when its reader comes: an error without a listener would end the process
    async function* bytesOf(entry: yauzl.Entry): AsyncGenerator<Uint8Array, void, undefined> {
      yield* (await openEntry(entry)) as AsyncIterable<Buffer>;
    }
    for (const entry of entries) yield { name: entry.fileName, bytes: bytesOf(entry) };
  } finally {
    archive.close();
  }
}

async function checkedEntries(archive: yauzl.ZipFile, limits: UploadLimits): Promise<readonly yauzl.Entry[]> {
  if (archive.entryCount > limits.archiveEntries)
    throw invalid(`the archive has ${archive.entryCount} entries, and ${limits.archiveEntries} are accepted`);
  const entries = await new Promise<yauzl.Entry[]>((resolve, reject) => {
    const found: yauzl.Entry[] = [];
    archive.on('entry', (entry: yauzl.Entry) => {
      found.push(entry);
      archive.readEntry();
    });
    archive.on('end', () => resolve(found));
    // a name such as ../../x or C:\x ends here as well
    archive.on('error', (error: Error) =>
      reject(invalid(`the archive is refused as a whole: ${error.message}`, error)),
    );
    archive.readEntry();
  });
  let total = 0;
  for (const { generalPurposeBitFlag, compressedSize, uncompressedSize } of entries) {
    if (generalPurposeBitFlag & ENCRYPTED) throw invalid('the archive is encrypted: send its files without a password');
    total += uncompressedSize;
    if (uncompressedSize > limits.fileBytes || total > limits.archiveBytes)
      throw invalid(
        `the archive would inflate to more than the limits of ${limits.fileBytes} bytes a file and ${limits.archiveBytes} in all`,
      );
    if (uncompressedSize > RATIO_FROM_BYTES && uncompressedSize > compressedSize * limits.archiveRatio)
      throw invalid(
        `a file of the archive would inflate to more than ${limits.archiveRatio} times its size, as no image does`,
      );
  }
  return entries.filter(({ fileName }) => !fileName.endsWith('/'));
}
