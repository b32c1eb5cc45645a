/** How far a prediction is, told as its parts are done. */

/** Parts that are done, and all there are. */
export type OnProgress = (done: number, total: number) => void;

/** Counts the parts of a work as they are done, and tells of each. */
export function partsDone(total: number, onProgress: OnProgress | undefined): (parts?: number) => void {
  let done = 0;
  return (parts = 1) => {
    done += parts;
    onProgress?.(done, total);
  };
}

/** What a source gives; `onPart` is called when each was used. */
export async function* withEach<T>(source: AsyncIterable<T>, onPart: () => void): AsyncGenerator<T, void, void> {
  for await (const part of source) {
    yield part;
    onPart();
  }
}
