/** Breast Tomosynthesis Image (PS3.3 A.55): a reconstructed volume, a frame a slice. */
import { type BreastPosition, breastAxes, imageDirections, primaryAngleDeg, type Vector } from './breast-position.ts';
import { CODES } from './codes.ts';
import { tagOf, type WrittenDataSet } from './data-set.ts';
import type { Examination, Exposure, Instance, PixelGrid } from './examination.ts';
import { equipment, generalStudy, maker, mammographySeries, patient, sopCommon } from './examination-modules.ts';
import { breastView, detector, imagePixel } from './mammogram.ts';

const SOP_CLASS = '1.2.840.10008.5.1.4.1.1.13.1.3';

/** One tomosynthesis. Frames are written beside it, the slice nearest to the detector first. */
export interface Tomosynthesis {
  readonly examination: Examination;
  readonly instance: Instance;
  readonly position: BreastPosition;
  readonly grid: PixelGrid & { readonly slices: number; readonly sliceMm: number };
  readonly exposure: Exposure;
  readonly irradiationEventUid: string;
  readonly frameOfReferenceUid: string;
  readonly projections: number;
  /** Of the tube's way, from the first projection to the last. */
  readonly arcDeg: number;
  /** How slices were made of projections, in words. */
  readonly reconstruction: string;
}

/** The data set of a tomosynthesis without its pixels. */
export function tomosynthesis(image: Tomosynthesis): WrittenDataSet {
  const { examination, instance, position } = image;
  return {
    ...patient(examination),
    ...generalStudy(examination),
    ...mammographySeries(examination, instance),
    FrameOfReferenceUID: image.frameOfReferenceUid, // C.7.4.1
    PositionReferenceIndicator: '',
    ...equipment(examination),
    ...imagePixel(image.grid),
    AcquisitionContextSequence: [], // C.7.6.14
    ...functionalGroups(image),
    ...dimensions(image),
    ...xRay3dImage(image),
    ...contributingSources(image),
    ...acquisition(image),
    ...reconstruction(image),
    ...breastView(position),
    ...sopCommon(examination, instance, SOP_CLASS),
  };
}

const FRAME_TYPE = ['ORIGINAL', 'PRIMARY', 'TOMOSYNTHESIS', 'NONE'] as const;

/** X-Ray 3D Image, PS3.3 C.8.21.1, with the Common CT/MR Image Description macro (table C.8-131). */
function xRay3dImage({ examination: { study, comments }, grid, instance }: Tomosynthesis): WrittenDataSet {
  return {
    ImageType: FRAME_TYPE,
    PhotometricInterpretation: 'MONOCHROME2',
    PresentationLUTShape: 'IDENTITY',
    PixelPresentation: 'MONOCHROME',
    VolumetricProperties: 'VOLUME',
    VolumeBasedCalculationTechnique: 'NONE',
    ContentQualification: 'RESEARCH',
    BurnedInAnnotation: 'NO',
    LossyImageCompression: '00',
    NumberOfFrames: grid.slices,
    InstanceNumber: instance.number,
    ContentDate: study.date,
    ContentTime: study.time,
    ImageComments: comments,
  };
}

/** Multi-frame Functional Groups, PS3.3 C.7.6.16: what all slices have in common, and where each lies. */
function functionalGroups(image: Tomosynthesis): WrittenDataSet {
  const { grid, position, examination } = image;
  const { row, column } = imageDirections(position);
  const acquired = `${examination.study.date}${examination.study.time}`;
  return {
    SharedFunctionalGroupsSequence: [
      {
        PixelMeasuresSequence: [
          {
            PixelSpacing: [grid.spacingMm, grid.spacingMm],
            SliceThickness: grid.sliceMm,
            SpacingBetweenSlices: grid.sliceMm,
          },
        ],
        PlaneOrientationSequence: [{ ImageOrientationPatient: [...row, ...column] }],
        FrameAnatomySequence: [{ FrameLaterality: position.laterality, AnatomicRegionSequence: [CODES.breast] }],
        PixelValueTransformationSequence: [{ RescaleIntercept: 0, RescaleSlope: 1, RescaleType: 'US' }],
        FrameVOILUTSequence: [
          {
            WindowCenter: [2 ** (grid.bitsStored - 1)],
            WindowWidth: [2 ** grid.bitsStored],
            WindowCenterWidthExplanation: ['whole range'],
            VOILUTFunction: 'LINEAR',
          },
        ],
      },
    ],
    PerFrameFunctionalGroupsSequence: Array.from({ length: grid.slices }, (_, slice) => ({
      FrameContentSequence: [
        {
          FrameAcquisitionNumber: 1,
          FrameReferenceDateTime: acquired,
          FrameAcquisitionDateTime: acquired,
          FrameAcquisitionDuration: image.exposure.timeMs,
          StackID: '1',
          InStackPositionNumber: slice + 1,
          DimensionIndexValues: [1, slice + 1],
        },
      ],
      PlanePositionSequence: [{ ImagePositionPatient: firstPixel(image, slice) }],
      XRay3DFrameTypeSequence: [
        {
          FrameType: FRAME_TYPE,
          PixelPresentation: 'MONOCHROME',
          VolumetricProperties: 'VOLUME',
          VolumeBasedCalculationTechnique: 'NONE',
          ReconstructionIndex: 1,
        },
      ],
    })),
  };
}

/**
 * Centre of the first pixel of a slice, in mm, rounded to a nanometre. The origin of the frame of reference is where the chest wall, the middle
 * row and the middle of the stack meet.
 */
