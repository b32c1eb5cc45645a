/** What a DICOM file says of itself before a pixel is looked at: whose it is, what kind of image, which breast and view. */
import type { DataSet, Identity } from '@mammoscope/dicom/browser';
import {
  breastLaterality,
  type DicomFacts,
  ImagingError,
  type Laterality,
  mammographyView,
  mendedFacts,
  type View,
} from '@mammoscope/imaging/browser';

/** A mammogram, a view synthesised from a tomosynthesis, the tomosynthesis, or anything else. */
export type ImageKind = 'DM' | 'SYNTHETIC2D' | 'DBT' | 'OTHER';

/** An image of a study by its tags. */
export interface ImageFacts {
  readonly instance: string;
  readonly series: string;
  readonly study: string;
  readonly kind: ImageKind;
  /** For processing: values of a detector, which nobody reads. */
  readonly isRaw: boolean;
  readonly frames: number;
  readonly rows: number;
  readonly columns: number;
  /** Undefined where no tag says, or tags disagree: the pixels are asked. */
  readonly laterality: Laterality | undefined;
  readonly view: View | undefined;
  readonly modifiers: readonly string[];
  /** Text that anybody may have written: never markup. */
  readonly patient: { readonly name: string; readonly id: string };
  /** YYYYMMDD, or nothing. */
  readonly date: string;
  readonly description: string;
}

const TOMOSYNTHESIS = '1.2.840.10008.5.1.4.1.1.13.1.3';
const RAW = '1.2.840.10008.5.1.4.1.1.1.2.1';
const MAMMOGRAM = '1.2.840.10008.5.1.4.1.1.1.2';

/** The facts of an image; what is wrong with side and view is found again, and said, when the image is hung. */
export function imageFacts(meta: DataSet, image: { rows: number; columns: number; frameCount: number }, who: Identity) {
  const facts: DicomFacts = mendedFacts(meta);
  const laterality = said(() => breastLaterality(facts, undefined)?.value);
  const view = said(() => mammographyView(facts));
  return {
    instance: meta.SOPInstanceUID ?? '',
    series: meta.SeriesInstanceUID ?? '',
    study: who.StudyInstanceUID ?? meta.StudyInstanceUID ?? '',
    kind: kindByView(kindOf(meta, image.frameCount), image.frameCount, laterality, view?.view),
    isRaw: meta.SOPClassUID === RAW || meta.PresentationIntentType === 'FOR PROCESSING',
    frames: image.frameCount,
    rows: image.rows,
    columns: image.columns,
    laterality,
    view: view?.view,
    modifiers: view?.modifiers ?? [],
    patient: { name: shownName(who.PatientName ?? ''), id: who.PatientID ?? '' },
    date: who.StudyDate ?? '',
    description: who.StudyDescription ?? '',
  } satisfies ImageFacts;
}

/** "FAMILY^GIVEN" as people write it; of several writings of a name the first. */
export const shownName = (name: string): string =>
  (name.split('=', 1)[0] ?? '')
    .split('^')
    .filter((part) => part !== '')
    .join(', ');

function kindOf({ SOPClassUID, Modality, ImageType = [] }: DataSet, frames: number): ImageKind {
  if (SOPClassUID === TOMOSYNTHESIS) return isSynthetic(ImageType) && frames === 1 ? 'SYNTHETIC2D' : 'DBT';
  if (SOPClassUID === MAMMOGRAM || SOPClassUID === RAW || Modality === 'MG')
    return isSynthetic(ImageType) ? 'SYNTHETIC2D' : frames > 1 ? 'DBT' : 'DM';
  return 'OTHER';
}

/** Films that were digitised come as secondary captures: what names a breast and a view of it is a mammogram. */
export function kindByView(
  kind: ImageKind,
  frames: number,
  laterality: string | null | undefined,
  view: string | null | undefined,
): ImageKind {
  return kind === 'OTHER' && laterality && view ? (frames > 1 ? 'DBT' : 'DM') : kind;
}

/** Values 3 and 4 of ImageType (PS3.3 C.8.31.1.1 and vendors' words for it). */
const isSynthetic = (type: readonly string[]): boolean =>
  type.some((value) => /GENERATED_2D|SYNTHETIC|C-?VIEW|INSIGHT|V-?PREVIEW/i.test(value));

/** Nothing where tags are wrong or disagree: whoever hangs the image says so. */
function said<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof ImagingError) return undefined;
    throw error;
  }
}
