/** A prediction's progress as notes to the database: now and then, one after the other, the last state first. */

/** Between two notes; whoever listens is told twice in that time at most. */
const BETWEEN_MS = 1000;

/** What is told of a prediction, and the notes of it. */
export interface ProgressNotes {
  /** Parts that are done, of all. */
  readonly onProgress: (done: number, total: number) => void;
  /** Resolves once no note is on its way, so that none comes after what is noted next. */
  readonly noted: () => Promise<void>;
}

/** `note` is given the share that is done, 0 to 1. What is told while a note is on its way, or too soon after one, is passed over. */
export function progressNotes(note: (share: number) => Promise<void>, betweenMs = BETWEEN_MS): ProgressNotes {
  let noting: Promise<void> = Promise.resolve();
  let isNoting = false;
  let lastMs = performance.now();
  return {
    onProgress: (done, total) => {
      if (isNoting || performance.now() - lastMs < betweenMs) return;
      isNoting = true;
      lastMs = performance.now();
      noting = note(done / total).finally(() => {
        isNoting = false;
      });
    },
    noted: () => noting,
  };
}
