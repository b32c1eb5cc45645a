/** The images of a report as a list that its findings refer to: CAD Image Library Entry (PS3.16 TID 4020). */

import type { DataSet } from '../header/attributes.ts';
import {
  type ContentItem,
  coded,
  date,
  hasAcquisitionContext,
  hasConceptModifier,
  image,
  numeric,
  text,
  time,
} from '../structured-report/content-item.ts';
import { CODES, type Code, codeOf } from '../write/codes.ts';
import { referenceTo, type SourceImage, spacingMm } from './source-image.ts';

/** Library entries of images and of the frames of volumes that findings lie in. */
export interface ImageLibrary {
  readonly entries: readonly ContentItem[];
  /** The entry of an image as a whole. */
  imageEntry(image: number): ContentItem;
  /** The entry of a frame, which is that of the image where it has only one. */
  frameEntry(image: number, frame: number): ContentItem;
}

/**
 * One entry an image with one frame; a volume has one for the whole, and one for each frame in `frames`, [image, frame], because the coordinates of a
 * finding are selected from an entry, and those of a tomosynthesis lie in one slice.
 */
export function imageLibrary(
  images: readonly SourceImage[],
  frames: readonly (readonly [image: number, frame: number])[],
): ImageLibrary {
  const key = (index: number, frame: number | undefined) => `${index} ${frame ?? 'whole'}`;
  const entries = new Map<string, ContentItem>();
  for (const [index, source] of images.entries()) {
    entries.set(key(index, undefined), entry(source, undefined));
    const named = frames.filter(([of]) => of === index).map(([, frame]) => frame);
    if (source.frameCount > 1)
      for (const frame of [...new Set(named)].sort((a, b) => a - b))
        entries.set(key(index, frame), entry(source, frame));
  }
  return {
    entries: [...entries.values()],
    imageEntry: (index) => entries.get(key(index, undefined)) as ContentItem,
    frameEntry: (index, frame) => (entries.get(key(index, frame)) ?? entries.get(key(index, undefined))) as ContentItem,
  };
}

/** TID 4020: what the image says of itself. Rows 2 to 12 stand where the image has the attribute. */
function entry(source: SourceImage, frame: number | undefined): ContentItem {
  const meta = source.frameMeta(frame ?? 0);
  const { identity } = source;
  const [row, column] = meta.PatientOrientation ?? [];
  const [betweenRows, betweenColumns] = spacingMm(source, frame ?? 0) ?? [];
  const context = [
    ...lateralityItems(meta),
    ...viewItems(meta),
    ...(row ? [text(CODES.patientOrientationRow, row)] : []),
    ...(column ? [text(CODES.patientOrientationColumn, column)] : []),
    ...(identity.StudyDate ? [date(CODES.studyDate, identity.StudyDate)] : []),
    ...(identity.StudyTime ? [time(CODES.studyTime, identity.StudyTime)] : []),
    ...(identity.ContentDate ? [date(CODES.contentDate, identity.ContentDate)] : []),
    ...(identity.ContentTime ? [time(CODES.contentTime, identity.ContentTime)] : []),
    ...(betweenColumns ? [numeric(CODES.horizontalPixelSpacing, betweenColumns, CODES.millimetre)] : []),
    ...(betweenRows ? [numeric(CODES.verticalPixelSpacing, betweenRows, CODES.millimetre)] : []),
  ];
  return image(referenceTo(source, frame), undefined, hasAcquisitionContext(...context));
}

/** Laterality of the breast, which volumes say in a functional group (CID 6022). */
function lateralityItems(meta: DataSet): readonly ContentItem[] {
  const side = meta.ImageLaterality ?? meta.FrameLaterality;
  const value =
    side === 'L' ? CODES.leftBreast : side === 'R' ? CODES.rightBreast : side === 'B' ? CODES.bothBreasts : undefined;
  return value ? [coded(CODES.imageLaterality, value)] : [];
}

/** View and its modifiers, in the codes of the image (CID 4014 and 4015). */
function viewItems(meta: DataSet): readonly ContentItem[] {
  const [item] = meta.ViewCodeSequence ?? [];
  const view = item && codeOf(item);
  if (!view) return [];
  const modifiers = (item.ViewModifierCodeSequence ?? [])
    .map(codeOf)
    .filter((code): code is Code => code !== undefined);
  return [
    coded(CODES.imageView, view, hasConceptModifier(...modifiers.map((code) => coded(CODES.imageViewModifier, code)))),
  ];
}
