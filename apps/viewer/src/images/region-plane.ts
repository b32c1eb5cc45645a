/** A part of an image as a network sees it before normalisation: in display levels, turned with the chest wall on the left. */
import { composeOrientations, MIRRORED, orientBox, resizeBilinear, windowPlane } from '@mammoscope/imaging/browser';
import type { GreyMapping } from './grey-mapping.ts';
import { layOut, type StoredFrame } from './lay-out.ts';
import type { RegionOrder, RegionPlane } from './protocol.ts';

/**
 * The square around a centre as `lesionRoi` of the systems cuts it (moved into the image where it would reach out of it, zeros where the image is
 * smaller), or the box of the breast, resampled to a side. Images of the right breast are mirrored, as networks are trained.
 */
export function regionPlane(frame: StoredFrame, mapping: GreyMapping, order: RegionOrder): RegionPlane {
  const { laying, square, sizePx } = order;
  const isRight = laying.laterality === 'R' && laying.unhung === undefined;
  const orientation = isRight ? composeOrientations(laying.orientation, MIRRORED) : laying.orientation;
  const { values, width, height } = layOut(frame, mapping, orientation, 1);
  const { low, high } = mapping.window;
  const data = Float32Array.from(values, (value) => Math.min(1, Math.max(0, (value - low) / (high - low))));
  const plane = { width, height, data };
  const cut = square ? cutSquare() : cutBreast();
  return { data: resized(cut, sizePx) };

  function cutSquare() {
    const { centrePx, sidePx } = square as NonNullable<typeof square>;
    const [x, y] = centrePx;
    const [left, top] = orientBox([x, y, x, y], frame.columns, frame.rows, orientation);
    const start = (centre: number, extent: number) => {
      const room = extent - sidePx;
      return room < 0 ? Math.floor(room / 2) : Math.min(room, Math.max(0, Math.round(centre - sidePx / 2)));
    };
    return windowPlane(plane, start(left, width), start(top, height), sidePx, sidePx);
  }

  function cutBreast() {
    const [x1, y1, x2, y2] = isRight ? orientBox(laying.boxPx, width, height, MIRRORED) : laying.boxPx;
    return windowPlane(plane, x1, y1, x2 - x1, y2 - y1);
  }
}

const resized = (plane: { width: number; height: number; data: Float32Array }, sizePx: number) =>
  Float32Array.from(resizeBilinear(plane.data, plane.width, plane.height, sizePx, sizePx));
