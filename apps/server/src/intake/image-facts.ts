/** What the database is told of an image, and what is refused before it is stored. */
import { DicomError, type Identity, openDicom } from '@mammoscope/dicom';
import { dicomModality, imageHeader, isSyntheticView } from '@mammoscope/imaging';
import { ServerError } from '../errors.ts';
import type { UploadLimits } from '../settings.ts';
import { isUid } from '../storage/study-files.ts';

/** An image and the study that it is of. */
export interface ImageFacts {
  readonly study: string;
  readonly series: string;
  readonly instance: string;
  readonly seriesNumber: number | null;
  readonly seriesDescription: string | null;
  readonly number: number | null;
  readonly sopClass: string;
  readonly transferSyntax: string;
  readonly modality: 'DM' | 'DBT' | 'SYNTHETIC2D' | 'OTHER';
  readonly dicomModality: string | null;
  readonly laterality: string | null;
  readonly view: string | null;
  readonly frames: number;
  readonly rows: number;
  readonly columns: number;
  readonly patientName: string | null;
  readonly patientId: string | null;
  readonly patientBirthDate: string | null;
  readonly studyDate: string | null;
  readonly studyTime: string | null;
  readonly description: string | null;
  readonly accessionNumber: string | null;
}

const STORAGE = '1.2.840.10008.5.1.4.1.1';
const SECONDARY_CAPTURE = `${STORAGE}.7`;
const TOMOSYNTHESIS = `${STORAGE}.13.1.3`;
const CT = `${STORAGE}.2`;

/** Classes of mammograms and tomosyntheses, and those that older equipment and public data sets have for them (PS3.4 B.5). */
export const IMAGE_CLASSES: ReadonlySet<string> = new Set([
  `${STORAGE}.1.2`, // Digital Mammography X-Ray Image, for presentation
  `${STORAGE}.1.2.1`, // for processing
  TOMOSYNTHESIS, // Breast Tomosynthesis Image
  `${STORAGE}.13.1.4`, // Breast Projection X-Ray Image, for presentation
  `${STORAGE}.1`, // Computed Radiography Image
  `${STORAGE}.1.1`, // Digital X-Ray Image, for presentation
  CT, // CT Image: tomosyntheses before they had a class
  SECONDARY_CAPTURE,
  `${STORAGE}.7.2`, // Multi-frame Grayscale Byte
  `${STORAGE}.7.3`, // Multi-frame Grayscale Word
]);

const refused = (sentence: string) => new ServerError('image-not-accepted', sentence);

/** Text of a header as the database takes it: no control characters, not endless, null where empty. */
function plain(text: string | undefined): string | null {
  const kept = (text ?? '')
    .replaceAll(/\p{Cc}/gu, ' ')
    .trim()
    .slice(0, 256);
  return kept === '' ? null : kept;
}

/** Reads the header of a file. DicomError, ImagingError, and ServerError 'image-not-accepted'. */
export async function imageFacts(path: string, limits: UploadLimits): Promise<ImageFacts> {
  await using file = await openDicom(path);
  const { meta, image, frameCount } = file;
  const { StudyInstanceUID: study = '', SeriesInstanceUID: series = '', SOPInstanceUID: instance = '' } = meta;
  if (![study, series, instance].every(isUid))
    throw refused(
      'StudyInstanceUID, SeriesInstanceUID or SOPInstanceUID is missing or is no UID: send the file as its maker wrote it',
    );
  const sopClass = meta.SOPClassUID ?? '';
  if (!IMAGE_CLASSES.has(sopClass))
    throw refused(
      `SOPClassUID is ${isUid(sopClass) ? sopClass : 'no UID'}, which is no mammogram or tomosynthesis: send those alone`,
    );
  if (sopClass === SECONDARY_CAPTURE && meta.Manufacturer === 'mammoscope')
    throw refused('it is a picture that mammoscope made of a result: send the images that it was made of');
  const isOfVolume = sopClass === CT || (sopClass === TOMOSYNTHESIS && !isSyntheticView(meta.ImageType, frameCount));
  if (frameCount === 1 && isOfVolume)
    throw refused(
      'it is one slice in a file of its own, and a series of these is not put together here: send a tomosynthesis as one file with all its slices',
    );
  if (frameCount > limits.frames) throw refused(`it has ${frameCount} frames, and ${limits.frames} are accepted`);
  if (image.rows * image.columns > limits.pixels)
    throw refused(`it has ${image.columns} x ${image.rows} pixels, and ${limits.pixels} in all are accepted`);
  const identity = await identityOf(() => file.identity());
  const header = await imageHeader(path);
  const known = typeof header === 'string' ? undefined : header;
  const isBreast = known !== undefined && (meta.Modality === 'MG' || known.view !== undefined);
  const modality = isBreast ? dicomModality(known) : 'OTHER';
  return {
    ...{ study, series, instance, sopClass, transferSyntax: file.transferSyntax.uid },
    seriesNumber: meta.SeriesNumber === undefined ? null : Number(meta.SeriesNumber),
    number: meta.InstanceNumber === undefined ? null : Number(meta.InstanceNumber),
    seriesDescription: plain(meta.SeriesDescription),
    modality: modality === 'DM' || modality === 'DBT' || modality === 'SYNTHETIC2D' ? modality : 'OTHER',
    dicomModality: plain(meta.Modality),
    laterality: known?.laterality ?? null,
    view: known?.view ?? null,
    ...{ frames: frameCount, rows: image.rows, columns: image.columns },
    patientName: plain(identity.PatientName),
    patientId: plain(meta.PatientID),
    patientBirthDate: plain(identity.PatientBirthDate),
    studyDate: plain(meta.StudyDate),
    studyTime: plain(identity.StudyTime),
    description: plain(meta.StudyDescription),
    accessionNumber: plain(meta.AccessionNumber),
  };
}

/** Names in a character set that is not read leave the image without them. */
async function identityOf(read: () => Promise<Identity>): Promise<Identity> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof DicomError && error.code === 'value-invalid') return {};
    throw error;
  }
}
