/**
 * The compressed breast of a view and the way between it and the breast itself.
 *
 * View coordinates in mm: x from the chest wall to the nipple, u along the detector's long side (up in the image: lateral
 * in CC, superior in MLO, 0 at the nipple), w across the detector from the middle of the breast towards the tube. Breast
 * coordinates: X as x, Y lateral, Z superior, as it is when nothing presses. A view turns the breast about X by its
 * angle and flattens it: u is stretched and w shrunk so that a section keeps its area. Both views thus see one breast.
 */
import type { ImageGrid } from './presets.ts';

export type BreastSide = 'L' | 'R';
export const BREAST_VIEWS = ['CC', 'MLO'] as const;
export type BreastView = (typeof BREAST_VIEWS)[number];

/** Form of a compressed breast, in mm. */
export interface BreastBody {
  readonly thicknessMm: number;
  /** Chest wall to skin at the nipple, and half the width along the chest wall, in CC. */
  readonly depthMm: number;
  readonly halfWidthMm: number;
  /** Angle of the MLO view from CC. */
  readonly obliqueDeg: number;
  /** Width of the pectoral muscle at the top of an MLO image, and how far above the nipple it ends. */
  readonly pectoralWidthMm: number;
  readonly pectoralEndMm: number;
}

export type Point = readonly [number, number, number];

/** Thickness of the skin (Huang et al., Medical Physics 35, 2008, 1199-1206: 1.45 mm). */
export const SKIN_MM = 1.45;

const NIPPLE_RADIUS_MM = 5;
/** How far its middle lies behind the skin. */
const NIPPLE_SUNK_MM = 1.5;
/** Exponent of the outline along the chest wall: a little flatter in front than an ellipse. */
const FLATNESS = 2.3;
/** An MLO image has the nipple below its middle, since the axilla is above. */
const MLO_NIPPLE_BELOW_MM = 14;
/** The rim curves over this part of half the thickness. */
const RIM = 0.85;

/** One view of one breast. */
export class BreastShape {
  readonly body: BreastBody;
  readonly view: BreastView;
  readonly #angle: number;
  readonly #stretch: number;
  readonly #flatten: number;
  readonly #up: number;
  readonly #down: number;

  constructor(body: BreastBody, view: BreastView) {
    this.body = body;
    this.view = view;
    this.#angle = view === 'CC' ? 0 : (body.obliqueDeg * Math.PI) / 180;
    const radius = this.radiusMm;
    this.#stretch = body.halfWidthMm / radius;
    this.#flatten = body.thicknessMm / 2 / radius;
    this.#up = view === 'CC' ? body.halfWidthMm : 2.5 * body.halfWidthMm;
    this.#down = view === 'CC' ? body.halfWidthMm : 0.92 * body.halfWidthMm;
  }

  /** Radius of the uncompressed section at the chest wall: that of the circle with the compressed section's area. */
  get radiusMm(): number {
    return Math.sqrt((this.body.halfWidthMm * this.body.thicknessMm) / 2);
  }

  /** A breast point as this view has it. */
  toView([x, y, z]: Point): Point {
    const [u, w] = this.turn(y, z);
    return [x, u * this.#stretch, w * this.#flatten];
  }

  /** The breast point seen at a place of this view. */
  toBreast(x: number, u: number, w: number): Point {
    const [p, q] = [u / this.#stretch, w / this.#flatten];
    const [cosine, sine] = [Math.cos(this.#angle), Math.sin(this.#angle)];
    return [x, p * cosine - q * sine, p * sine + q * cosine];
  }

  /** A direction (Y, Z) of the breast as (u, w), without any stretching: small hard things are not deformed. */
  turn(y: number, z: number): readonly [number, number] {
    const [cosine, sine] = [Math.cos(this.#angle), Math.sin(this.#angle)];
    return [y * cosine + z * sine, z * cosine - y * sine];
  }

  /** The breast direction (Y, Z) that `turn` gives (u, w) for. */
  turnBack(u: number, w: number): readonly [number, number] {
    const [cosine, sine] = [Math.cos(this.#angle), Math.sin(this.#angle)];
    return [u * cosine - w * sine, u * sine + w * cosine];
  }

  /** u of a row of an image, fractional rows counted at pixel centres. */
  rowToU(row: number, { heightPx, spacingMm, middleRow = heightPx / 2 }: ImageGrid): number {
    return (middleRow - row - 0.5) * spacingMm + (this.view === 'CC' ? 0 : MLO_NIPPLE_BELOW_MM);
  }

  /** The row at whose centre u lies. */
  uToRow(u: number, grid: ImageGrid): number {
    return (this.rowToU(0, grid) - u) / grid.spacingMm;
  }

  /** Distance from the outline without the nipple to a point inside, to first order; negative outside. */
  edgeMm(x: number, u: number): number {
    const half = u > 0 ? this.#up : this.#down;
    const { depthMm } = this.body;
    const side = Math.abs(u) / half;
    const excess = 1 - (x / depthMm) ** 2 - side ** FLATNESS;
    const [dx, du] = [(2 * x) / depthMm ** 2, (FLATNESS * side ** (FLATNESS - 1)) / half];
    return excess / (Math.sqrt(dx * dx + du * du) + 1e-9);
  }

  /** Half the thickness of the breast with its nipple, 0 outside. */
  halfThicknessMm(x: number, u: number): number {
    const nipple = NIPPLE_RADIUS_MM ** 2 - (x - this.body.depthMm + NIPPLE_SUNK_MM) ** 2 - u ** 2;
    return Math.max(this.#rounded(this.edgeMm(x, u), this.body.thicknessMm / 2), nipple > 0 ? Math.sqrt(nipple) : 0);
  }

  /** Half the thickness of what lies inside the skin, from edgeMm. */
  halfInsideMm(edgeMm: number): number {
    return this.#rounded(edgeMm - SKIN_MM, this.body.thicknessMm / 2 - SKIN_MM);
  }

  /** x to which the pectoral muscle reaches at u; 0 where there is none. Slightly convex. */
  pectoralMm(u: number): number {
    if (this.view === 'CC') return 0;
    const { pectoralWidthMm, pectoralEndMm } = this.body;
    const t = (u - pectoralEndMm) / (130 - pectoralEndMm);
    return t <= 0 ? 0 : pectoralWidthMm * (t + 0.3 * t * (1 - Math.min(1, t)));
  }

  /** Half the thickness of the muscle at x where it reaches to `pectoralMm`; its edge is drawn out thin. */
  halfMuscleMm(x: number, pectoralMm: number): number {
    const inside = pectoralMm - x;
    return inside <= 0 ? 0 : 0.62 * (this.body.thicknessMm / 2) * Math.sqrt(Math.min(1, inside / 14));
  }

  #rounded(distance: number, half: number): number {
    if (distance <= 0) return 0;
    const t = 1 - Math.min(1, distance / (RIM * half));
    return half * Math.sqrt(1 - t * t);
  }
}
