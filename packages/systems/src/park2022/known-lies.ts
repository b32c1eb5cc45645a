/** windows.json of a run: how its images lie, which takes longer to see than an epoch of a small network, so that every process need not look again. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeAside } from '@mammoscope/files';
import type { ParkImage } from './cohort.ts';
import type { ImageLie, KnownLies } from './image-lie.ts';
import type { ImageWindows } from './image-window.ts';

const pathOf = (run: string) => join(run, 'windows.json');

/** Writes how images lie; their paths are the manifest's. */
export async function writeLies(
  run: string,
  images: readonly ParkImage[],
  windowsOf: (modality: ParkImage['modality']) => ImageWindows,
): Promise<void> {
  const lies: [string, ImageLie][] = [];
  for (const { row, modality } of images) lies.push([row.path, await windowsOf(modality).lie(row)]);
  await writeAside(pathOf(run), `${JSON.stringify(Object.fromEntries(lies))}\n`);
}

/** What a run knows; nothing where the file is not there. Only for images of the run's own manifest. */
export async function readLies(run: string): Promise<KnownLies> {
  const text = await readFile(pathOf(run), 'utf8').catch(() => '{}');
  return JSON.parse(text) as KnownLies;
}
