/*
 * What a DICOM file says about its pixels, as plain records under the keywords of PS3.6, numbers parsed. Whoever reads DICOM
 * hands these over with a plane of stored values; nothing here knows how they were encoded.
 */

/** An item of a code sequence (PS3.3, 8.8). */
export interface CodeItem {
  readonly CodeValue?: string;
  readonly CodingSchemeDesignator?: string;
  readonly CodeMeaning?: string;
}

/** An item of ViewCodeSequence, with its modifiers. */
export interface ViewCodeItem extends CodeItem {
  readonly ViewModifierCodeSequence?: readonly CodeItem[];
}

/** An item of a modality or VOI LUT sequence (PS3.3, C.11.1 and C.11.2). */
export interface LutItem {
  /** Number of entries (0 means 65536), first value mapped, bits of an entry. */
  readonly LUTDescriptor?: readonly number[];
  readonly LUTData?: ArrayLike<number>;
  readonly LUTExplanation?: string;
}

/** Attributes that may differ from frame to frame. */
export interface FrameFacts {
  readonly RescaleSlope?: number;
  readonly RescaleIntercept?: number;
  readonly RescaleType?: string;
  readonly WindowCenter?: readonly number[];
  readonly WindowWidth?: readonly number[];
  readonly WindowCenterWidthExplanation?: readonly string[];
  /** LINEAR where absent. */
  readonly VOILUTFunction?: string;
  readonly VOILUTSequence?: readonly LutItem[];
  /** Direction cosines of a row, then of a column: x to the patient's left, y to the back, z to the head. */
  readonly ImageOrientationPatient?: readonly number[];
  /** Direction of the rows (to the right of the image), then of the columns (down): A, P, R, L, H, F and combinations. */
  readonly PatientOrientation?: readonly string[];
  readonly FrameLaterality?: string;
  /** mm between the centres of adjacent rows, then of adjacent columns. */
  readonly PixelSpacing?: readonly number[];
  readonly SliceThickness?: number;
  readonly SpacingBetweenSlices?: number;
}

/** Attributes of an image or of one of its frames (functional groups flattened into it), by their keywords in PS3.6. */
export interface DicomFacts extends FrameFacts {
  readonly SOPClassUID?: string;
  readonly Modality?: string;
  readonly PresentationIntentType?: string;
  readonly NumberOfFrames?: number;
  readonly PhotometricInterpretation?: string;
  readonly BitsAllocated?: number;
  readonly BitsStored?: number;
  readonly HighBit?: number;
  /** 0 unsigned, 1 two's complement. */
  readonly PixelRepresentation?: number;
  readonly PixelPaddingValue?: number;
  readonly PixelPaddingRangeLimit?: number;
  readonly ModalityLUTSequence?: readonly LutItem[];
  readonly PresentationLUTShape?: string;
  readonly ImageLaterality?: string;
  readonly Laterality?: string;
  readonly ViewPosition?: string;
  readonly ViewCodeSequence?: readonly ViewCodeItem[];
  /** mm at the detector, rows then columns. */
  readonly ImagerPixelSpacing?: readonly number[];
  readonly EstimatedRadiographicMagnificationFactor?: number;
  readonly PixelSpacingCalibrationType?: string;
}

/** Values that films digitised to DICOM, CBIS-DDSM among them, have in PatientOrientation instead of two directions. */
const VIEW_AS_ORIENTATION = new Set(['CC', 'MLO']);

/** What a file says, with a view that stands in the place of the orientation taken for no orientation. */
export function mendedFacts(facts: DicomFacts): DicomFacts {
  const [only, ...more] = facts.PatientOrientation ?? [];
  if (only === undefined || more.length > 0 || !VIEW_AS_ORIENTATION.has(only)) return facts;
  const { PatientOrientation, ...rest } = facts;
  return rest.ViewPosition === undefined ? { ...rest, ViewPosition: only } : rest;
}
