/** Images that are open: the frames of a tomosynthesis are asked for one by one, and its header is read once. */
import { type DicomFile, openDicom } from '@mammoscope/dicom';

/** Files that are kept open after their last use. */
const KEPT = 12;

interface Kept {
  readonly file: Promise<DicomFile>;
  users: number;
}

/** Opens files and keeps the last ones open. */
export class OpenImages {
  readonly #kept = new Map<string, Kept>();

  /** Uses a file; it is not closed while somebody does. */
  async use<T>(path: string, use: (file: DicomFile) => Promise<T>): Promise<T> {
    const kept = this.#kept.get(path) ?? { file: openDicom(path), users: 0 };
    this.#kept.delete(path); // last in the order of the map: used last
    this.#kept.set(path, kept);
    kept.users += 1;
    try {
      return await use(await kept.file);
    } catch (error) {
      if (this.#kept.get(path) === kept) this.#kept.delete(path);
      throw error;
    } finally {
      kept.users -= 1;
      await this.#closeOld();
    }
  }

  async #closeOld(): Promise<void> {
    for (const [path, { file, users }] of this.#kept) {
      if (this.#kept.size <= KEPT) return;
      if (users > 0) continue;
      this.#kept.delete(path);
      await file.then(
        (open) => open.close(),
        () => undefined,
      );
    }
  }

  /** Closes a file that is going to be removed. */
  async forget(folder: string): Promise<void> {
    for (const [path, { file }] of this.#kept) {
      if (!path.startsWith(folder)) continue;
      this.#kept.delete(path);
      await file.then(
        (open) => open.close(),
        () => undefined,
      );
    }
  }
}
