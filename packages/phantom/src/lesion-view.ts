/** A lesion as one view sees it. */
import { ATTENUATION_PER_MM as MU } from './attenuation.ts';
import type { BreastShape, Point } from './breast-shape.ts';
import type { Lesion } from './lesion.ts';
import { coreReachMm, depthInCore, type Mass } from './mass.ts';
import type { ImageGrid } from './presets.ts';
import type { GridPlane, MassInView } from './tissue.ts';

/** A ball in view coordinates that attenuates by gainPerMm more than what it lies in. */
export interface BallInView {
  readonly at: Point;
  readonly radiusMm: number;
  readonly gainPerMm: number;
}

/** What a view has of a lesion. */
export interface LesionInView {
  readonly lesion: Lesion;
  readonly centre: Point;
  readonly balls: readonly BallInView[];
  readonly mass?: MassInView;
}

/** How much shorter a cluster becomes across the breast as it is compressed. */
const CLUSTER_FLATTENING = 0.2;

/** How much less a strand rises across the breast as it is compressed. */
const STRAND_FLATTENING = 0.35;

/** Balls along a spicule are this many radii apart. */
const SPICULE_STEP = 0.7;

/** The centre of a lesion in breast coordinates. */
export function lesionCentre(shape: BreastShape, { place }: Lesion): Point {
  const angle = (place.angleDeg * Math.PI) / 180;
  const radius = place.radius * shape.radiusMm;
  return [place.depth * shape.body.depthMm, radius * Math.cos(angle), radius * Math.sin(angle)];
}

/** The direction of a strand under compression, which lays it down without making it shorter. */
function pressed(x: number, u: number, w: number): Point {
  const flat = STRAND_FLATTENING * w;
  const length = Math.hypot(x, u, flat);
  return [x / length, u / length, flat / length];
}

/** Brings a lesion into a view. Calcifications that would lie outside the breast are left out. */
export function lesionInView(shape: BreastShape, lesion: Lesion): LesionInView {
  const centre = shape.toView(lesionCentre(shape, lesion));
  if (lesion.kind === 'calcifications') {
    const balls = lesion.calcifications.flatMap(({ atMm, balls, density }) => {
      const [du, dw] = shape.turn(atMm[1], atMm[2]);
      return balls.map(({ offsetMm, radiusMm }) => {
        const [ou, ow] = shape.turn(offsetMm[1], offsetMm[2]);
        const at: Point = [
          centre[0] + atMm[0] + offsetMm[0],
          centre[1] + du + ou,
          centre[2] + CLUSTER_FLATTENING * dw + ow,
        ];
        return { at, radiusMm, gainPerMm: density * (MU.calcification - MU.fat) };
      });
    });
    return { lesion, centre, balls: balls.filter(({ at }) => isInside(shape, at)) };
  }
  const balls = spiculeBalls(lesion, centre, ([x, y, z]) => pressed(x, ...shape.turn(y, z)));
  const coverage = (x: number, u: number, w: number) => {
    const [y, z] = shape.turnBack(u - centre[1], w - centre[2]);
    const depth = depthInCore(lesion, x - centre[0], y, z);
    return Math.min(1, Math.max(0, 0.5 + depth / lesion.fadeMm));
  };
  return { lesion, centre, balls, mass: { centre, reachMm: coreReachMm(lesion), density: lesion.density, coverage } };
}

/** The spicules of a mass as rows of balls. @param turn brings a direction into the view */
export const spiculeBalls = ({ spicules }: Mass, centre: Point, turn: (direction: Point) => Point): BallInView[] =>
  spicules.flatMap(({ direction, fromMm, toMm, radiusMm }) => {
    const [x, u, w] = turn(direction);
    const step = SPICULE_STEP * radiusMm;
    return Array.from({ length: Math.max(1, Math.round((toMm - fromMm) / step)) }, (_, i): BallInView => {
      const reach = fromMm + i * step;
      const taper = 1 - 0.6 * ((reach - fromMm) / (toMm - fromMm));
      // Balls of volume 4/3 pi r^3 every step stand for a strand of section pi r^2.
      const gainPerMm = (0.75 * step * (MU.mass - MU.fat)) / (radiusMm * taper);
      const at: Point = [centre[0] + reach * x, centre[1] + reach * u, centre[2] + reach * w];
      return { at, radiusMm: radiusMm * taper, gainPerMm };
    });
  });

/** Whether a place is inside the skin with 2 mm to spare. */
function isInside(shape: BreastShape, [x, u, w]: Point): boolean {
  return x > 2 && Math.abs(w) < shape.halfInsideMm(shape.edgeMm(x, u) - 2) - 2;
}

/** Samples a side of a pixel when a ball is drawn. */
const SAMPLES = 4;

/**
 * Adds the path through a ball, times its gain, to a plane; `shift` moves u, as an oblique ray does. What the samples of the
 * pixels miss or overcount is put right, so that the sum is the ball's volume however coarse the pixels.
 */
