/** Files that a user drops or chooses, folders with all that is in them. */

/** A file with its path below what was dropped. */
export interface DroppedFile {
  readonly path: string;
  readonly file: File;
}

/** Files that are looked at; beyond it a folder is no study. */
const MOST_FILES = 5000;

/** All files of a drop. Entries have to be asked for before the event ends, so this begins at once. */
export function droppedFiles(transfer: DataTransfer): Promise<readonly DroppedFile[]> {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  if (entries.length > 0) return inEntries(entries);
  return Promise.resolve(chosenFiles(transfer.files));
}

/** The files of an input element. */
export const chosenFiles = (files: FileList | null): readonly DroppedFile[] =>
  [...(files ?? [])].slice(0, MOST_FILES).map((file) => ({ path: file.webkitRelativePath || file.name, file }));

async function inEntries(entries: readonly FileSystemEntry[]): Promise<readonly DroppedFile[]> {
  const found: DroppedFile[] = [];
  const waiting = [...entries];
  for (let entry = waiting.shift(); entry && found.length < MOST_FILES; entry = waiting.shift()) {
    if (entry.isFile) {
      const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
      found.push({ path: entry.fullPath.replace(/^\//, ''), file });
    } else waiting.push(...(await inFolder(entry as FileSystemDirectoryEntry)));
  }
  return found;
}

async function inFolder(folder: FileSystemDirectoryEntry): Promise<readonly FileSystemEntry[]> {
  const reader = folder.createReader();
  const all: FileSystemEntry[] = [];
  // a reader gives a hundred at a time, and nothing at the end
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return all;
    all.push(...some);
  }
}
