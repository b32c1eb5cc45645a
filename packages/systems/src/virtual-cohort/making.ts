/** How a phantom cohort is drawn and written. */
import type {
  BreastDensity,
  BreastImages,
  BreastSide,
  BreastView,
  PhantomPresetName,
  Woman,
} from '@mammoscope/phantom';
import type { ViewPaths } from './paths.ts';

/** PNG with a folder of slices a tomosynthesis, or DICOM objects with the frames in one file. */
export const PHANTOM_FORMATS = ['png', 'dicom'] as const;
export type PhantomFormat = (typeof PHANTOM_FORMATS)[number];

/** What all images of a cohort have in common. */
export interface PhantomMaking {
  readonly preset: PhantomPresetName;
  readonly seed: number;
  /** 0 to 1, see drawLesion. */
  readonly difficulty: number;
  /** The same for all women; drawn for each where absent. */
  readonly density?: BreastDensity;
  readonly format: PhantomFormat;
  /** Whether mammograms for processing are written as well, which only DICOM can name. */
  readonly raw: boolean;
  /** Whether it is a screening cohort: a synthetic 2D view of each tomosynthesis as well, and BI-RADS categories and masks in the manifest. */
  readonly screening?: boolean;
}

/** What a worker thread is asked to draw; the rest follows from the seed. */
export interface PhantomBreastTask extends PhantomMaking {
  /** The cohort's folder, absolute. The folders of the breast's files exist. */
  readonly out: string;
  readonly patient: number;
  readonly side: BreastSide;
}

/** One drawn view that is to be written. */
export interface DrawnView {
  readonly task: PhantomBreastTask;
  readonly woman: Woman;
  readonly view: BreastView;
  readonly images: BreastImages;
  readonly paths: ViewPaths;
}
