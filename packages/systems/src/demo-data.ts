/** Patches for a first run: real ones where MAMMOSCOPE_DATA names a folder that has them, drawn ones elsewhere. */
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { writeAside } from '@mammoscope/files';
import { formatCsv, writePng8 } from '@mammoscope/imaging';
import { drawPatchCohort } from '@mammoscope/phantom';
import { makeFolder } from './run/make-folder.ts';

export interface DemoData {
  readonly manifest: string;
  readonly kind: 'real' | 'phantom';
  readonly classes: readonly string[];
}

const CLASSES = ['normal', 'microcalcification'];
const PATIENTS = 80;
const SIZE_PX = 60;

/** The manifest to train the demo on; phantom patches are written below `folder`. */
export async function demoData(folder: string, dataFolder: string | undefined, seed: number): Promise<DemoData> {
  const real = dataFolder ? join(dataFolder, 'microcalc-patches', 'manifest.csv') : null;
  if (
    real &&
    (await access(real).then(
      () => true,
      () => false,
    ))
  )
    return { manifest: real, kind: 'real', classes: CLASSES };
  const images = join(folder, 'images');
  await makeFolder(images);
  const patches = drawPatchCohort({ patients: PATIENTS, seed, sizePx: SIZE_PX });
  for (const { fileName, plane } of patches) await writePng8(join(images, fileName), plane, SIZE_PX, SIZE_PX);
  const manifest = join(folder, 'manifest.csv');
  await writeAside(
    manifest,
    formatCsv(
      patches.map(({ patientId, fileName, label }) => ({
        patient_id: patientId,
        path: `images/${fileName}`,
        modality: 'PATCH',
        label,
      })),
    ),
  );
  return { manifest, kind: 'phantom', classes: CLASSES };
}
