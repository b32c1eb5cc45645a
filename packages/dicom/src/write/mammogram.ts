/** Digital Mammography X-Ray Image, for presentation and for processing (PS3.3 A.27). */
import { type BreastPosition, patientOrientation, primaryAngleDeg } from './breast-position.ts';
import { CODES, VIEW_CODE } from './codes.ts';
import type { WrittenDataSet } from './data-set.ts';
import type { Examination, Exposure, Instance, PixelGrid } from './examination.ts';
import { equipment, generalStudy, mammographySeries, patient, sopCommon } from './examination-modules.ts';

/** PS3.4 annex B.5. */
const SOP_CLASS = {
  'FOR PRESENTATION': '1.2.840.10008.5.1.4.1.1.1.2',
  'FOR PROCESSING': '1.2.840.10008.5.1.4.1.1.1.2.1',
} as const;

/** One mammogram. Its pixels are written beside it, grey or proportional to the photons counted. */
export interface Mammogram {
  readonly examination: Examination;
  readonly instance: Instance;
  readonly position: BreastPosition;
  readonly grid: PixelGrid;
  readonly exposure: Exposure;
  /** One event of radiation, shared by the raw and the processed image. */
  readonly irradiationEventUid: string;
  readonly intent: keyof typeof SOP_CLASS;
  /** What was done to the pixels, in words. */
  readonly processing: string;
  /** Of a processed image: SOPInstanceUID of the raw one, kept or not. IHE's profile requires it. */
  readonly rawInstanceUid?: string;
}

/** The data set of a mammogram without its pixels. */
export function mammogram(image: Mammogram): WrittenDataSet {
  const { examination, instance, intent } = image;
  return {
    ...patient(examination),
    ...generalStudy(examination),
    ...mammographySeries(examination, instance),
    PresentationIntentType: intent, // DX Series, C.8.11.1
    ...equipment(examination),
    ...generalImage(image),
    ...imagePixel(image.grid),
    ...detector(examination, image.grid),
    ...fieldOfView(image.grid),
    ...acquisition(image.exposure),
    ...dxImage(image),
    ...mammographyImage(image.position),
    AcquisitionContextSequence: [], // C.7.6.14
    ...sopCommon(examination, instance, SOP_CLASS[intent]),
  };
}

/** General Image, PS3.3 C.7.6.1, and DX Anatomy Imaged, C.8.11.2. */
function generalImage({ examination, instance, position, irradiationEventUid, ...image }: Mammogram): WrittenDataSet {
  const { study, comments } = examination;
  return {
    InstanceNumber: instance.number,
    PatientOrientation: patientOrientation(position),
    ContentDate: study.date,
    ContentTime: study.time,
    AcquisitionDate: study.date,
    AcquisitionTime: study.time,
    AcquisitionNumber: instance.number,
    IrradiationEventUID: [irradiationEventUid],
    ImageType: [image.intent === 'FOR PROCESSING' ? 'ORIGINAL' : 'DERIVED', 'PRIMARY', ''],
    ImageComments: comments,
    QualityControlImage: 'NO',
    ImageLaterality: position.laterality,
    AnatomicRegionSequence: [CODES.breast],
    ...(image.rawInstanceUid
      ? {
          SourceImageSequence: [
            {
              ReferencedSOPClassUID: SOP_CLASS['FOR PROCESSING'],
              ReferencedSOPInstanceUID: image.rawInstanceUid,
              SpatialLocationsPreserved: 'YES',
              PurposeOfReferenceCodeSequence: [CODES.forProcessingPredecessor],
            },
          ],
        }
      : {}),
  };
}

/** Image Pixel, PS3.3 C.7.6.3. */
export function imagePixel({ rows, columns, bitsStored }: PixelGrid): WrittenDataSet {
  return {
    Rows: rows,
    Columns: columns,
    SamplesPerPixel: 1,
    BitsAllocated: bitsStored > 8 ? 16 : 8,
    BitsStored: bitsStored,
    HighBit: bitsStored - 1,
    PixelRepresentation: 0,
  };
}

