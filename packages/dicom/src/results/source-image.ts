/** An image that was read, as the objects that are made of it need to know it. */
import type { DicomFile } from '../dicom-file.ts';
import { DicomError } from '../errors.ts';
import { type DataSet, type Identity, named } from '../header/attributes.ts';
import type { ImageReference } from '../structured-report/content-item.ts';
import { encodeDataSet, type WrittenDataSet } from '../write/data-set.ts';

/** Everything of an image but its pixels. Frames are counted from 0. */
export interface SourceImage {
  readonly path: string;
  readonly identity: Identity;
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
  readonly seriesInstanceUid: string;
  /** The attributes of the object. */
  readonly meta: DataSet;
  readonly rows: number;
  readonly columns: number;
  readonly frameCount: number;
  /** The attributes of a frame: its functional groups over those of the object. */
  frameMeta(frame: number): DataSet;
}

/** Reads what there is to know of an open image; the file may then be closed. DicomError 'image-invalid' where it cannot be referred to. */
export async function sourceImage(file: DicomFile): Promise<SourceImage> {
  const { path, meta, image, frameCount } = file;
  const frames = Array.from({ length: frameCount }, (_, frame) => file.frameMeta(frame));
  const uid = (name: 'SOPClassUID' | 'SOPInstanceUID' | 'SeriesInstanceUID' | 'StudyInstanceUID'): string => {
    const value = meta[name];
    if (value !== undefined) return value;
    const sentence = `has no ${named(name)}, so no result can refer to it: use the image as its maker sent it`;
    throw new DicomError('image-invalid', `${path} ${sentence}`);
  };
  uid('StudyInstanceUID');
  return {
    path,
    identity: checkedIdentity(await file.identity(), path),
    sopClassUid: uid('SOPClassUID'),
    sopInstanceUid: uid('SOPInstanceUID'),
    seriesInstanceUid: uid('SeriesInstanceUID'),
    meta,
    rows: image.rows,
    columns: image.columns,
    frameCount,
    frameMeta: (frame) => frames[frame] ?? meta,
  };
}

/** A value that may not be written is refused before anything is computed; DicomError 'value-invalid', which names the attribute. */
function checkedIdentity(identity: Identity, path: string): Identity {
  try {
    encodeDataSet(identity);
    return identity;
  } catch (error) {
    if (!(error instanceof DicomError)) throw error;
    throw new DicomError(error.code, `${path}: its results would have the same value, and ${error.message}`);
  }
}

/** The image as others refer to it, one frame of it where it has several. */
export function referenceTo({ sopClassUid, sopInstanceUid, frameCount }: SourceImage, frame?: number): ImageReference {
  const whole = { sopClassUid, sopInstanceUid };
  return frame === undefined || frameCount === 1 ? whole : { ...whole, frameNumbers: [frame + 1] };
}

/** What was lost in the image was lost to what is made of it too (PS3.3 C.7.6.1.1.5). */
export function lossyCompression({ meta }: SourceImage): WrittenDataSet {
  const { LossyImageCompression, LossyImageCompressionRatio, LossyImageCompressionMethod } = meta;
  if (LossyImageCompression !== '01') return { LossyImageCompression: '00' };
  return {
    LossyImageCompression,
    ...(LossyImageCompressionRatio ? { LossyImageCompressionRatio } : {}),
    ...(LossyImageCompressionMethod ? { LossyImageCompressionMethod } : {}),
  };
}

/** Distances of the centres of pixels in mm, rows first, as a frame says them; undefined where it does not. */
export function spacingMm(image: SourceImage, frame: number): readonly [row: number, column: number] | undefined {
  const { PixelSpacing, ImagerPixelSpacing } = image.frameMeta(frame);
  const [row, column] = PixelSpacing ?? ImagerPixelSpacing ?? [];
  return row === undefined || column === undefined ? undefined : [row, column];
}
