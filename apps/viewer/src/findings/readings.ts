/** What a model says of a study, in one form whether the server or the page ran it. */
import type { BoxPx } from '@mammoscope/imaging/browser';

/** A mark on one slice of one image. */
export interface Mark {
  readonly id: string;
  /** SOPInstanceUID. */
  readonly instance: string;
  /** Slice, counted from 0; null where it is of all of them. */
  readonly frame: number | null;
  /** In stored pixels. */
  readonly boxPx: BoxPx;
  readonly kind: 'finding' | 'patch';
  readonly label: string;
  readonly probability: number;
  /** How much a patch counted, 0 to 1. */
  readonly attention?: number;
  /** From the cut-off on. */
  readonly isShown: boolean;
}

/** Where a model looked: values 0 to 1 over a box of an image. */
export interface HeatMap {
  readonly instance: string;
  readonly frame: number | null;
  readonly boxPx: BoxPx;
  readonly columns: number;
  readonly rows: number;
  /** [rows * columns] of the stored image. */
  readonly values: Float32Array;
  readonly name: string;
}

/** Maps of one kind over the images of a study: of a class of findings, or of one network. They are read when they are chosen. */
export interface HeatMapChoice {
  readonly name: string;
  readonly read: () => Promise<readonly HeatMap[]>;
}

/** A picture that a model made. */
export interface ModelPicture {
  readonly title: string;
  readonly address: string;
  readonly frame: number | null;
}

/** What was said of one image, lesion or pair. */
export interface ImageReading {
  readonly instances: readonly string[];
  readonly lesion: string | null;
  readonly probability: number;
  readonly decision: string;
  readonly focusSlices: readonly (number | null)[];
  readonly votes: readonly {
    readonly name: string;
    readonly probability: number;
    readonly decision: string;
    readonly cutoff: number | null;
  }[];
  readonly pictures: readonly ModelPicture[];
}

/** A model's reading of a study. */
export interface StudyReading {
  readonly model: string;
  readonly system: string;
  readonly probability: number;
  readonly decision: string;
  /** Called positive from here on; null where there is none. */
  readonly cutoff: number | null;
  readonly rule: string | null;
  readonly calibration: string;
  readonly warning: string | null;
  readonly readings: readonly ImageReading[];
  readonly breasts: readonly {
    readonly laterality: string;
    readonly views: readonly string[];
    readonly probability: number;
    readonly decision: string;
  }[];
  readonly marks: readonly Mark[];
  /** None is shown until one is chosen, but for a map that local mode has just made. */
  readonly heatMaps: readonly HeatMapChoice[];
  readonly leftOut: readonly { readonly instance: string; readonly reason: string }[];
}

/** Marks in the order in which `N` goes through them: as images hang, then by slice, the most suspicious first. */
export function findingOrder(marks: readonly Mark[], instances: readonly string[]): readonly Mark[] {
  const place = new Map(instances.map((instance, index) => [instance, index]));
  return marks
    .filter(({ isShown, kind, instance }) => isShown && kind === 'finding' && place.has(instance))
    .sort(
      (a, b) =>
        (place.get(a.instance) ?? 0) - (place.get(b.instance) ?? 0) ||
        (a.frame ?? 0) - (b.frame ?? 0) ||
        b.probability - a.probability,
    );
}
