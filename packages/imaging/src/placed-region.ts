/** Parts of slices read from a stack: only the rows that are wanted, where its format allows it. */
import type { DicomFacts } from './dicom-facts.ts';
import type { ImageStack } from './formats/image-stack.ts';
import { requireBoxWithin } from './geometry/crop.ts';
import { pixelSpacing } from './geometry/pixel-spacing.ts';
import type { Placement } from './geometry/placement.ts';
import { isTabled, levelTable } from './grey-levels/level-table.ts';
import { polarityByTags } from './grey-levels/photometric.ts';
import { declaredRange } from './grey-levels/stored-values.ts';
import type { BoxPx } from './manifest-row.ts';
import { inverseOrientation, orientBox, orientedSize, wholeWalk } from './orientation/orientation.ts';
import { type PrepareOptions, prepareImage } from './prepare-image.ts';
import { cutRegion, orientRegion, type SeenRegion } from './seen-region.ts';

/**
 * A part of a slice of DICOM as it is seen: grey levels by its own tags, laid as `placement` says. What pixels must be asked for, the polarity
 * where they are preferred to tags, takes the whole slice. Throws ImagingError as prepareImage, and option-invalid for a box that reaches beyond.
 * @param box of what is seen; the whole without it
 */
export async function placedRegion(
  stack: ImageStack,
  slice: number,
  { orientation, cropPx, ...size }: Placement,
  box: BoxPx | undefined,
  options: Pick<PrepareOptions, 'voi' | 'prefer'>,
): Promise<SeenRegion> {
  const [left, top] = cropPx;
  const seen = { width: cropPx[2] - left, height: cropPx[3] - top };
  const [x1, y1, x2, y2] = boxWithin(box, seen);
  const oriented: BoxPx = [x1 + left, y1 + top, x2 + left, y2 + top];
  const { width, height } = orientedSize(size, orientation);
  const stored = orientBox(oriented, width, height, inverseOrientation(orientation));
  const facts = greyFacts(stack.facts(slice));
  pixelSpacing(facts); // refused where it contradicts itself, as in the slice that all lie after
  const polarity = polarityByTags(facts, options.prefer);
  if (!stack.rows || polarity === undefined || !isTabled(declaredRange(facts))) {
    const { display } = prepareImage(await stack.slice(slice), facts, {
      ...options,
      breast: 'whole',
      crop: 'none',
      chestWall: 'stored',
      normalise: 'none',
    });
    const whole = { ...wholeWalk(display.width, display.height), values: display.data };
    return orientRegion(cutRegion(whole, stored), orientation);
  }
  const [first, end] = [stored[1], stored[3]];
  const { width: columns, height: rows, data } = await stack.rows(slice, { first, end });
  const levels = levelTable(facts, polarity, options.voi);
  const read = { ...wholeWalk(columns, rows), values: data, levels };
  return orientRegion(cutRegion(read, [stored[0], 0, stored[2], rows]), orientation);
}

/** A part of a slice that is taken as it is stored. */
export async function storedRegion(stack: ImageStack, slice: number, box: BoxPx | undefined): Promise<SeenRegion> {
  const { width, height, data } = await stack.slice(slice);
  return cutRegion({ ...wholeWalk(width, height), values: data }, boxWithin(box, { width, height }));
}

/** A box of an image, all of it unless told. */
function boxWithin(box: BoxPx | undefined, size: { readonly width: number; readonly height: number }): BoxPx {
  const whole: BoxPx = [0, 0, size.width, size.height];
  requireBoxWithin(box ?? whole, size, 'a part of a slice');
  return box ?? whole;
}

/** What a file says of grey levels: a patch shows too little to tell side and view by. */
export function greyFacts(facts: DicomFacts): DicomFacts {
  const {
    PatientOrientation,
    ImageOrientationPatient,
    FrameLaterality,
    ImageLaterality,
    Laterality,
    ViewPosition,
    ViewCodeSequence,
    ...grey
  } = facts;
  return grey;
}