/** DX Image, PS3.3 C.8.11.3, and VOI LUT, C.11.2: dense tissue is white in both, and more photons are a larger value in a raw one. */
function dxImage({ intent, processing, grid: { bitsStored } }: Mammogram): WrittenDataSet {
  const range = 2 ** bitsStored;
  const isRaw = intent === 'FOR PROCESSING';
  return {
    PhotometricInterpretation: isRaw ? 'MONOCHROME1' : 'MONOCHROME2',
    PresentationLUTShape: isRaw ? 'INVERSE' : 'IDENTITY',
    PixelPaddingValue: isRaw ? range - 1 : 0, // where there is no breast
    PixelIntensityRelationship: isRaw ? 'LIN' : 'LOG',
    PixelIntensityRelationshipSign: isRaw ? 1 : -1,
    RescaleIntercept: 0,
    RescaleSlope: 1,
    RescaleType: 'US',
    LossyImageCompression: '00',
    BurnedInAnnotation: 'NO',
    AcquisitionDeviceProcessingDescription: processing,
    AcquisitionDeviceProcessingCode: isRaw ? 'RAW' : 'RIM',
    ...(isRaw
      ? {}
      : {
          WindowCenter: [range / 2],
          WindowWidth: [range],
          WindowCenterWidthExplanation: ['whole range'],
          VOILUTFunction: 'LINEAR',
        }),
  };
}

/** What DX Detector, PS3.3 C.8.11.4, and the sources of a tomosynthesis say of a detector. */
export function detector({ equipment: made, study }: Examination, { spacingMm }: PixelGrid): WrittenDataSet {
  return {
    DetectorType: 'DIRECT',
    DetectorID: made.serialNumber,
    DateOfLastDetectorCalibration: study.date,
    TimeOfLastDetectorCalibration: study.time,
    DetectorElementSpacing: [spacingMm, spacingMm],
  };
}

/** The rest of DX Detector. */
function fieldOfView({ rows, columns, spacingMm }: PixelGrid): WrittenDataSet {
  return {
    DetectorConfiguration: 'AREA',
    DetectorDescription: 'a detector that was computed',
    ImagerPixelSpacing: [spacingMm, spacingMm],
    FieldOfViewShape: 'RECTANGLE',
    FieldOfViewDimensions: [Math.round(columns * spacingMm), Math.round(rows * spacingMm)],
    FieldOfViewOrigin: [0, 0],
    FieldOfViewRotation: 0,
    FieldOfViewHorizontalFlip: 'NO',
  };
}

/** X-Ray Acquisition Dose, Generation, Filtration and Grid, PS3.3 C.8.7.8 to C.8.7.11. */
function acquisition(exposure: Exposure): WrittenDataSet {
  const { tubeCurrentMa, timeMs } = exposure;
  return {
    KVP: exposure.kvp,
    XRayTubeCurrent: Math.round(tubeCurrentMa),
    ExposureTime: Math.round(timeMs),
    Exposure: Math.round((tubeCurrentMa * timeMs) / 1000),
    ExposureInuAs: Math.round(tubeCurrentMa * timeMs),
    ExposureControlMode: 'MANUAL',
    ExposureControlModeDescription: 'nominal values of an exposure that was computed',
    AnodeTargetMaterial: exposure.anode,
    FilterMaterial: [exposure.filter],
    FilterThicknessMinimum: [exposure.filterMm],
    FilterThicknessMaximum: [exposure.filterMm],
    FocalSpots: [exposure.focalSpotMm],
    Grid: [exposure.hasGrid ? 'FIXED' : 'NONE'],
    HalfValueLayer: exposure.halfValueLayerMm,
    EntranceDoseInmGy: exposure.entranceDoseMgy,
    OrganDose: exposure.organDoseMgy / 100, // dGy
    RelativeXRayExposure: 100,
    BodyPartThickness: exposure.thicknessMm,
    CompressionForce: exposure.compressionN,
    DistanceSourceToDetector: exposure.sourceToDetectorMm,
    DistanceSourceToPatient: exposure.sourceToBreastMm,
    EstimatedRadiographicMagnificationFactor: exposure.sourceToDetectorMm / exposure.sourceToBreastMm,
  };
}

/** Mammography Image, PS3.3 C.8.11.7. */
function mammographyImage(position: BreastPosition): WrittenDataSet {
  return {
    PositionerType: 'MAMMOGRAPHIC',
    PositionerPrimaryAngle: primaryAngleDeg(position),
    ImageLaterality: position.laterality,
    OrganExposed: 'BREAST',
    ...breastView(position),
  };
}

/** Breast View, PS3.3 C.8.21.6, which mammograms have in their own module. */
export function breastView({ view }: BreastPosition): WrittenDataSet {
  return {
    ViewCodeSequence: [{ ...VIEW_CODE[view], ViewModifierCodeSequence: [] }],
    BreastImplantPresent: 'NO',
    PartialView: 'NO',
  };
}
