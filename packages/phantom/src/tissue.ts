/** What a breast is made of, slab by slab: skin, fat, fibroglandular tissue, Cooper's ligaments, muscle, a mass. */
import { RandomStream } from '@mammoscope/random';
import { ATTENUATION_PER_MM as MU } from './attenuation.ts';
import type { BreastShape, BreastSide, Point } from './breast-shape.ts';
import type { ImageGrid, PhantomPreset } from './presets.ts';
import { sampleCube, type TextureCube, textureCube, textureTile } from './texture.ts';
import type { BreastDensity, Woman } from './woman.ts';

/** How near the axis of the breast fibroglandular tissue begins: 1 would be the axis alone, 0 the whole ellipsoid. */
const GLAND_ONSET: Readonly<Record<BreastDensity, number>> = { a: 0.62, b: 0.44, c: 0.27, d: 0.08 };

/** Amplitude of the cube's texture in the share of fibroglandular tissue, before clipping to 0..1, and its slope with nearness. */
const COARSE = 0.75;
const SLOPE = 1.8;

/** Fibroglandular tissue is interleaved with fat too finely to be drawn: its densest parts are this share. */
const DENSEST = 0.78;

/** Wavelengths of the field whose zero surfaces are Cooper's ligaments, in cycles per 128 mm, and half its sheets' width. */
const LIGAMENT_CYCLES = { lowest: 3, highest: 9 };
const LIGAMENT_LEVEL = 0.11;

/**
 * The tile's standard deviation over the cube's, so that one spectrum A / f^3 goes through both. The cube has the variance
 * 4 pi A ln(f2 / f1) between its lowest and highest frequency. Slabs of depth d that are independent of each other project
 * to the same spectrum when each has A / (d f^3) in its plane, with the variance 2 pi A (1 / f2 - 1 / f3) / d.
 */
function fineOverCoarse({ cube, dbt }: PhantomPreset): number {
  const [lowest, middle, highest] = [1 / (cube.size * cube.voxelMm), crossover({ cube }), 1 / (2 * dbt.spacingMm)];
  const coarse = 2 * Math.log(middle / lowest);
  return FINE * Math.sqrt((1 / middle - 1 / highest) / dbt.sliceMm / coarse);
}

/** Cycles per mm at which the tile takes over: below the cube's limit of half a cycle a voxel, as interpolation damps. */
const crossover = ({ cube }: Pick<PhantomPreset, 'cube'>): number => 0.3 / cube.voxelMm;

/**
 * What clipping to 0..1 leaves of the cube's texture it takes less of the tile's; with this the spectrum of a drawn
 * mammogram is straight across the crossover (breast-images.test.ts).
 */
const FINE = 0.42;

/** Textures of one breast, drawn for it alone. */
export interface BreastTextures {
  readonly gland: TextureCube;
  readonly ligaments: TextureCube;
  readonly tile: Float32Array;
}

/** Draws the textures of one breast. Both breasts of a woman share the exponent; the noise is each breast's own. */
export function drawTextures({ seed, patient, beta }: Woman, side: BreastSide, preset: PhantomPreset): BreastTextures {
  const stream = (what: string) => new RandomStream(seed, 'phantom-texture', patient, side, what);
  const { size } = preset.cube;
  const lowest = Math.max(1, preset.tilePx * preset.dbt.spacingMm * crossover(preset));
  return {
    gland: textureCube(stream('gland'), size, beta),
    ligaments: textureCube(stream('ligaments'), 32, beta, LIGAMENT_CYCLES),
    tile: textureTile(stream('tile'), preset.tilePx, beta, Math.min(lowest, preset.tilePx / 4)),
  };
}

/** A plane of values over an ImageGrid, [heightPx * widthPx]. */
export interface GridPlane {
  readonly grid: ImageGrid;
  readonly values: Float32Array;
  /** Columns from the chest wall beyond which a row is 0. */
  readonly filled: Int32Array;
}

/** A mass as a slab needs it: the share of a voxel that it fills, near its centre only. */
export interface MassInView {
  readonly centre: Point;
  readonly reachMm: number;
  readonly density: number;
  /** Share, 0..1, at a place of the view. */
  readonly coverage: (x: number, u: number, w: number) => number;
}

/** One breast in one view, whose attenuation can be asked for slab by slab. */
export class BreastTissue {
  readonly grid: ImageGrid;
  /** Half the thickness of the breast, and of what is inside its skin, for every pixel of the grid. */
  readonly half: Float32Array;
  readonly #inside: Float32Array;
  readonly #shape: BreastShape;
  readonly #textures: BreastTextures;
  readonly #preset: PhantomPreset;
  readonly #woman: Woman;
  readonly #side: BreastSide;
  readonly #mass: MassInView | undefined;
  /** Columns from the chest wall that hold tissue, by row. */
  readonly filled: Int32Array;
  readonly #lattice: { readonly width: number; readonly gland: Float32Array; readonly ligament: Float32Array };

