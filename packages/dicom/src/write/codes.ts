/** Coded concepts of PS3.16, each with the context group (CID) or template (TID) that has it, as items of code sequences. */
import type { DataSet } from '../header/attributes.ts';

/** An item of a code sequence (PS3.3 8.8). */
export interface Code {
  readonly CodeValue: string;
  readonly CodingSchemeDesignator: string;
  readonly CodeMeaning: string;
}

/** A concept that no context group has, such as a unit with a number in it. */
export function code(scheme: string, value: string, meaning: string): Code {
  return { CodeValue: value, CodingSchemeDesignator: scheme, CodeMeaning: meaning };
}

/** The code of an item that was read; undefined where one of its three parts is missing. */
export function codeOf({ CodeValue, CodingSchemeDesignator, CodeMeaning }: DataSet): Code | undefined {
  if (CodeValue === undefined || CodingSchemeDesignator === undefined || CodeMeaning === undefined) return undefined;
  return { CodeValue, CodingSchemeDesignator, CodeMeaning };
}

type Row = readonly [scheme: 'DCM' | 'SCT' | 'UCUM' | 'RFC5646', value: string, meaning: string, source: string];

/** DCM is PS3.16 annex D, SCT is SNOMED CT, UCUM the units of measure, RFC5646 the tags of languages. */
export const CODE_TABLE = {
  breast: ['SCT', '76752008', 'Breast', 'CID 4013'],
  craniocaudal: ['SCT', '399162004', 'cranio-caudal', 'CID 4014'],
  mediolateralOblique: ['SCT', '399368009', 'medio-lateral oblique', 'CID 4014'],
  leftBreast: ['SCT', '80248007', 'Left breast', 'CID 6022'],
  rightBreast: ['SCT', '73056007', 'Right breast', 'CID 6022'],
  bothBreasts: ['SCT', '63762007', 'Both breasts', 'CID 6022'],
  left: ['SCT', '7771000', 'Left', 'CID 244'],
  right: ['SCT', '24028007', 'Right', 'CID 244'],

  // what was found
  breastDensity: ['SCT', '129793001', 'Mammography breast density', 'CID 6014, CID 6016'],
  calcificationCluster: ['SCT', '129769006', 'Calcification Cluster', 'CID 6014, CID 6016'],
  architecturalDistortion: ['SCT', '129792006', 'Architectural distortion of breast', 'CID 6014, CID 6016'],
  breastMass: ['SCT', '129788004', 'Mammographic breast mass', 'CID 6016'],
  mass: ['SCT', '4147007', 'Mass', 'CID 7159'],
  lesion: ['SCT', '52988006', 'Lesion', 'CID 7159'],
  morphologicallyAbnormal: ['SCT', '49755003', 'Morphologically Abnormal Structure', 'CID 7150'],

  // a report of mammography CAD
  mammographyCadReport: ['DCM', '111036', 'Mammography CAD Report', 'TID 4000'],
  imageLibrary: ['DCM', '111028', 'Image Library', 'TID 4000, TID 1600'],
  findingsSummary: ['DCM', '111017', 'CAD Processing and Findings Summary', 'TID 4001'],
  allSucceededNothing: ['DCM', '111241', 'All algorithms succeeded; without findings', 'CID 6047'],
  allSucceededFindings: ['DCM', '111242', 'All algorithms succeeded; with findings', 'CID 6047'],
  someSucceededNothing: ['DCM', '111243', 'Not all algorithms succeeded; without findings', 'CID 6047'],
  someSucceededFindings: ['DCM', '111244', 'Not all algorithms succeeded; with findings', 'CID 6047'],
  noneSucceeded: ['DCM', '111245', 'No algorithms succeeded; without findings', 'CID 6047'],
  impressionDescription: ['DCM', '111033', 'Impression Description', 'TID 4002'],
  individualImpression: ['DCM', '111034', 'Individual Impression/Recommendation', 'TID 4003'],
  renderingIntent: ['DCM', '111056', 'Rendering Intent', 'TID 4003, TID 4004, TID 4006'],
  presentationRequired: ['DCM', '111150', 'Presentation Required: Rendering device is expected to present', 'CID 6034'],
  presentationOptional: ['DCM', '111151', 'Presentation Optional: Rendering device may present', 'CID 6034'],
  notForPresentation: ['DCM', '111152', 'Not for Presentation: Rendering device expected not to present', 'CID 6034'],
  compositeFeature: ['DCM', '111015', 'Composite Feature', 'TID 4004'],
  compositeType: ['DCM', '111016', 'Composite type', 'TID 4005'],
  relatedSpatially: ['DCM', '111154', 'Target Content Items are related spatially', 'CID 6035'],
  scopeOfFeature: ['DCM', '111057', 'Scope of Feature', 'TID 4005'],
  onMultipleImages: ['DCM', '111158', 'Feature detected on multiple images', 'CID 6036'],
  singleImageFinding: ['DCM', '111059', 'Single Image Finding', 'TID 4006'],
  probabilityOfCancer: ['DCM', '111047', 'Probability of cancer', 'TID 4005, TID 4006'],
  numberOfCalcifications: ['DCM', '111038', 'Number of calcifications', 'TID 4010'],
  centre: ['DCM', '111010', 'Center', 'TID 4021'],
  outline: ['DCM', '111041', 'Outline', 'TID 4021'],
  trackingIdentifier: ['DCM', '112039', 'Tracking Identifier', 'TID 4108, TID 1410'],
  trackingUid: ['DCM', '112040', 'Tracking Unique Identifier', 'TID 4108, TID 1410'],

  // which algorithms ran, and how they ended
  summaryOfDetections: ['DCM', '111064', 'Summary of Detections', 'TID 4000'],
  summaryOfAnalyses: ['DCM', '111065', 'Summary of Analyses', 'TID 4000'],
  succeeded: ['DCM', '111222', 'Succeeded', 'CID 6042'],
  partiallySucceeded: ['DCM', '111223', 'Partially Succeeded', 'CID 6042'],
  failed: ['DCM', '111224', 'Failed', 'CID 6042'],
  notAttempted: ['DCM', '111225', 'Not Attempted', 'CID 6042'],
  successfulDetections: ['DCM', '111063', 'Successful Detections', 'TID 4015'],
  failedDetections: ['DCM', '111025', 'Failed Detections', 'TID 4015'],
  successfulAnalyses: ['DCM', '111062', 'Successful Analyses', 'TID 4016'],
  failedAnalyses: ['DCM', '111024', 'Failed Analyses', 'TID 4016'],
  detectionPerformed: ['DCM', '111022', 'Detection Performed', 'TID 4017'],
  analysisPerformed: ['DCM', '111004', 'Analysis Performed', 'TID 4018'],
  individualImpressionAnalysis: ['DCM', '111233', 'Individual Impression/Recommendation Analysis', 'CID 6043'],
  spatialCollocation: ['SCT', '133884007', 'Spatial collocation analysis', 'CID 6043'],
  algorithmName: ['DCM', '111001', 'Algorithm Name', 'TID 4019'],
  algorithmVersion: ['DCM', '111003', 'Algorithm Version', 'TID 4019'],
  algorithmParameters: ['DCM', '111002', 'Algorithm Parameters', 'TID 4019'],
  artificialIntelligence: ['DCM', '123110', 'Artificial Intelligence', 'CID 7162'],
  maximumOperatingPoint: ['DCM', '111072', 'Maximum CAD Operating Point', 'TID 4023'],
  recommendedOperatingPoint: ['DCM', '111092', 'Recommended CAD Operating Point', 'TID 4023'],
  operatingPointTable: ['DCM', '111093', 'CAD Operating Point Table', 'TID 4023'],
  xConcept: ['DCM', '122698', 'X-Concept', 'TID 4023'],
  yConcept: ['DCM', '122699', 'Y-Concept', 'TID 4023'],
  operatingPoint: ['DCM', '111071', 'CAD Operating Point', 'TID 4006, TID 4023'],
  operatingPointDescription: ['DCM', '111081', 'CAD Operating Point Description', 'TID 4023'],
  falseMarkersPerImage: ['DCM', '111086', 'False Markers per Image', 'CID 6048'],
  lesionSensitivity: ['DCM', '111089', 'Lesion Sensitivity', 'CID 6048'],

  // an image in a library
  imageLaterality: ['DCM', '111027', 'Image Laterality', 'TID 4020'],
  imageView: ['DCM', '111031', 'Image View', 'TID 4020'],
  imageViewModifier: ['DCM', '111032', 'Image View Modifier', 'TID 4020'],
  patientOrientationRow: ['DCM', '111044', 'Patient Orientation Row', 'TID 4020'],
  patientOrientationColumn: ['DCM', '111043', 'Patient Orientation Column', 'TID 4020'],
  studyDate: ['DCM', '111060', 'Study Date', 'TID 4020'],
  studyTime: ['DCM', '111061', 'Study Time', 'TID 4020'],
  contentDate: ['DCM', '111018', 'Content Date', 'TID 4020'],
  contentTime: ['DCM', '111019', 'Content Time', 'TID 4020'],
  horizontalPixelSpacing: ['DCM', '111026', 'Horizontal Pixel Spacing', 'TID 4020'],
  verticalPixelSpacing: ['DCM', '111066', 'Vertical Pixel Spacing', 'TID 4020'],

  // a report of measurements
  imagingMeasurementReport: ['DCM', '126000', 'Imaging Measurement Report', 'TID 1500'],
  procedureReported: ['DCM', '121058', 'Procedure reported', 'TID 1500'],
  mammography: ['SCT', '71651007', 'Mammography', 'CID 6058'],
  imageLibraryGroup: ['DCM', '126200', 'Image Library Group', 'TID 1600'],
  imagingMeasurements: ['DCM', '126010', 'Imaging Measurements', 'TID 1500'],
  measurementGroup: ['DCM', '125007', 'Measurement Group', 'TID 1410'],
  finding: ['DCM', '121071', 'Finding', 'TID 1410'],
  imageRegion: ['DCM', '111030', 'Image Region', 'TID 1410'],
  findingSite: ['SCT', '363698007', 'Finding Site', 'TID 1419'],
  laterality: ['SCT', '272741003', 'Laterality', 'TID 1419'],
  observerType: ['DCM', '121005', 'Observer Type', 'TID 1002'],
  device: ['DCM', '121007', 'Device', 'CID 270'],
  deviceObserverUid: ['DCM', '121012', 'Device Observer UID', 'TID 1004'],
  deviceObserverName: ['DCM', '121013', 'Device Observer Name', 'TID 1004'],
  deviceObserverManufacturer: ['DCM', '121014', 'Device Observer Manufacturer', 'TID 1004'],
  deviceObserverModel: ['DCM', '121015', 'Device Observer Model Name', 'TID 1004'],
  deviceObserverSerialNumber: ['DCM', '121016', 'Device Observer Serial Number', 'TID 1004'],
  language: ['DCM', '121049', 'Language of Content Item and Descendants', 'TID 1204'],
  english: ['RFC5646', 'en', 'English', 'RFC 5646'],

  // why an object names another, and what made it
  forProcessingPredecessor: ['DCM', '121358', 'For Processing predecessor', 'CID 7202'],
  sourceImage: ['DCM', '121322', 'Source image for image processing operation', 'CID 7202'],
  segmentation: ['DCM', '113076', 'Segmentation', 'CID 7203'],
  modifyingEquipment: ['DCM', '109103', 'Modifying Equipment', 'CID 7005'],
  processingEquipment: ['DCM', '109102', 'Processing Equipment', 'CID 7005'],

  millimetre: ['UCUM', 'mm', 'mm', 'CID 7460'],
  percent: ['UCUM', '%', 'Percent', 'TID 4006'],
  one: ['UCUM', '1', 'no units', 'TID 4010'],
  arbitraryUnit: ['UCUM', "[arb'U]", 'arbitrary unit', 'TID 4023'],
} as const satisfies Readonly<Record<string, Row>>;

/** The concepts of the table. */
export const CODES = Object.fromEntries(
  Object.entries(CODE_TABLE).map(([name, [scheme, value, meaning]]) => [name, code(scheme, value, meaning)]),
) as Readonly<Record<keyof typeof CODE_TABLE, Code>>;

/** The two views of screening. */
export const VIEW_CODE = { CC: CODES.craniocaudal, MLO: CODES.mediolateralOblique } as const;
