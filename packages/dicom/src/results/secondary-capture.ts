/** Secondary Capture (PS3.3 A.8.1): a picture of a frame with the marks burnt in, for viewers that show only pictures. */
import { DicomError } from '../errors.ts';
import { referencedImage } from '../structured-report/content-item.ts';
import { CODES } from '../write/codes.ts';
import type { WrittenDataSet } from '../write/data-set.ts';
import {
  PROGRAM,
  patientAndStudy,
  type ResultContext,
  type ResultInstance,
  resultCommon,
  resultEquipment,
  resultSeries,
  STATEMENT,
} from './result-modules.ts';
import { lossyCompression, referenceTo, type SourceImage } from './source-image.ts';

/** PS3.4 B.5. */
export const SECONDARY_CAPTURE = '1.2.840.10008.5.1.4.1.1.7';

/** Grey levels as they are to be seen, 0 black and 255 white, row-major, [rows, columns] of the source. */
export interface Picture {
  readonly source: SourceImage;
  /** Of the source, counted from 0. */
  readonly frame: number;
  readonly greys: Uint8Array;
}

/** The data set of a picture. Throws DicomError 'reading-invalid' where it is not of the size of its source. */
export function secondaryCapture(picture: Picture, context: ResultContext, instance: ResultInstance): WrittenDataSet {
  const { source, frame, greys } = picture;
  const { rows, columns } = source;
  if (greys.length !== rows * columns) {
    const sentence = `has ${greys.length} pixels; the image has ${columns} columns and ${rows} rows`;
    throw new DicomError('reading-invalid', `the picture of frame ${frame} of ${source.path} ${sentence}`);
  }
  const meta = source.frameMeta(frame);
  const side = meta.ImageLaterality ?? meta.FrameLaterality;
  return {
    ...patientAndStudy(context),
    ...resultSeries(context, instance),
    ...(side === 'L' || side === 'R' ? { Laterality: side } : {}),
    ...resultEquipment(context),
    ...captureEquipment(context),
    PatientOrientation: meta.PatientOrientation ?? [], // General Image, C.7.6.1
    ContentDate: context.time.date,
    ContentTime: context.time.time,
    ImageType: ['DERIVED', 'SECONDARY'],
    DerivationDescription: STATEMENT,
    SourceImageSequence: [
      {
        ...referencedImage(referenceTo(source, frame)),
        SpatialLocationsPreserved: 'YES',
        PurposeOfReferenceCodeSequence: [CODES.sourceImage],
      },
    ],
    ImageComments: STATEMENT,
    BurnedInAnnotation: 'YES',
    ...lossyCompression(source),
    Rows: rows, // Image Pixel, C.7.6.3
    Columns: columns,
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'MONOCHROME2',
    BitsAllocated: 8,
    BitsStored: 8,
    HighBit: 7,
    PixelRepresentation: 0,
    ...(meta.PixelSpacing ? { PixelSpacing: meta.PixelSpacing } : {}),
    // SC Image, C.8.6.2
    DateOfSecondaryCapture: context.time.date,
    TimeOfSecondaryCapture: context.time.time,
    ...resultCommon(context, instance, SECONDARY_CAPTURE),
  };
}

/** SC Equipment, PS3.3 C.8.6.1. */
function captureEquipment({ maker }: ResultContext): WrittenDataSet {
  return {
    ConversionType: 'WSD',
    SecondaryCaptureDeviceManufacturer: PROGRAM,
    SecondaryCaptureDeviceManufacturerModelName: PROGRAM,
    SecondaryCaptureDeviceSoftwareVersions: [maker.softwareVersion],
  };
}
