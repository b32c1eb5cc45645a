/** How an image of a compressed breast lies to the patient, from side, view and the angle of the tube. */

/** One breast in one of the two views of screening. */
export interface BreastPosition {
  readonly laterality: 'L' | 'R';
  readonly view: 'CC' | 'MLO';
  /** Angle of the tube from the vertical, 0 for CC. */
  readonly obliqueDeg: number;
}

export type Vector = readonly [number, number, number];

/**
 * Axes of the breast as it lies on the detector, in the patient's coordinates (x to the left, y to the back, z to the head; PS3.3
 * C.7.6.2.1.1): `front` from the chest wall to the nipple, `up` lateral in CC and towards the axilla in MLO, `tube` from the
 * detector to the tube, which stands above in CC and leans to the other breast in MLO.
 */
export function breastAxes({ laterality, view, obliqueDeg }: BreastPosition): Record<'front' | 'up' | 'tube', Vector> {
  const lateral = laterality === 'L' ? 1 : -1;
  const angle = view === 'CC' ? 0 : (obliqueDeg * Math.PI) / 180;
  const [cosine, sine] = [Math.cos(angle), Math.sin(angle)];
  return { front: [0, -1, 0], up: [lateral * cosine, 0, sine], tube: [-lateral * sine, 0, cosine] };
}

/** +0 for -0, which prints alike and differs in a test. */
const negative = (vector: Vector): Vector => [0 - vector[0], 0 - vector[1], 0 - vector[2]];

/** Directions of rows and columns of an image whose chest wall is on the left for a left breast and on the right for a right one. */
export function imageDirections(position: BreastPosition): { readonly row: Vector; readonly column: Vector } {
  const { front, up } = breastAxes(position);
  return { row: position.laterality === 'L' ? front : negative(front), column: negative(up) };
}

/** PatientOrientation (PS3.3 C.7.6.1.1.1) of such an image; an oblique column runs down and to the middle. */
export function patientOrientation({ laterality, view }: BreastPosition): readonly [string, string] {
  const medial = laterality === 'L' ? 'R' : 'L';
  return [laterality === 'L' ? 'A' : 'P', view === 'CC' ? medial : `F${medial}`];
}

/** PositionerPrimaryAngle (PS3.3 C.8.11.7.1.1): positive where the tube moved to the patient's left. */
export function primaryAngleDeg({ laterality, view, obliqueDeg }: BreastPosition): number {
  return view === 'CC' ? 0 : laterality === 'L' ? 0 - obliqueDeg : obliqueDeg;
}
