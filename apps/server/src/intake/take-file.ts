/** A file of an upload, whatever it is called: a DICOM file is filed, an archive is opened, anything else is refused with its reason. */
import { DicomError } from '@mammoscope/dicom';
import { ImagingError } from '@mammoscope/imaging';
import type { UploadReport } from '../api-types.ts';
import { ServerError } from '../errors.ts';
import { archiveEntries } from './archive.ts';
import { type ByteStream, type IncomingFile, receiveFile } from './incoming-file.ts';
import { type FiledImage, type IntakePlace, type Sender, storeImage } from './store-image.ts';

/** An image that was filed or why it was not. */
export type Outcome =
  | { readonly file: string; readonly filed: FiledImage }
  | { readonly file: string; readonly code: string; readonly message: string };

/** Names from outside are shown, so they are cut. */
const shownName = (name: string) => name.replaceAll(/\p{Cc}/gu, ' ').slice(-120) || 'file';

/** What a refusal is called; anything that is no error of the input is the server's own and thrown on. */
export function refusalOf(error: unknown): { readonly code: string; readonly message: string } {
  if (error instanceof ServerError && error.code !== 'unavailable' && error.code !== 'internal')
    return { code: error.code, message: error.message };
  // the path is that of the folder of what comes in: nothing to a sender
  if (error instanceof DicomError || error instanceof ImagingError)
    return { code: error.code, message: error.message.replaceAll(/\S*\.part(: | )?/g, 'the file$1') };
  throw error;
}

/** Takes one file from a stream: as many outcomes as it has images. Errors of the stream itself are thrown. */
export async function* takeFile(
  place: IntakePlace,
  sender: Sender,
  name: string,
  source: ByteStream,
): AsyncGenerator<Outcome> {
  await using file = await receiveFile(place.storage.incoming, source, place.limits.fileBytes);
  yield* outcomesOf(place, sender, shownName(name), file);
}

async function* outcomesOf(
  place: IntakePlace,
  sender: Sender,
  name: string,
  file: IncomingFile,
): AsyncGenerator<Outcome> {
  if (!isArchive(file.head)) {
    yield await filedOrRefused(place, sender, name, file);
    return;
  }
  try {
    for await (const entry of archiveEntries(file.path, place.limits)) {
      const entryName = shownName(`${name}/${entry.name}`);
      try {
        await using inner = await receiveFile(place.storage.incoming, entry.bytes, place.limits.fileBytes);
        yield await filedOrRefused(place, sender, entryName, inner);
      } catch (error) {
        yield { file: entryName, ...refusalOf(asArchiveError(error)) };
      }
    }
  } catch (error) {
    yield { file: name, ...refusalOf(error) };
  }
}

/** yauzl reports what does not inflate as plain errors. */
const asArchiveError = (error: unknown): unknown =>
  error instanceof ServerError || !(error instanceof Error) || ('code' in error && String(error.code).startsWith('E'))
    ? error
    : new ServerError('archive-invalid', `the archive is damaged: ${error.message}`, { cause: error });

const isArchive = ([p, k, three, four]: Uint8Array): boolean => p === 0x50 && k === 0x4b && three === 3 && four === 4;
const isDicom = (head: Uint8Array): boolean => Buffer.from(head.subarray(128, 132)).toString('latin1') === 'DICM';

async function filedOrRefused(place: IntakePlace, sender: Sender, name: string, file: IncomingFile): Promise<Outcome> {
  try {
    if (!isDicom(file.head))
      throw new ServerError(
        'file-not-accepted',
        'the file is neither a DICOM file nor a ZIP archive: send mammograms as DICOM',
      );
    return { file: name, filed: await storeImage(place, sender, file) };
  } catch (error) {
    return { file: name, ...refusalOf(error) };
  }
}

/** What became of the files of an upload. */
export function reportOf(outcomes: readonly Outcome[]): UploadReport {
  const stored = outcomes.flatMap((each) => {
    if (!('filed' in each)) return [];
    const { study, series, instance, isNew } = each.filed;
    return [{ file: each.file, study, series, instance, isNew }];
  });
  return {
    studies: [...new Set(stored.map(({ study }) => study))],
    stored,
    refused: outcomes.flatMap((each) => ('filed' in each ? [] : [each])),
  };
}
