import type { Decision, Evidence } from '../decision.ts';
import type { DicomFacts } from '../dicom-facts.ts';
import { ImagingError } from '../errors.ts';

/** mm between pixel centres in the plane of the breast. DICOM's order: rows (down the image) first. */
export interface PixelSpacingMm {
  readonly rowMm: number;
  readonly columnMm: number;
}

/** A spacing with the evidence for it; none where the file does not say. */
export interface FoundSpacing {
  readonly spacing: PixelSpacingMm | undefined;
  readonly reason: string;
  readonly evidence: readonly Evidence[];
}

/** Two statements of one spacing may differ by rounding, not by more than this. */
const AGREEMENT = 0.01;

/**
 * The spacing in the breast (PS3.3, 10.7.1): PixelSpacing as it stands in a reconstructed image or where it was calibrated
 * (PixelSpacingCalibrationType), ImagerPixelSpacing divided by EstimatedRadiographicMagnificationFactor in a projection, where
 * the spacing at the detector is larger than in the breast. A PixelSpacing without calibration that equals
 * ImagerPixelSpacing is the detector's, and is magnified too (10.7.1.3). `declared` is the user's word for images without tags.
 * Throws tag-invalid, and sources-disagree where PixelSpacing is neither.
 */
export function pixelSpacing(facts: DicomFacts, declared?: PixelSpacingMm): FoundSpacing {
  const { EstimatedRadiographicMagnificationFactor: factor, PixelSpacingCalibrationType: calibration } = facts;
  const plane = pair('PixelSpacing', facts.PixelSpacing);
  const imager = pair('ImagerPixelSpacing', facts.ImagerPixelSpacing);
  if (factor !== undefined && !(factor >= 1 && factor < 10)) {
    throw new ImagingError(
      'tag-invalid',
      `EstimatedRadiographicMagnificationFactor must be from 1 to 10, got ${factor}: mend the file`,
    );
  }
  const evidence: Evidence[] = [
    { source: 'tag', name: 'PixelSpacing (rows, columns)', value: written(plane) },
    { source: 'tag', name: 'ImagerPixelSpacing (rows, columns)', value: written(imager) },
    { source: 'tag', name: 'EstimatedRadiographicMagnificationFactor', value: `${factor ?? 'absent'}` },
    { source: 'tag', name: 'PixelSpacingCalibrationType', value: calibration ?? 'absent' },
  ];
  if (declared) {
    const user = { source: 'user', name: 'spacing (rows, columns)', value: written(declared) } as const;
    return { spacing: declared, reason: 'the user says so', evidence: [...evidence, user] };
  }
  const inBreast = imager && { rowMm: imager.rowMm / (factor ?? 1), columnMm: imager.columnMm / (factor ?? 1) };
  const how = factor === undefined ? 'at the detector, no magnification is known' : 'divided by the magnification';
  if (!plane) {
    const reason = inBreast ? `ImagerPixelSpacing, ${how}` : 'the file does not say';
    return { spacing: inBreast, reason, evidence };
  }
  if (calibration) return { spacing: plane, reason: `PixelSpacing, calibrated by ${calibration}`, evidence };
  if (!imager || !inBreast) return { spacing: plane, reason: 'PixelSpacing is the only source', evidence };
  if (agree(plane, inBreast))
    return { spacing: inBreast, reason: `PixelSpacing and ImagerPixelSpacing ${how} agree`, evidence };
  if (agree(plane, imager))
    return { spacing: inBreast, reason: `PixelSpacing repeats ImagerPixelSpacing; ${how}`, evidence };
  throw new ImagingError(
    'sources-disagree',
    `the sources for "spacing" disagree: ${evidence.map(({ name, value }) => `${name} ${value}`).join(', ')}; give the spacing in mm`,
  );
}

const written = (pair: PixelSpacingMm | undefined): string => (pair ? `${pair.rowMm}, ${pair.columnMm}` : 'absent');

const agree = (a: PixelSpacingMm, b: PixelSpacingMm): boolean =>
  Math.abs(a.rowMm / b.rowMm - 1) < AGREEMENT && Math.abs(a.columnMm / b.columnMm - 1) < AGREEMENT;

function pair(keyword: string, values: readonly number[] | undefined): PixelSpacingMm | undefined {
  if (!values || values.length === 0) return undefined;
  const [rowMm, columnMm] = values;
  const valid = (mm: number | undefined): mm is number => mm !== undefined && mm > 0.001 && mm < 10;
  if (values.length !== 2 || !valid(rowMm) || !valid(columnMm)) {
    throw new ImagingError(
      'tag-invalid',
      `${keyword} must be two distances from 0.001 to 10 mm, rows then columns, got ${values.join(', ')}: mend the file, or give the spacing in mm`,
    );
  }
  return { rowMm, columnMm };
}

/** The decision of a resampling, or that there was none. */
export function spacingDecision(found: FoundSpacing, targetMm: number | undefined): Decision {
  const now = found.spacing ? `${written(found.spacing)} mm (rows, columns)` : 'unknown';
  const choice = targetMm === undefined ? now : `${now}, resampled to ${targetMm} mm`;
  return { step: 'spacing', choice, reason: found.reason, evidence: found.evidence };
}
