/**
 * The attributes that are read, by their keywords and with the tags and value representations of PS3.6. What is not in
 * this table is skipped, and neither kept nor shown: PatientName among it.
 */

type Row = readonly [tag: number, vr: string, count: 'one' | 'many'];

export const ATTRIBUTES = {
  TransferSyntaxUID: [0x00020010, 'UI', 'one'],
  SpecificCharacterSet: [0x00080005, 'CS', 'many'],
  ImageType: [0x00080008, 'CS', 'many'],
  SOPClassUID: [0x00080016, 'UI', 'one'],
  SOPInstanceUID: [0x00080018, 'UI', 'one'],
  StudyDate: [0x00080020, 'DA', 'one'],
  AcquisitionDate: [0x00080022, 'DA', 'one'],
  AccessionNumber: [0x00080050, 'SH', 'one'],
  Modality: [0x00080060, 'CS', 'one'],
  ConversionType: [0x00080064, 'CS', 'one'],
  PresentationIntentType: [0x00080068, 'CS', 'one'],
  Manufacturer: [0x00080070, 'LO', 'one'],
  CodeValue: [0x00080100, 'SH', 'one'],
  CodingSchemeDesignator: [0x00080102, 'SH', 'one'],
  CodeMeaning: [0x00080104, 'LO', 'one'],
  StudyDescription: [0x00081030, 'LO', 'one'],
  SeriesDescription: [0x0008103e, 'LO', 'one'],
  ManufacturerModelName: [0x00081090, 'LO', 'one'],
  FrameType: [0x00089007, 'CS', 'many'],
  VolumetricProperties: [0x00089206, 'CS', 'one'],
  PatientID: [0x00100020, 'LO', 'one'],
  PatientSex: [0x00100040, 'CS', 'one'],
  PatientAge: [0x00101010, 'AS', 'one'],
  BodyPartExamined: [0x00180015, 'CS', 'one'],
  SliceThickness: [0x00180050, 'DS', 'one'],
  KVP: [0x00180060, 'DS', 'one'],
  SpacingBetweenSlices: [0x00180088, 'DS', 'one'],
  DistanceSourceToDetector: [0x00181110, 'DS', 'one'],
  DistanceSourceToPatient: [0x00181111, 'DS', 'one'],
  EstimatedRadiographicMagnificationFactor: [0x00181114, 'DS', 'one'],
  ImagerPixelSpacing: [0x00181164, 'DS', 'many'],
  BodyPartThickness: [0x001811a0, 'DS', 'one'],
  CompressionForce: [0x001811a2, 'DS', 'one'],
  ViewPosition: [0x00185101, 'CS', 'one'],
  PositionerPrimaryAngle: [0x00181510, 'DS', 'one'],
  DetectorType: [0x00187004, 'CS', 'one'],
  FieldOfViewHorizontalFlip: [0x00187034, 'CS', 'one'],
  FieldOfViewRotation: [0x00187032, 'DS', 'one'],
  XRay3DFrameTypeSequence: [0x00189504, 'SQ', 'many'],
  StudyInstanceUID: [0x0020000d, 'UI', 'one'],
  SeriesInstanceUID: [0x0020000e, 'UI', 'one'],
  SeriesNumber: [0x00200011, 'IS', 'one'],
  AcquisitionNumber: [0x00200012, 'IS', 'one'],
  InstanceNumber: [0x00200013, 'IS', 'one'],
  PatientOrientation: [0x00200020, 'CS', 'many'],
  ImagePositionPatient: [0x00200032, 'DS', 'many'],
  ImageOrientationPatient: [0x00200037, 'DS', 'many'],
  FrameOfReferenceUID: [0x00200052, 'UI', 'one'],
  Laterality: [0x00200060, 'CS', 'one'],
  ImageLaterality: [0x00200062, 'CS', 'one'],
  SliceLocation: [0x00201041, 'DS', 'one'],
  StackID: [0x00209056, 'SH', 'one'],
  InStackPositionNumber: [0x00209057, 'UL', 'one'],
  FrameAnatomySequence: [0x00209071, 'SQ', 'many'],
  FrameLaterality: [0x00209072, 'CS', 'one'],
  FrameContentSequence: [0x00209111, 'SQ', 'many'],
  PlanePositionSequence: [0x00209113, 'SQ', 'many'],
  PlaneOrientationSequence: [0x00209116, 'SQ', 'many'],
  DimensionIndexValues: [0x00209157, 'UL', 'many'],
  SamplesPerPixel: [0x00280002, 'US', 'one'],
  PhotometricInterpretation: [0x00280004, 'CS', 'one'],
  PlanarConfiguration: [0x00280006, 'US', 'one'],
  NumberOfFrames: [0x00280008, 'IS', 'one'],
  Rows: [0x00280010, 'US', 'one'],
  Columns: [0x00280011, 'US', 'one'],
  PixelSpacing: [0x00280030, 'DS', 'many'],
  PixelAspectRatio: [0x00280034, 'IS', 'many'],
  BitsAllocated: [0x00280100, 'US', 'one'],
  BitsStored: [0x00280101, 'US', 'one'],
  HighBit: [0x00280102, 'US', 'one'],
  PixelRepresentation: [0x00280103, 'US', 'one'],
  SmallestImagePixelValue: [0x00280106, 'US or SS', 'one'],
  LargestImagePixelValue: [0x00280107, 'US or SS', 'one'],
  PixelPaddingValue: [0x00280120, 'US or SS', 'one'],
  PixelPaddingRangeLimit: [0x00280121, 'US or SS', 'one'],
  QualityControlImage: [0x00280300, 'CS', 'one'],
  BurnedInAnnotation: [0x00280301, 'CS', 'one'],
  PixelSpacingCalibrationType: [0x00280a02, 'CS', 'one'],
  PixelSpacingCalibrationDescription: [0x00280a04, 'LO', 'one'],
  PixelIntensityRelationship: [0x00281040, 'CS', 'one'],
  PixelIntensityRelationshipSign: [0x00281041, 'SS', 'one'],
  WindowCenter: [0x00281050, 'DS', 'many'],
  WindowWidth: [0x00281051, 'DS', 'many'],
  RescaleIntercept: [0x00281052, 'DS', 'one'],
  RescaleSlope: [0x00281053, 'DS', 'one'],
  RescaleType: [0x00281054, 'LO', 'one'],
  WindowCenterWidthExplanation: [0x00281055, 'LO', 'many'],
  VOILUTFunction: [0x00281056, 'CS', 'one'],
  BreastImplantPresent: [0x00281300, 'CS', 'one'],
  PartialView: [0x00281350, 'CS', 'one'],
  LossyImageCompression: [0x00282110, 'CS', 'one'],
  LossyImageCompressionRatio: [0x00282112, 'DS', 'many'],
  LossyImageCompressionMethod: [0x00282114, 'CS', 'many'],
  ModalityLUTSequence: [0x00283000, 'SQ', 'many'],
  LUTDescriptor: [0x00283002, 'US or SS', 'many'],
  LUTExplanation: [0x00283003, 'LO', 'one'],
  ModalityLUTType: [0x00283004, 'LO', 'one'],
  LUTData: [0x00283006, 'OW', 'many'],
  VOILUTSequence: [0x00283010, 'SQ', 'many'],
  PixelMeasuresSequence: [0x00289110, 'SQ', 'many'],
  FrameVOILUTSequence: [0x00289132, 'SQ', 'many'],
  PixelValueTransformationSequence: [0x00289145, 'SQ', 'many'],
  ViewCodeSequence: [0x00540220, 'SQ', 'many'],
  ViewModifierCodeSequence: [0x00540222, 'SQ', 'many'],
  PresentationLUTShape: [0x20500020, 'CS', 'one'],
  SharedFunctionalGroupsSequence: [0x52009229, 'SQ', 'many'],
  PerFrameFunctionalGroupsSequence: [0x52009230, 'SQ', 'many'],
} as const satisfies Readonly<Record<string, Row>>;

