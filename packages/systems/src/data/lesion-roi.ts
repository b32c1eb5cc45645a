/** Lesions of whole mammograms: which rows are one, and the square that is cut out around them. */
import {
  type BoxPx,
  boxOnSeen,
  ImagingError,
  type ManifestRow,
  type Modality,
  type Plane,
  readManifestImage,
  type SeenPlane,
  windowPlane,
} from '@mammoscope/imaging';
import { SystemError } from '../errors.ts';
import { type StoredPlace, storedPlace } from './stored-place.ts';

/** A row whose lesion is cut out of its image. */
export type LesionRow = ManifestRow & { readonly box: BoxPx };

const WHOLE: ReadonlySet<Modality> = new Set(['DM', 'FILM', 'SYNTHETIC2D']);

/** Whether a row is a lesion of a whole mammogram: a box on any image in two dimensions but a PATCH, which is cut out already. */
export function isLesion(row: ManifestRow): row is LesionRow {
  return row.box !== undefined && WHOLE.has(row.modality);
}

/** SystemError 'data-unusable' for a whole mammogram among lesions: a network would learn to tell the two apart. */
export function requireBoxes(manifest: string, rows: readonly ManifestRow[]): void {
  const row = rows.find(({ modality, box }) => box === undefined && WHOLE.has(modality));
  if (!row) return;
  throw new SystemError(
    'data-unusable',
    `${manifest}, line ${row.line}: image ${row.path} is a whole mammogram without a box, where lesions are cut out of theirs: fill x1, y1, x2, y2, leave the row out, or train on whole images with --set roiPx=0`,
  );
}

/**
 * Reads the square of roiPx stored pixels around the centre of a lesion's box, as a network sees it: DICOM with grey levels and
 * orientation of the whole image, and not cropped to the breast, so that a lesion at the skin line has its air around it.
 * Throws ImagingError as readManifestImage, and option-invalid for a box that leaves its image.
 */
export async function readLesion(row: LesionRow, roiPx: number): Promise<PlacedPlane> {
  const seen = await readManifestImage(row, { crop: 'none' });
  const { width, height } = seen.placement ?? seen;
  const [, , x2, y2] = row.box;
  if (x2 > width || y2 > height) {
    const message = `the box ${row.box.join(', ')} leaves image ${row.path} of ${width} x ${height} pixels: correct or clip it`;
    throw new ImagingError('option-invalid', message);
  }
  const [left, top, right, bottom] = lesionSquare(seen, row.box, roiPx);
  const plane = windowPlane(seen, left, top, roiPx, roiPx);
  return { ...plane, place: storedPlace(seen, [left, top, right, bottom]) };
}

/** A plane and the part of the stored image that it is. */
export interface PlacedPlane extends Plane {
  readonly place: StoredPlace;
}

/**
 * The square of a side around the centre of a box of the stored image, in pixels of the plane. It is moved into the image where it
 * would reach out of it; along an axis on which the image is smaller, the image lies in its middle between zeros (air). It
 * keeps its side whatever the lesion's, of a larger one the middle is seen: "a square region of interest (ROI) of 512 x 512
 * pixels" (Kang et al. 2021, Data preparation) is one size for all.
 */
function lesionSquare(seen: SeenPlane, box: BoxPx, roiPx: number): BoxPx {
  const [x1, y1, x2, y2] = boxOnSeen(box, seen);
  const start = (centre: number, extent: number) => {
    const room = extent - roiPx;
    return room < 0 ? Math.floor(room / 2) : Math.min(room, Math.max(0, Math.round(centre - roiPx / 2)));
  };
  const [left, top] = [start((x1 + x2) / 2, seen.width), start((y1 + y2) / 2, seen.height)];
  return [left, top, left + roiPx, top + roiPx];
}