  constructor(
    woman: Woman,
    side: BreastSide,
    shape: BreastShape,
    textures: BreastTextures,
    {
      preset,
      grid,
      mass,
    }: { readonly preset: PhantomPreset; readonly grid: ImageGrid; readonly mass?: MassInView | undefined },
  ) {
    this.grid = grid;
    this.#shape = shape;
    this.#textures = textures;
    this.#preset = preset;
    this.#woman = woman;
    this.#side = side;
    this.#mass = mass;
    const { widthPx, heightPx, spacingMm } = grid;
    this.half = new Float32Array(widthPx * heightPx);
    this.#inside = new Float32Array(widthPx * heightPx);
    this.filled = new Int32Array(heightPx);
    for (let row = 0, at = 0; row < heightPx; row++) {
      const u = shape.rowToU(row, grid);
      for (let column = 0; column < widthPx; column++, at++) {
        const x = (column + 0.5) * spacingMm;
        this.half[at] = shape.halfThicknessMm(x, u);
        if (this.half[at] === 0) continue;
        this.#inside[at] = shape.halfInsideMm(shape.edgeMm(x, u));
        this.filled[row] = column + 1;
      }
    }
    const width = Math.ceil(widthPx / preset.latticePx) + 2;
    const height = Math.ceil(heightPx / preset.latticePx) + 2;
    this.#lattice = {
      width,
      gland: new Float32Array(width * height),
      ligament: new Float32Array(width * height),
    };
  }

  /** Half the thickness of the breast at most. */
  get reachMm(): number {
    return this.#shape.body.thicknessMm / 2;
  }

  /**
   * Fills a plane with the attenuation of the slab of depth `depthMm` around w, integrated across it, and returns it.
   * `index` names the slab's own piece of fine texture.
   */
  slab(values: Float32Array, w: number, depthMm: number, index: number): Float32Array {
    this.#fillLattice(w);
    const { widthPx, heightPx, spacingMm } = this.grid;
    const { latticePx, tilePx } = this.#preset;
    const { width, gland, ligament } = this.#lattice;
    const { tile } = this.#textures;
    const random = new RandomStream(
      this.#woman.seed,
      'phantom-tile',
      this.#woman.patient,
      this.#side,
      this.#shape.view,
      index,
    );
    const [dx, dy] = [random.integer(0, tilePx - 1), random.integer(0, tilePx - 1)];
    const [strideX, strideY] = random.chance(0.5) ? [1, tilePx] : [tilePx, 1];
    const mask = tilePx - 1;
    // Sheets thinner than a pixel keep their mass: wider and fainter.
    const level = LIGAMENT_LEVEL * Math.max(1, spacingMm / 0.5);
    const strength = (0.75 * LIGAMENT_LEVEL) / level;
    const distance = Math.abs(w);
    const fineGain = COARSE * fineOverCoarse(this.#preset);
    values.fill(0);
    for (let row = 0; row < heightPx; row++) {
      const filled = this.filled[row] as number;
      const y = row / latticePx;
      const [y0, fy] = [Math.floor(y), y - Math.floor(y)];
      const muscle = this.#shape.pectoralMm(this.#shape.rowToU(row, this.grid));
      const tileRow = ((row + dy) & mask) * strideY;
      for (let cell = 0; cell * latticePx < filled; cell++) {
        const above = y0 * width + cell;
        const below = above + width;
        const g0 = mix(gland[above] as number, gland[below] as number, fy);
        const g1 = mix(gland[above + 1] as number, gland[below + 1] as number, fy);
        const l0 = mix(ligament[above] as number, ligament[below] as number, fy);
        const l1 = mix(ligament[above + 1] as number, ligament[below + 1] as number, fy);
        const end = Math.min(filled, (cell + 1) * latticePx);
        for (let column = cell * latticePx, step = 0; column < end; column++, step++) {
          const at = row * widthPx + column;
          const covered = ((this.half[at] as number) - distance) / depthMm + 0.5;
          if (covered <= 0) continue;
          const whole = covered < 1 ? covered : 1;
          const inner = ((this.#inside[at] as number) - distance) / depthMm + 0.5;
          const core = inner <= 0 || this.#inside[at] === 0 ? 0 : inner < whole ? inner : whole;
          let sum = (whole - core) * MU.skin;
          if (core > 0) {
            const t = step / latticePx;
            const fine = fineGain * (tile[tileRow + ((column + dx) & mask) * strideX] as number);
            const sheet = l0 + t * (l1 - l0);
            const share = glandShare(g0 + t * (g1 - g0), sheet, fine, level, strength);
            const tissue = MU.fat + (MU.gland - MU.fat) * share;
            sum += core * tissue;
            const x = (column + 0.5) * spacingMm;
            if (x < muscle) {
              const fibres = (this.#shape.halfMuscleMm(x, muscle) - distance) / depthMm + 0.5;
              const part = fibres <= 0 ? 0 : fibres < core ? fibres : core;
              sum += part * (MU.muscle * (1 - 0.05 * sheet) - tissue);
            }
          }
          values[at] = sum * depthMm;
        }
      }
    }
    if (this.#mass) this.#addMass(values, this.#mass, w, depthMm);
    return values;
  }

  /** Smooth fields of the slab at w: share of fibroglandular tissue without fine texture, and the ligaments' field. */
  #fillLattice(w: number): void {
    const { widthPx, heightPx, spacingMm } = this.grid;
    const { latticePx, cube } = this.#preset;
    const { width, gland, ligament } = this.#lattice;
    const { depthMm } = this.#shape.body;
    const radius = this.#shape.radiusMm;
    const onset = GLAND_ONSET[this.#woman.density];
    const ligamentVoxelMm = (cube.size * cube.voxelMm) / this.#textures.ligaments.size;
    for (let row = 0; row * latticePx < heightPx + latticePx; row++) {
      const u = this.#shape.rowToU(row * latticePx, this.grid);
      for (let column = 0; column * latticePx < widthPx + latticePx; column++) {
        const at = row * width + column;
        const x = (column * latticePx + 0.5) * spacingMm;
        if (this.#shape.edgeMm(x, u) < -2 * latticePx * spacingMm) {
          gland[at] = 0;
          ligament[at] = 1;
          continue;
        }
        const [bx, by, bz] = this.#shape.toBreast(x, u, w);
        // Tissue is drawn out towards the nipple: structures are longer along X.
        const texture = sampleCube(
          this.#textures.gland,
          (0.7 * bx) / cube.voxelMm,
          by / cube.voxelMm + 7.3,
          bz / cube.voxelMm,
        );
        // The fibroglandular disc lies behind the nipple and reaches into the upper outer quadrant.
        const ex = (bx - 0.56 * depthMm) / (0.47 * depthMm);
        const ey = (by - 0.1 * radius) / (0.82 * radius);
        const ez = (bz - 0.08 * radius) / (0.82 * radius);
        const nearness = 1 - Math.sqrt(ex * ex + ey * ey + ez * ez);
        gland[at] = SLOPE * (nearness - onset) + COARSE * texture;
        ligament[at] = sampleCube(
          this.#textures.ligaments,
          (0.6 * bx) / ligamentVoxelMm,
          by / ligamentVoxelMm,
          bz / ligamentVoxelMm,
        );
      }
    }
  }

  /** Replaces tissue by the mass where that attenuates more. */
  #addMass(values: Float32Array, mass: MassInView, w: number, depthMm: number): void {
    const { widthPx, heightPx, spacingMm } = this.grid;
    const [x, u, depth] = mass.centre;
    const reach = mass.reachMm;
    if (Math.abs(w - depth) > reach + depthMm / 2) return;
    const middle = this.#shape.uToRow(u, this.grid);
    const first = Math.max(0, Math.floor(middle - reach / spacingMm));
    const last = Math.min(heightPx - 1, Math.ceil(middle + reach / spacingMm));
    // A slab thicker than the voxels of the image is looked at in several depths.
    const levels = Math.ceil(depthMm);
    for (let row = first; row <= last; row++) {
      const rowU = this.#shape.rowToU(row, this.grid);
      const from = Math.max(0, Math.floor((x - reach) / spacingMm));
      const to = Math.min((this.filled[row] as number) - 1, Math.ceil((x + reach) / spacingMm));
      for (let column = from; column <= to; column++) {
        let share = 0;
        for (let level = 0; level < levels; level++) {
          const at = w + ((level + 0.5) / levels - 0.5) * depthMm;
          share += mass.coverage((column + 0.5) * spacingMm, rowU, at) / levels;
        }
        if (share === 0) continue;
        const at = row * widthPx + column;
        const full = (MU.fat + (MU.mass - MU.fat) * mass.density) * depthMm;
        const there = values[at] as number;
        values[at] = there + share * Math.max(0, full - there);
      }
    }
  }
}

const mix = (a: number, b: number, t: number): number => a + t * (b - a);

/** Share of fibroglandular tissue, 0..1, of the smooth fields and the fine texture. */
function glandShare(smooth: number, ligament: number, fine: number, level: number, strength: number): number {
  const raw = 0.5 + smooth + fine;
  const gland = raw <= 0 ? 0 : raw >= 1 ? DENSEST : DENSEST * raw * raw * (3 - 2 * raw);
  const sheet = 1 - Math.abs(ligament) / level;
  const fat = sheet > 0 ? strength * sheet : 0;
  const share = gland + (1 - gland) * fat;
  const septa = 0.3 * fine;
  return share + septa < 0 ? 0 : share + septa;
}