/**
 * Who the patient is and to which study an image belongs, beyond what the table above says: PS3.3 C.7.1.1, C.7.2.1 and C.7.2.2. Objects that are
 * made of an image need them to be filed with it; they are read when such an object is written, and at no other time.
 */
export const IDENTITY_ATTRIBUTES = {
  StudyInstanceUID: ATTRIBUTES.StudyInstanceUID,
  StudyDate: ATTRIBUTES.StudyDate,
  StudyDescription: ATTRIBUTES.StudyDescription,
  AccessionNumber: ATTRIBUTES.AccessionNumber,
  PatientID: ATTRIBUTES.PatientID,
  PatientSex: ATTRIBUTES.PatientSex,
  SpecificCharacterSet: ATTRIBUTES.SpecificCharacterSet,
  ContentDate: [0x00080023, 'DA', 'one'],
  StudyTime: [0x00080030, 'TM', 'one'],
  ContentTime: [0x00080033, 'TM', 'one'],
  ReferringPhysicianName: [0x00080090, 'PN', 'one'],
  PatientName: [0x00100010, 'PN', 'one'],
  IssuerOfPatientID: [0x00100021, 'LO', 'one'],
  PatientBirthDate: [0x00100030, 'DA', 'one'],
  PatientIdentityRemoved: [0x00120062, 'CS', 'one'],
  DeidentificationMethod: [0x00120063, 'LO', 'many'],
  StudyID: [0x00200010, 'SH', 'one'],
} as const satisfies Readonly<Record<string, Row>>;

