/** How an image lies in its window: which way it is turned, and where the window is upon it (section V-D3). */
import {
  AS_STORED,
  chestWallByMask,
  gmicWindow,
  type ManifestImage,
  type ManifestRow,
  MIRRORED,
  type Orientation,
  type Placement,
  type WindowPlace,
} from '@mammoscope/imaging';

/** How an image lies: everything but its pixels, as plain data. */
export interface ImageLie {
  readonly slices: number;
  /** Of the image as stored. */
  readonly width: number;
  readonly height: number;
  /** From the plane that is read to one with the chest wall on the left, upon which the window lies. */
  readonly turn: Orientation;
  readonly window: WindowPlace;
  /** From the stored image to the plane that is read; absent where that is the stored one. */
  readonly placement?: Placement;
}

/** Side of the image that the breast is looked for in: a window need not lie right to the pixel. */
const MASK_SIDE_PX = 192;

/** How images lie, by their path in a manifest. */
export type KnownLies = Readonly<Record<string, ImageLie>>;

/** DICOM is turned with its chest wall to the left and not cropped, so that boxes convert by turning alone. */
const UNCROPPED = { chestWall: 'left', maskSidePx: MASK_SIDE_PX } as const;
export const WHOLE = { crop: 'none', ...UNCROPPED } as const;

/** Finds how an image lies, by the outline of the breast. Throws as reading does, and 'mask-empty' where no breast is seen in its middle slice. */
export async function findLie(
  image: ManifestImage,
  row: ManifestRow,
  size: { readonly width: number; readonly height: number },
): Promise<ImageLie> {
  const { mask, placement } = await image.breast(UNCROPPED);
  // Where the outline tells nothing the usual way to store a breast is taken; what was prepared lies with its chest wall left.
  const usual = row.laterality === 'R' && !placement ? 'right' : 'left';
  const says = chestWallByMask(mask)?.says;
  const wall = says === 'left' || says === 'right' ? says : usual;
  return {
    slices: image.depth,
    width: image.width,
    height: image.height,
    turn: wall === 'right' ? MIRRORED : AS_STORED,
    window: { ...gmicWindow(mask, size, wall), x: 0 },
    ...(placement ? { placement } : {}),
  };
}

/** Planes that are read are whole, so they are as large as the stored image, turned. */
export const readSize = ({ placement, width, height }: ImageLie) =>
  placement ? { width: placement.outWidth, height: placement.outHeight } : { width, height };
