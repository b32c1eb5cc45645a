/** A distance in the breast. */
import type { StudyImage } from '../images/study-image.ts';
import type { MmPoint } from './pane.ts';

/** A line that somebody drew. */
export interface Measurement {
  readonly image: StudyImage;
  /** The slice that it was drawn on. */
  readonly frame: number;
  readonly from: MmPoint;
  readonly to: MmPoint;
}

/** Its length in mm in the plane of the breast, of an image without spacing in pixels. */
export function lengthOf({ from, to }: Pick<Measurement, 'from' | 'to'>): number {
  return Math.hypot(to[0] - from[0], to[1] - from[1]);
}

/** "12.3 mm", with what the spacing at the detector was divided by. */
export function lengthText(measurement: Measurement): string {
  const { laying } = measurement.image;
  const length = lengthOf(measurement).toFixed(1);
  if (laying?.columnMm === undefined) return `${length} px`;
  return laying.magnification === undefined ? `${length} mm` : `${length} mm (÷ ${laying.magnification})`;
}
