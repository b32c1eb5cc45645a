/** What the score of a run's predictions speaks for. Imports nothing: the viewer asks it in the browser. */

/** Systems whose score is of malignancy alone, whatever classes their images have. */
const OF_MALIGNANCY: ReadonlySet<string> = new Set(['lin2023', 'park2022']);

/** The classes that a score speaks for: detectors and 3D-GMIC score malignancy alone, classifiers every class but the first. */
export const scoredClasses = (system: string, classes: readonly string[]): readonly string[] =>
  OF_MALIGNANCY.has(system) ? ['malignant'] : classes.slice(1);
