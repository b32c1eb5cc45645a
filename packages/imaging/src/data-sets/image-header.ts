import { type DicomFacts, mendedFacts } from '../dicom-facts.ts';
import { openImage } from '../formats/open-image.ts';
import { isBadImage } from '../manifest-check.ts';
import type { Laterality, View } from '../manifest-terms.ts';
import { breastLaterality } from '../orientation/laterality.ts';
import { mammographyView } from '../orientation/mammography-view.ts';

/** What a DICOM file says of its patient, beside what it says of its pixels. */
export interface PatientFacts extends DicomFacts {
  readonly PatientID?: string;
  readonly PatientSex?: string;
  readonly StudyInstanceUID?: string;
  readonly SOPInstanceUID?: string;
}

/** What the tags of an image say without a look at its pixels. */
export interface ImageHeader {
  readonly facts: PatientFacts;
  readonly depth: number;
  readonly laterality?: Laterality;
  readonly view?: View;
}

/** Reads the tags of an image, or says in a sentence what is wrong with it. */
export async function imageHeader(path: string): Promise<ImageHeader | string> {
  try {
    const stack = await openImage(path);
    try {
      const facts = mendedFacts(stack.facts(0));
      const laterality = breastLaterality(facts, undefined)?.value;
      const { view } = mammographyView(facts);
      return { facts, depth: stack.depth, ...(laterality && { laterality }), ...(view && { view }) };
    } finally {
      await stack.close();
    }
  } catch (error) {
    if (isBadImage(error)) return error.message;
    throw error;
  }
}
