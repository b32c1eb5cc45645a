import type { Preferences } from '../decision.ts';
import type { DicomFacts } from '../dicom-facts.ts';
import type { BoxPx, ManifestRow } from '../manifest-row.ts';
import type { Plane } from '../plane.ts';
import type { PreparedImage } from '../prepare-image.ts';
import type { FileIndex } from './file-index.ts';

/** Where something is said: a label file, relative to the folder of the data set, and its line from 1. */
export interface Origin {
  readonly file: string;
  readonly line?: number;
}

/** What was left out of a manifest, and why. */
export interface Exclusion extends Origin {
  readonly patientId?: string;
  /** As the label file names it. */
  readonly image?: string;
  /** A whole row, or the box of a row that is kept. */
  readonly leftOut: 'row' | 'box';
  /** One sentence. */
  readonly reason: string;
}

/** Why a row is left out where lesions alone are asked for. */
export const NO_BOX = 'it has no box, and annotated lesions alone are asked for';

/** Takes note of a row that is left out. */
export type Exclude = (
  from: Origin,
  reason: string,
  about?: { readonly patientId?: string; readonly image?: string },
) => void;

/** An image that is being imported, for what can be told from its pixels alone. */
export interface InspectedImage {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly facts: (slice: number) => DicomFacts;
  readonly stored: (slice: number) => Promise<Plane>;
  /** Absent where pixels are not looked at. */
  readonly prepared?: PreparedImage | undefined;
}

/** A row of the manifest to be, with the line that it comes from. */
export interface ImportedRow extends Omit<ManifestRow, 'line' | 'path'> {
  readonly from: Origin;
  /** As the label file names the image. */
  readonly image: string;
  /** Width and height that the label file declares. */
  readonly sizePx?: readonly [width: number, height: number];
  /** The published split. */
  readonly publishedSplit?: 'train' | 'val' | 'test';
  /** A box that only the pixels tell, in the stored image, or in a word why there is none. */
  readonly findBox?: (image: InspectedImage) => Promise<BoxPx | string>;
}

/** What a reader of label files works with. */
export interface ImportContext {
  /** Absolute. */
  readonly folder: string;
  readonly files: FileIndex;
  /** One of the data set's labels. */
  readonly label: string;
  readonly exclude: Exclude;
  /** Of the data set dicom: the table of labels, and columns that the user names. */
  readonly table?: string;
  readonly columns?: Readonly<Record<string, string>>;
  /** Of a label file that is a workbook: the sheet that has the table. */
  readonly sheet?: string;
}

/** A public data set, or a way in which data come. */
export interface DataSet {
  /** As people call it. */
  readonly title: string;
  /** What the label column may hold, the default first. */
  readonly labels: readonly string[];
  /** Which source wins where tags or pixels are known to be wrong, by the documentation of the data set. */
  readonly trust?: Preferences;
  /** Whether PatientID of the files names the patient, so that two of one ID can be told apart. */
  readonly identity?: boolean;
  /**
   * The rows of the label files that name an image of the folder; the others are excluded with their reason. Pixels are
   * not read. Throws ManifestError for a label file that is not the published one, data-set-invalid where there is none.
   */
  readonly read: (context: ImportContext) => Promise<readonly ImportedRow[]>;
}