export function addBall(
  { grid, values }: Omit<GridPlane, 'filled'>,
  shape: Pick<BreastShape, 'uToRow'>,
  ball: BallInView,
  shift = 0,
): void {
  const { widthPx, heightPx, spacingMm } = grid;
  const [x, u] = ball.at;
  const column = x / spacingMm - 0.5;
  const row = shape.uToRow(u + shift, grid);
  const radius = Math.max(ball.radiusMm / spacingMm, 0.5 / SAMPLES);
  const [left, top] = [Math.floor(column - radius + 0.5), Math.floor(row - radius + 0.5)];
  const [right, bottom] = [Math.floor(column + radius + 0.5), Math.floor(row + radius + 0.5)];
  const width = right - left + 1;
  const paths = new Float64Array(width * (bottom - top + 1));
  let sum = 0;
  for (let sy = 0; sy < (bottom - top + 1) * SAMPLES; sy++) {
    for (let sx = 0; sx < width * SAMPLES; sx++) {
      const dx = left - 0.5 + (sx + 0.5) / SAMPLES - column;
      const dy = top - 0.5 + (sy + 0.5) / SAMPLES - row;
      const inside = radius * radius - dx * dx - dy * dy;
      if (inside <= 0) continue;
      const at = Math.floor(sy / SAMPLES) * width + Math.floor(sx / SAMPLES);
      paths[at] = (paths[at] as number) + Math.sqrt(inside);
      sum += Math.sqrt(inside);
    }
  }
  if (sum === 0) return;
  const volume = (4 / 3) * Math.PI * ball.radiusMm ** 3;
  const gain = (ball.gainPerMm * volume) / (sum * spacingMm * spacingMm);
  for (const [i, path] of paths.entries()) {
    const [px, py] = [left + (i % width), top + Math.floor(i / width)];
    if (path === 0 || px < 0 || py < 0 || px >= widthPx || py >= heightPx) continue;
    const at = py * widthPx + px;
    values[at] = (values[at] as number) + gain * path;
  }
}

/**
 * Attenuation of a lesion from which a pixel is part of its mask: a third of a millimetre of a core, or of a spicule, against
 * fat; 0.01 mm of a calcification, and less where pixels are so large that it fills little of one.
 */
const MASK_LEVEL = { mass: 0.012, calcifications: 0.01 } as const;

/** The pixels that a lesion covers, 1 or 0, [heightPx * widthPx], and the box around them; undefined where it is out of sight. */
export function lesionMask(
  inView: LesionInView,
  shape: BreastShape,
  grid: ImageGrid,
): { readonly mask: Uint8Array; readonly box: readonly [number, number, number, number] } | undefined {
  const plane = { grid, values: new Float32Array(grid.widthPx * grid.heightPx) };
  for (const ball of inView.balls) addBall(plane, shape, ball);
  if (inView.mass) addCore(plane, shape, inView.mass);
  const level = MASK_LEVEL[inView.lesion.kind] * (inView.mass ? 1 : Math.min(1, (0.1 / grid.spacingMm) ** 2 * 4));
  const mask = new Uint8Array(plane.values.length);
  let [x1, y1, x2, y2] = [grid.widthPx, grid.heightPx, 0, 0];
  for (let i = 0; i < mask.length; i++) {
    if ((plane.values[i] as number) < level) continue;
    mask[i] = 1;
    const [x, y] = [i % grid.widthPx, Math.floor(i / grid.widthPx)];
    [x1, y1, x2, y2] = [Math.min(x1, x), Math.min(y1, y), Math.max(x2, x + 1), Math.max(y2, y + 1)];
  }
  return x1 < x2 ? { mask, box: [x1, y1, x2, y2] } : undefined;
}

/** Adds the attenuation of a core against fat, integrated in steps of half a millimetre. */
function addCore({ grid, values }: Omit<GridPlane, 'filled'>, shape: BreastShape, mass: MassInView): void {
  const { widthPx, heightPx, spacingMm } = grid;
  const [x, u, w] = mass.centre;
  const middle = shape.uToRow(u, grid);
  const reach = mass.reachMm;
  const step = 0.5;
  const [top, bottom] = [Math.max(0, Math.floor(middle - reach / spacingMm)), middle + reach / spacingMm];
  for (let row = top; row <= Math.min(heightPx - 1, bottom); row++) {
    const rowU = shape.rowToU(row, grid);
    const left = Math.max(0, Math.floor((x - reach) / spacingMm));
    for (let column = left; column <= Math.min(widthPx - 1, (x + reach) / spacingMm); column++) {
      let path = 0;
      for (let dw = -reach; dw <= reach; dw += step)
        path += step * mass.coverage((column + 0.5) * spacingMm, rowU, w + dw);
      const at = row * widthPx + column;
      values[at] = (values[at] as number) + path * (MU.mass - MU.fat);
    }
  }
}

/**
 * Depths, in mm from the middle of the breast, of a lesion: the depth of its focus and how far it reaches. The focus of a
 * cluster is where its calcifications together are sharpest: a ball of diameter d whose slice is t away is smeared over d +
 * 2 t tan(half the angle), so it counts volume / (d (d + 2 t tan)).
 */
export function lesionDepths(
  { balls, mass, centre }: LesionInView,
  slices: readonly number[],
  halfAngleDeg: number,
): { readonly focus: number; readonly first: number; readonly last: number } {
  if (mass) {
    const half = 0.8 * mass.reachMm; // the reach is that of the largest bulge
    return { focus: nearest(slices, centre[2]), ...range(slices, centre[2] - half, centre[2] + half) };
  }
  const smear = 2 * Math.tan((halfAngleDeg * Math.PI) / 180);
  const sharpness = slices.map((w) =>
    balls.reduce((sum, { at, radiusMm, gainPerMm }) => {
      const diameter = 2 * radiusMm;
      return sum + (gainPerMm * diameter ** 2) / (diameter + smear * Math.abs(w - at[2]));
    }, 0),
  );
  const depths = balls.map(({ at }) => at[2]);
  return {
    focus: sharpness.indexOf(Math.max(...sharpness)),
    ...range(slices, Math.min(...depths), Math.max(...depths)),
  };
}

function nearest(slices: readonly number[], w: number): number {
  return slices.reduce((best, at, i) => (Math.abs(at - w) < Math.abs((slices[best] as number) - w) ? i : best), 0);
}

const range = (slices: readonly number[], from: number, to: number) => ({
  first: nearest(slices, from),
  last: nearest(slices, to),
});