function firstPixel({ position, grid }: Tomosynthesis, slice: number): readonly number[] {
  const { front, up, tube } = breastAxes(position);
  const column = position.laterality === 'L' ? 0 : grid.columns - 1;
  const along: readonly (readonly [Vector, number])[] = [
    [front, (column + 0.5) * grid.spacingMm],
    [up, (grid.rows / 2 - 0.5) * grid.spacingMm],
    [tube, (slice + 0.5 - grid.slices / 2) * grid.sliceMm],
  ];
  return [0, 1, 2].map((axis) => {
    const sum = along.reduce((total, [vector, mm]) => total + (vector[axis] as number) * mm, 0);
    return Math.round(sum * 1e6) / 1e6 + 0;
  });
}

/** Multi-frame Dimension, PS3.3 C.7.6.17: the place in the stack is the only dimension. */
function dimensions({ frameOfReferenceUid: uid }: Tomosynthesis): WrittenDataSet {
  const group = tagOf('FrameContentSequence');
  return {
    DimensionOrganizationType: '3D',
    DimensionOrganizationSequence: [{ DimensionOrganizationUID: uid }],
    DimensionIndexSequence: (['StackID', 'InStackPositionNumber'] as const).map((name) => ({
      DimensionOrganizationUID: uid,
      DimensionIndexPointer: tagOf(name),
      FunctionalGroupPointer: group,
      DimensionDescriptionLabel: name,
    })),
  };
}

/** Breast Tomosynthesis Contributing Sources, PS3.3 C.8.21.2.3: how the projections were taken; they are not kept. */
function contributingSources({ examination, grid }: Tomosynthesis): WrittenDataSet {
  const { study } = examination;
  return {
    ContributingSourcesSequence: [
      {
        ...maker(examination),
        AcquisitionDateTime: `${study.date}${study.time}`,
        ...detector(examination, grid),
        Rows: grid.rows,
        Columns: grid.columns,
        BitsStored: grid.bitsStored,
        LossyImageCompression: '00',
      },
    ],
  };
}

/** Breast Tomosynthesis Acquisition, PS3.3 C.8.21.3.4. */
function acquisition({ position, exposure, examination, ...image }: Tomosynthesis): WrittenDataSet {
  const { tubeCurrentMa, timeMs } = exposure;
  const started = `${examination.study.date}${examination.study.time}`;
  const each = timeMs / image.projections;
  const stepDeg = image.arcDeg / (image.projections - 1);
  const startDeg = primaryAngleDeg(position) - image.arcDeg / 2;
  const beam = (ms: number): WrittenDataSet => ({
    KVP: exposure.kvp,
    XRayTubeCurrentInmA: tubeCurrentMa,
    ExposureTimeInms: ms,
    ExposureInmAs: (tubeCurrentMa * ms) / 1000,
  });
  return {
    XRay3DAcquisitionSequence: [
      {
        FieldOfViewShape: 'RECTANGLE',
        XRayReceptorType: 'DIGITAL_DETECTOR',
        StartAcquisitionDateTime: started,
        EndAcquisitionDateTime: started,
        ...beam(timeMs),
        FilterType: 'FLAT',
        FilterMaterial: [exposure.filter],
        FilterThicknessMinimum: [exposure.filterMm],
        FilterThicknessMaximum: [exposure.filterMm],
        FieldOfViewOrigin: [0, 0],
        DetectorTemperature: 25,
        PaddleDescription: 'a plane that was computed',
        DistanceSourceToDetector: exposure.sourceToDetectorMm,
        DistanceSourceToPatient: exposure.sourceToBreastMm,
        EstimatedRadiographicMagnificationFactor: exposure.sourceToDetectorMm / exposure.sourceToBreastMm,
        AnodeTargetMaterial: exposure.anode,
        BodyPartThickness: exposure.thicknessMm,
        CompressionForce: exposure.compressionN,
        ExposureControlMode: 'MANUAL',
        ExposureControlModeDescription: 'nominal values of an exposure that was computed',
        HalfValueLayer: exposure.halfValueLayerMm,
        FocalSpots: [exposure.focalSpotMm],
        Grid: [exposure.hasGrid ? 'FIXED' : 'NONE'],
        OrganDose: exposure.organDoseMgy / 100, // dGy
        EntranceDoseInmGy: exposure.entranceDoseMgy,
        PrimaryPositionerScanArc: image.arcDeg,
        PrimaryPositionerScanStartAngle: startDeg,
        PrimaryPositionerIncrement: stepDeg,
        PerProjectionAcquisitionSequence: Array.from({ length: image.projections }, (_, i) => ({
          ...beam(each),
          IrradiationEventUID: [image.irradiationEventUid],
          FrameAcquisitionDuration: each,
          PositionerPrimaryAngle: startDeg + i * stepDeg,
          RelativeXRayExposure: 100,
          OrganDose: exposure.organDoseMgy / 100 / image.projections,
          EntranceDoseInmGy: exposure.entranceDoseMgy / image.projections,
        })),
      },
    ],
  };
}

/** X-Ray 3D Reconstruction, PS3.3 C.8.21.4. */
function reconstruction({ examination: { equipment: made }, reconstruction: words }: Tomosynthesis): WrittenDataSet {
  return {
    XRay3DReconstructionSequence: [
      {
        ReconstructionDescription: words,
        ApplicationName: made.model,
        ApplicationVersion: made.softwareVersion,
        ApplicationManufacturer: made.manufacturer,
        AlgorithmType: 'FILTER_BACK_PROJ',
        AlgorithmDescription: 'shift and add, without a filter',
        AcquisitionIndex: [1],
      },
    ],
  };
}
