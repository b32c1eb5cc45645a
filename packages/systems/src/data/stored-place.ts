/** Where what a network saw lies on the image as it is stored: what was turned, cut out and cropped, undone. */
import {
  AS_STORED,
  type BoxPx,
  boxOnStored,
  inverseOrientation,
  type Orientation,
  orientPlane,
  type Plane,
  type SeenPlane,
} from '@mammoscope/imaging';

/** A part of a stored image, and how it was turned to be seen. */
export interface StoredPlace {
  /** In pixels of the stored image; a square around a lesion may reach beyond a small one. */
  readonly box: BoxPx;
  readonly orientation: Orientation;
}

/** The place of a part of a plane, `box` in its pixels. */
export function storedPlace({ placement }: Pick<SeenPlane, 'placement'>, box: BoxPx): StoredPlace {
  return placement
    ? { box: boxOnStored(box, placement), orientation: placement.orientation }
    : { box, orientation: AS_STORED };
}

/** A coarse map over a plane, turned as the image is stored: it divides the box of its place evenly. */
export function mapAsStored(map: Plane, { orientation }: StoredPlace): Plane {
  return orientPlane(map, inverseOrientation(orientation));
}
