import type { DicomFacts } from '../dicom-facts.ts';
import { ImagingError } from '../errors.ts';
import type { Orientation } from './orientation.ts';

/** A side of an image. */
export type Side = 'left' | 'right' | 'top' | 'bottom';

/**
 * Where the patient's parts lie: letters as in PatientOrientation (PS3.3, C.7.6.1.1.1), the main direction first: A front,
 * P back, R and L the patient's right and left, H head, F feet.
 */
export interface AnatomicalDirections {
  /** Towards the right of the image. */
  readonly right: string;
  /** Towards the bottom of the image. */
  readonly down: string;
}

const OPPOSITE: Readonly<Record<string, string>> = { A: 'P', P: 'A', L: 'R', R: 'L', H: 'F', F: 'H' };

const opposite = (letters: string): string => [...letters].map((letter) => OPPOSITE[letter] ?? letter).join('');

/** The directions that PatientOrientation states, or undefined where it is absent or empty. Throws tag-invalid. */
export function patientDirections({ PatientOrientation: value }: DicomFacts): AnatomicalDirections | undefined {
  if (!value || value.every((part) => part === '')) return undefined;
  const [right = '', down = ''] = value;
  const valid = value.length === 2 && [right, down].every((part) => /^[APLRHF]{1,3}$/.test(part) && isConsistent(part));
  if (!valid || axisOf(right) === axisOf(down)) {
    throw new ImagingError(
      'tag-invalid',
      `PatientOrientation must be two directions along different axes, such as A\\FR, got ${value.join('\\')}: mend the file, or name the chest wall`,
    );
  }
  return { right, down };
}

/** No letter with its opposite, nor twice. */
const isConsistent = (letters: string): boolean => new Set([...letters].map(axisOf)).size === letters.length;

/** The axis of the main direction: A and P are one, and so on. */
const axisOf = (letters: string): number => Math.floor('APLRHF'.indexOf(letters[0] ?? '?') / 2);

/** A component below this share of a direction is not named; 15 degrees off an axis is. */
const LEAST_COSINE = 0.25;

/** How far direction cosines may be from unit length and right angles. */
const COSINE_TOLERANCE = 1e-2;

/**
 * The directions of ImageOrientationPatient (PS3.3, C.7.6.2.1.1): cosines of a row, then of a column, x to the patient's left,
 * y to the back, z to the head. Undefined where absent. Throws tag-invalid where they are no two unit vectors at a right angle.
 */
export function cosineDirections({ ImageOrientationPatient: cosines }: DicomFacts): AnatomicalDirections | undefined {
  if (!cosines) return undefined;
  const [row, column] = [cosines.slice(0, 3), cosines.slice(3, 6)];
  const dot = (a: readonly number[], b: readonly number[]) =>
    a.reduce((sum, value, i) => sum + value * (b[i] as number), 0);
  const off = [dot(row, row) - 1, dot(column, column) - 1, dot(row, column)].map(Math.abs);
  if (cosines.length !== 6 || !off.every((error) => error <= COSINE_TOLERANCE)) {
    throw new ImagingError(
      'tag-invalid',
      `ImageOrientationPatient must be two unit vectors at a right angle, got ${cosines.join('\\')}: mend the file`,
    );
  }
  return { right: lettersOf(row), down: lettersOf(column) };
}

function lettersOf(direction: readonly number[]): string {
  const names = ['LR', 'PA', 'HF'];
  return direction
    .map((cosine, axis) => ({ letter: names[axis]?.[cosine > 0 ? 0 : 1] ?? '', size: Math.abs(cosine) }))
    .filter(({ size }) => size >= LEAST_COSINE)
    .sort((a, b) => b.size - a.size)
    .map(({ letter }) => letter)
    .join('');
}

/** The side of the chest wall: opposite to the front. Undefined where neither axis is mainly front to back. */
export function chestWallOf({ right, down }: AnatomicalDirections): Side | undefined {
  if (right[0] === 'A') return 'left';
  if (right[0] === 'P') return 'right';
  if (down[0] === 'A') return 'top';
  return down[0] === 'P' ? 'bottom' : undefined;
}

/** What lies where after an orientation. */
export function orientDirections({ right, down }: AnatomicalDirections, to: Orientation): AnatomicalDirections {
  const [first, second] = to.transpose ? [down, right] : [right, down];
  return {
    right: to.flipHorizontal ? opposite(first) : first,
    down: to.flipVertical ? opposite(second) : second,
  };
}
