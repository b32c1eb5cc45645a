import type { Preferences } from '../decision.ts';
import { mendedFacts } from '../dicom-facts.ts';
import { ImagingError } from '../errors.ts';
import { isBadImage } from '../manifest-check.ts';
import { type ManifestImage, openManifestImage, requireView } from '../manifest-image.ts';
import type { ManifestRow } from '../manifest-row.ts';
import { breastLaterality } from '../orientation/laterality.ts';
import { mammographyView } from '../orientation/mammography-view.ts';
import { type PreparedImage, prepareImage } from '../prepare-image.ts';
import type { Exclusion, ImportedRow, InspectedImage } from './data-set.ts';
import type { PatientFacts } from './image-header.ts';
import { clipBox } from './label-values.ts';

/** What is asked of the inspection. */
export interface InspectOptions {
  /** Whether pixels are decoded: sides are then held against them, and boxes that only they tell are found. */
  readonly pixels: boolean;
  /** Which source wins, first by the data set, then by the user. */
  readonly prefer?: Preferences;
  readonly onImage?: (done: number, total: number) => void;
}

/** Rows whose images were looked at. */
export interface Inspection {
  readonly rows: readonly ImportedRow[];
  readonly exclusions: readonly Exclusion[];
  /** Rows that were changed, with what was changed. */
  readonly notes: readonly { readonly row: ImportedRow; readonly message: string }[];
  /** What files say of their patients, by the absolute path of the image. */
  readonly patients: ReadonlyMap<string, PatientFacts>;
}

/**
 * Opens every image once and holds it against its rows: size, side and view by tags and pixels, slices, boxes. What contradicts is
 * excluded, with the rest going on; a box is clipped to its image, or left out where it cannot be found.
 */
export async function inspectImages(rows: readonly ImportedRow[], options: InspectOptions): Promise<Inspection> {
  const result = {
    rows: [] as ImportedRow[],
    exclusions: [] as Exclusion[],
    notes: [] as { row: ImportedRow; message: string }[],
    patients: new Map<string, PatientFacts>(),
  };
  const images = [...Map.groupBy(rows, ({ absolutePath }) => absolutePath).values()];
  for (const [done, ofImage] of images.entries()) {
    const [first] = ofImage as [ImportedRow];
    const excludeAll = (reason: string) => {
      for (const row of ofImage) result.exclusions.push(exclusionOf(row, 'row', reason));
    };
    try {
      const { sliceFirst, sliceLast, ...whole } = manifestRow(first); // slices are each row's own, and checked with it
      const image = await openManifestImage(whole);
      try {
        const [width, height] = first.sizePx ?? [image.width, image.height];
        if (image.width !== width || image.height !== height)
          excludeAll(`the image has ${image.width} x ${image.height} pixels and the table says ${width} x ${height}`);
        else {
          result.patients.set(first.absolutePath, image.facts(0));
          const { prefer, prepared } = await settleSides(first, image, options);
          for (const row of ofImage) await place(prefer ? { ...row, prefer } : row, { ...image, prepared }, result);
        }
      } finally {
        await image.close();
      }
    } catch (error) {
      if (!isBadImage(error)) throw error;
      excludeAll(error.message);
    }
    options.onImage?.(done + 1, images.length);
  }
  return result;
}

/** A row of a manifest that is not written yet. */
export function manifestRow(row: ImportedRow): ManifestRow {
  const { from, image, sizePx, publishedSplit, findBox, ...rest } = row;
  return { ...rest, line: from.line ?? 0, path: image };
}

/** A row that is left out, or its box. */
export function exclusionOf(row: ImportedRow, leftOut: 'row' | 'box', reason: string): Exclusion {
  return { ...row.from, patientId: row.patientId, image: row.image, leftOut, reason };
}

/** The image by its pixels, and the preferences without which its sources disagree. Throws what prepareImage throws. */
async function settleSides(
  row: ImportedRow,
  image: ManifestImage,
  { pixels, prefer }: InspectOptions,
): Promise<{ readonly prefer?: Preferences; readonly prepared?: PreparedImage }> {
  try {
    return await sides(row, image, pixels, {});
  } catch (error) {
    const isDisagreement = error instanceof ImagingError && error.code === 'sources-disagree';
    if (!isDisagreement || !prefer || Object.keys(prefer).length === 0) throw error;
    return { ...(await sides(row, image, pixels, prefer)), prefer };
  }
}

async function sides(
  { laterality, view, modality, sliceFirst, sliceLast }: ImportedRow,
  image: ManifestImage,
  pixels: boolean,
  prefer: Preferences,
): Promise<{ readonly prepared?: PreparedImage }> {
  if (modality === 'PATCH') return {}; // it shows too little to tell side and view by
  const middle = Math.floor(((sliceFirst ?? 0) + (sliceLast ?? image.depth - 1)) / 2);
  const slice = Math.min(middle, image.depth - 1);
  const facts = mendedFacts(image.facts(slice));
  if (!pixels) {
    requireView({ ...(view && { view }) }, mammographyView(facts, prefer).view, prefer.view);
    breastLaterality(facts, undefined, prefer, laterality);
    return {};
  }
  const options = { prefer, crop: 'none', normalise: 'none' } as const;
  const claims = { ...(laterality && { laterality }), ...(view && { view }) };
  const prepared = prepareImage(await image.stored(slice), facts, { ...options, ...claims });
  requireView(claims, prepared.view, prefer.view);
  return { prepared };
}

/** Adds a row with its box in the image, or leaves out what cannot be. */
async function place(
  row: ImportedRow,
  image: InspectedImage,
  {
    rows,
    exclusions,
    notes,
  }: { rows: ImportedRow[]; exclusions: Exclusion[]; notes: { row: ImportedRow; message: string }[] },
): Promise<void> {
  if (row.sliceLast !== undefined && row.sliceLast >= image.depth) {
    const reason = `the row names slice ${row.sliceLast} and the image has slices 0 to ${image.depth - 1}`;
    exclusions.push(exclusionOf(row, 'row', reason));
    return;
  }
  const { box: written, findBox, ...plain } = row;
  const box = written ?? (await findBox?.(image));
  if (box === undefined) rows.push(row);
  else if (typeof box === 'string') {
    exclusions.push(exclusionOf(row, 'box', box));
    rows.push(plain);
  } else {
    const clipped = clipBox(box, image.width, image.height);
    const size = `${image.width} x ${image.height}`;
    if (!clipped) {
      exclusions.push(exclusionOf(row, 'row', `the box ${box.join(', ')} lies outside the image of ${size} pixels`));
      return;
    }
    if (clipped.some((edge, i) => edge !== box[i]))
      notes.push({
        row,
        message: `the box ${box.join(', ')} leaves the image of ${size} pixels and was clipped to ${clipped.join(', ')}`,
      });
    rows.push({ ...plain, box: clipped });
  }
}