/** The attributes of IDENTITY_ATTRIBUTES that an object has with a value. */
export type Identity = {
  readonly [Name in keyof typeof IDENTITY_ATTRIBUTES]?: Value<(typeof IDENTITY_ATTRIBUTES)[Name]>;
};

/** A keyword of the table. */
export type AttributeName = keyof typeof ATTRIBUTES;

type NumericVr = 'US' | 'SS' | 'UL' | 'US or SS' | 'OW' | 'IS' | 'DS';
type Value<R extends Row> = R[1] extends 'SQ'
  ? readonly DataSet[]
  : R[1] extends NumericVr
    ? R[2] extends 'one'
      ? number
      : readonly number[]
    : R[2] extends 'one'
      ? string
      : readonly string[];

/** The attributes of a data set or of an item that were present with a value. */
export type DataSet = { readonly [Name in AttributeName]?: Value<(typeof ATTRIBUTES)[Name]> };

/** An attribute of a table. */
export interface Attribute {
  readonly tag: number;
  readonly name: AttributeName | keyof typeof IDENTITY_ATTRIBUTES;
  readonly vr: string;
  readonly many: boolean;
}

/** The attributes of a table by their tags (group * 65536 + element). */
export type AttributesByTag = ReadonlyMap<number, Attribute>;

const byTag = (table: Readonly<Partial<Record<Attribute['name'], Row>>>): AttributesByTag =>
  new Map(
    (Object.entries(table) as [Attribute['name'], Row][]).map(([name, [tag, vr, count]]) => [
      tag,
      { tag, name, vr, many: count === 'many' },
    ]),
  );

/** What openDicom reads. */
export const READ_ATTRIBUTES = byTag(ATTRIBUTES);
/** What tells whose image it is. */
export const READ_IDENTITY = byTag(IDENTITY_ATTRIBUTES);

/** "(0028,0010)". */
export function tagText(tag: number): string {
  const hex = tag.toString(16).padStart(8, '0');
  return `(${hex.slice(0, 4)},${hex.slice(4)})`;
}

/** "(0028,0010) Rows", for messages. */
export function named(name: AttributeName): string {
  return `${tagText(ATTRIBUTES[name][0])} ${name}`;
}
