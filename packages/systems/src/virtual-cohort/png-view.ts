import { join } from 'node:path';
import { writePng16 } from '@mammoscope/imaging';
import { PHANTOM_PRESETS } from '@mammoscope/phantom';
import type { DrawnView } from './making.ts';
import { slicePath } from './paths.ts';

/** Slices that may wait for the disk while the next are drawn. */
const WRITES_AT_ONCE = 6;

/** Writes the images of a view as PNG of 16 bits. */
export async function writeViewAsPng({ task: { out, preset }, images, paths }: DrawnView): Promise<void> {
  const { dm, dbt } = PHANTOM_PRESETS[preset];
  await writePng16(join(out, paths.dm), images.dm, dm.widthPx, dm.heightPx);
  let slice = 0;
  const writing = new Set<Promise<void>>();
  for (const plane of images.slices()) {
    // writePng16 has taken the values before it returns, so the next slice can be drawn while some are written.
    const path = join(out, slicePath(paths.slices ?? '', slice++));
    const write = writePng16(path, plane, dbt.widthPx, dbt.heightPx);
    writing.add(write);
    write.then(
      () => writing.delete(write),
      () => undefined,
    ); // a failed one stays, and is met below
    if (writing.size >= WRITES_AT_ONCE) await Promise.race(writing);
  }
  await Promise.all(writing);
}
