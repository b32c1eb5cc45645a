/** A detector's or a volume's grid; x runs from the chest wall, y from the top. */
export interface ImageGrid {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly spacingMm: number;
  /** Where the middle row of the whole image lies, for a grid that is a part of it; half the height unless given. */
  readonly middleRow?: number;
}

/** How finely a virtual breast is drawn and imaged. All presets see about the same field of view. */
export interface PhantomPreset {
  readonly dm: ImageGrid;
  readonly dbt: ImageGrid & { readonly slices: number; readonly sliceMm: number };
  /** Side of the periodic cube of coarse texture in voxels, a power of two, and of a voxel in mm; together 128 mm. */
  readonly cube: { readonly size: number; readonly voxelMm: number };
  /** Side of the periodic tile of fine texture, in pixels of `dbt`, a power of two. */
  readonly tilePx: number;
  /** Smooth fields of the tissue are evaluated every so many pixels and interpolated. */
  readonly latticePx: number;
}

/**
 * `full` has the sizes of a clinical system: DM of 70 um, 3328 x 2560; DBT of 0.1 mm and 1 mm between slices, 2457 x
 * 1996 x 60. `small` is 3 times coarser in plane and 2 times between slices, `tiny` 8 and 4 times.
 */
export const PHANTOM_PRESETS = {
  tiny: {
    dm: { heightPx: 416, widthPx: 320, spacingMm: 0.56 },
    dbt: { heightPx: 307, widthPx: 249, spacingMm: 0.8, slices: 15, sliceMm: 4 },
    cube: { size: 64, voxelMm: 2 },
    tilePx: 128,
    latticePx: 1,
  },
  small: {
    dm: { heightPx: 1110, widthPx: 854, spacingMm: 0.21 },
    dbt: { heightPx: 819, widthPx: 665, spacingMm: 0.3, slices: 30, sliceMm: 2 },
    cube: { size: 128, voxelMm: 1 },
    tilePx: 256,
    latticePx: 2,
  },
  full: {
    dm: { heightPx: 3328, widthPx: 2560, spacingMm: 0.07 },
    dbt: { heightPx: 2457, widthPx: 1996, spacingMm: 0.1, slices: 60, sliceMm: 1 },
    cube: { size: 128, voxelMm: 1 },
    tilePx: 512,
    latticePx: 6,
  },
} as const satisfies Record<string, PhantomPreset>;

export type PhantomPresetName = keyof typeof PHANTOM_PRESETS;
