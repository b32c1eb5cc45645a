/** Segmentation (PS3.3 A.51): boxes and outlines as binary masks, saliency as fractions, over the pixels of one image. */
import { DicomError } from '../errors.ts';
import { referencedImage } from '../structured-report/content-item.ts';
import { CODES, type Code } from '../write/codes.ts';
import { tagOf, type WrittenDataSet } from '../write/data-set.ts';
import { uidOf } from '../write/uid.ts';
import type { Algorithm } from './findings.ts';
import { seriesOf } from './report-object.ts';
import {
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
export const SEGMENTATION_STORAGE = '1.2.840.10008.5.1.4.1.1.66.4';
/** A fraction of 1 as it is stored. */
const WHOLE = 255;

/** One thing that is marked, in one or several frames. */
export interface Segment {
  readonly label: string;
  /** Of CID 7159, or what PS3.16 has for the finding. */
  readonly propertyType: Code;
  readonly trackingIdentifier: string;
  readonly trackingUid: string;
}

/** The mask of a segment in one frame of the source, row-major, [rows, columns]: 0 to 1; in a binary segmentation 0 or 1. */
export interface SegmentMask {
  /** Index of the segment. */
  readonly segment: number;
  /** Of the source, counted from 0. */
  readonly frame: number;
  readonly mask: Float32Array | Uint8Array;
}

/** What is to be written. Masks have the rows and columns of the source. */
export interface Segmentation {
  readonly source: SourceImage;
  readonly type: 'BINARY' | 'FRACTIONAL';
  readonly segments: readonly Segment[];
  readonly masks: readonly SegmentMask[];
  /** A name for lists: capitals, digits, underscores; 16 characters. */
  readonly contentLabel: string;
}

/** The data set of a segmentation and its pixels, in pieces. Throws DicomError 'reading-invalid' for masks that are not of the source. */
export function segmentationObject(
  segmentation: Segmentation,
  context: ResultContext,
  instance: ResultInstance,
): { readonly dataSet: WrittenDataSet; readonly pixels: readonly Uint8Array[] } {
  check(segmentation);
  const { source, type, masks } = segmentation;
  const { FrameOfReferenceUID } = source.meta;
  const dataSet = {
    ...patientAndStudy(context),
    ...resultSeries(context, instance),
    ...(FrameOfReferenceUID ? { FrameOfReferenceUID, PositionReferenceIndicator: '' } : {}), // C.7.4.1
    ...resultEquipment(context),
    ...segmentationImage(segmentation, context),
    ...functionalGroups(segmentation),
    ...dimensions(segmentation, instance),
    ReferencedSeriesSequence: instancesOf(source), // Common Instance Reference, C.12.2
    ...resultCommon(context, instance, SEGMENTATION_STORAGE),
  };
  const pixels =
    type === 'BINARY' ? [packedBits(masks.map(({ mask }) => mask))] : masks.map(({ mask }) => fractions(mask));
  return { dataSet, pixels };
}

function check({ source, segments, masks }: Segmentation): void {
  const { rows, columns, frameCount } = source;
  const invalid = (sentence: string) => new DicomError('reading-invalid', sentence);
  if (masks.length === 0) throw invalid('a segmentation needs a mask; got none: leave the object out');
  for (const [i, { segment, frame, mask }] of masks.entries()) {
    if (mask.length !== rows * columns)
      throw invalid(`mask ${i} has ${mask.length} pixels; the image has ${columns} columns and ${rows} rows`);
    if (!segments[segment] || frame < 0 || frame >= frameCount)
      throw invalid(
        `mask ${i} is of segment ${segment} and frame ${frame}: there are ${segments.length} and ${frameCount}`,
      );
    if (!mask.every((value) => value >= 0 && value <= 1))
      throw invalid(`mask ${i} has values that are not from 0 to 1`);
  }
}

/** Image Pixel and Segmentation Image, PS3.3 C.7.6.3 and C.8.20.2. */
function segmentationImage(segmentation: Segmentation, { algorithm, time }: ResultContext): WrittenDataSet {
  const { source, type, segments, masks } = segmentation;
  const bits = type === 'BINARY' ? 1 : 8;
  return {
    ...(source.meta.FrameOfReferenceUID ? {} : { PatientOrientation: source.meta.PatientOrientation ?? [] }), // C.7.6.1
    ImageType: ['DERIVED', 'PRIMARY'],
    ContentLabel: segmentation.contentLabel,
    ContentDescription: STATEMENT,
    ContentCreatorName: '',
    ContentDate: time.date,
    ContentTime: time.time,
    Rows: source.rows,
    Columns: source.columns,
    NumberOfFrames: masks.length,
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'MONOCHROME2',
    PixelRepresentation: 0,
    BitsAllocated: bits,
    BitsStored: bits,
    HighBit: bits - 1,
    ...lossyCompression(source),
    BurnedInAnnotation: 'NO',
    SegmentationType: type,
    ...(type === 'FRACTIONAL' ? { SegmentationFractionalType: 'PROBABILITY', MaximumFractionalValue: WHOLE } : {}),
    SegmentsOverlap: 'UNDEFINED',
    SegmentSequence: segments.map((segment, i) => segmentItem(segment, i, algorithm)),
  };
}

/** PS3.3 table C.8.20-4 with Algorithm Identification, 10.16. */
function segmentItem(segment: Segment, index: number, algorithm: Algorithm): WrittenDataSet {
  const { name, version, parameters } = algorithm;
  return {
    SegmentNumber: index + 1,
    SegmentLabel: segment.label,
    SegmentDescription: STATEMENT,
    SegmentAlgorithmType: 'AUTOMATIC',
    SegmentAlgorithmName: [name],
    SegmentationAlgorithmIdentificationSequence: [
      {
        AlgorithmFamilyCodeSequence: [CODES.artificialIntelligence],
        AlgorithmName: name,
        AlgorithmVersion: version,
        ...(parameters.length > 0 ? { AlgorithmParameters: parameters.join('; ') } : {}),
      },
    ],
    AnatomicRegionSequence: [CODES.breast],
    SegmentedPropertyCategoryCodeSequence: [CODES.morphologicallyAbnormal],
    SegmentedPropertyTypeCodeSequence: [segment.propertyType],
    TrackingID: segment.trackingIdentifier,
    TrackingUID: segment.trackingUid,
  };
}

/** Multi-frame Functional Groups, PS3.3 C.7.6.16: the frame of the source that each mask lies on, and where that is in space, where it says so. */
function functionalGroups(segmentation: Segmentation): WrittenDataSet {
  const { source, masks } = segmentation;
  const { PixelSpacing, SliceThickness, SpacingBetweenSlices, ImageOrientationPatient } = source.frameMeta(0);
  const measures = {
    ...(PixelSpacing ? { PixelSpacing } : {}),
    ...(SliceThickness === undefined ? {} : { SliceThickness }),
    ...(SpacingBetweenSlices === undefined ? {} : { SpacingBetweenSlices }),
  };
  const numbers = frameNumbers(segmentation);
  const [dimension] = frameDimension(segmentation);
  return {
    SharedFunctionalGroupsSequence: [
      {
        ...(Object.keys(measures).length > 0 ? { PixelMeasuresSequence: [measures] } : {}),
        ...(ImageOrientationPatient ? { PlaneOrientationSequence: [{ ImageOrientationPatient }] } : {}),
      },
    ],
    PerFrameFunctionalGroupsSequence: masks.map(({ segment, frame }) => {
      const { ImagePositionPatient } = source.frameMeta(frame);
      return {
        FrameContentSequence: [
          {
            DimensionIndexValues: [segment + 1, ...(dimension ? [1 + numbers.indexOf(frame)] : [])],
            ...(dimension === 'InStackPositionNumber' ? { StackID: '1', InStackPositionNumber: frame + 1 } : {}),
          },
        ],
        SegmentIdentificationSequence: [{ ReferencedSegmentNumber: [segment + 1] }],
        ...(ImagePositionPatient ? { PlanePositionSequence: [{ ImagePositionPatient }] } : {}),
        DerivationImageSequence: [
          {
            DerivationDescription: STATEMENT,
            DerivationCodeSequence: [CODES.segmentation],
            SourceImageSequence: [
              {
                ...referencedImage(referenceTo(source, frame)),
                SpatialLocationsPreserved: 'YES',
                PurposeOfReferenceCodeSequence: [CODES.sourceImage],
              },
            ],
          },
        ],
      };
    }),
  };
}

/** The frames of the source that are marked, in order, each once. */
function frameNumbers({ masks }: Segmentation): readonly number[] {
  return [...new Set(masks.map(({ frame }) => frame))].sort((a, b) => a - b);
}

/** Multi-frame Dimension, PS3.3 C.7.6.17: segments, and the frames of a source that has several. */
function dimensions(segmentation: Segmentation, { sopInstanceUid }: ResultInstance): WrittenDataSet {
  const uid = uidOf('mammoscope', 'dimensions', sopInstanceUid);
  const names = ['ReferencedSegmentNumber', ...frameDimension(segmentation)] as const;
  return {
    DimensionOrganizationSequence: [{ DimensionOrganizationUID: uid }],
    DimensionIndexSequence: names.map((name) => ({
      DimensionOrganizationUID: uid,
      DimensionIndexPointer: tagOf(name),
      FunctionalGroupPointer: tagOf(DIMENSION_GROUP[name]),
      DimensionDescriptionLabel: name,
    })),
  };
}

/** The functional groups that dimensions stand in. */
const DIMENSION_GROUP = {
  ReferencedSegmentNumber: 'SegmentIdentificationSequence',
  ImagePositionPatient: 'PlanePositionSequence',
  InStackPositionNumber: 'FrameContentSequence',
} as const;

/** By what frames are told apart: where they are, else their order. */
function frameDimension({ source }: Segmentation): readonly ('ImagePositionPatient' | 'InStackPositionNumber')[] {
  if (source.frameCount === 1) return [];
  return [source.frameMeta(0).ImagePositionPatient ? 'ImagePositionPatient' : 'InStackPositionNumber'];
}

function instancesOf(source: SourceImage): readonly WrittenDataSet[] {
  return seriesOf([source]).map(({ SeriesInstanceUID, ReferencedSOPSequence }) => ({
    ...(SeriesInstanceUID ? { SeriesInstanceUID } : {}),
    ...(ReferencedSOPSequence ? { ReferencedInstanceSequence: ReferencedSOPSequence } : {}),
  }));
}

/** Bits in the order of pixels, the first in the lowest bit of a byte, frames one after another without a gap (PS3.5 8.1.1 and annex D). */
function packedBits(masks: readonly (Float32Array | Uint8Array)[]): Uint8Array {
  const pixels = masks.reduce((sum, { length }) => sum + length, 0);
  const bytes = new Uint8Array(Math.ceil(pixels / 8));
  let at = 0;
  for (const mask of masks)
    for (let i = 0; i < mask.length; i++, at++)
      if (mask[i] === 1) bytes[at >> 3] = (bytes[at >> 3] as number) | (1 << (at & 7));
  return bytes;
}

function fractions(mask: Float32Array | Uint8Array): Uint8Array {
  const bytes = new Uint8Array(mask.length);
  for (let i = 0; i < mask.length; i++) bytes[i] = Math.round((mask[i] as number) * WHOLE);
  return bytes;
}
