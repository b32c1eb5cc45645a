/** The pictures that `predict` writes of every view of a lesion. */
import { basename, extname, join } from 'node:path';
import { writeAside } from '@mammoscope/files';
import type { ManifestRow } from '@mammoscope/imaging';
import type { Engine } from '@mammoscope/runtime';
import { greyPng } from '../classifier/colour-map.ts';
import { gradCamOverlays } from '../classifier/grad-cam-overlays.ts';
import { makeFolder } from '../run/make-folder.ts';
import { type RunRecord, runFiles } from '../run/run-record.ts';
import { recordedSpec } from './evaluate.ts';
import { focusIn, type LesionRois, lesionInputs } from './lesion-inputs.ts';
import { focusPlane } from './lesion-roi.ts';
import { type MemberName, memberOf } from './members.ts';
import type { Recipe } from './recipe.ts';

/** Paths of PNG files within the folder of predictions.json. */
export interface ViewPictures {
  /** The focus slice of the region. */
  readonly focusImage: string;
  /** Over it the Grad-CAM of each member's score for the positive class; `empty` where the map is zero everywhere: nothing raised the score. */
  readonly gradCam: Readonly<Record<string, { readonly overlay: string; readonly empty: boolean }>>;
}

/** The folder of the pictures. */
const FOLDER = 'images';

/** A run whose members are explained. */
export interface ExplainedRun {
  readonly engine: Engine;
  readonly run: string;
  readonly record: RunRecord;
  readonly recipe: Recipe;
  readonly rois: LesionRois;
}

/**
 * Writes the focus slice of each row and over it the Grad-CAM of every member: what a network of the focus slice or the
 * projection looked at, and of a network of slices the part of its map that lies over the focus slice.
 */
export async function writePictures(
  { engine, run, record, recipe, rois }: ExplainedRun,
  rows: readonly ManifestRow[],
  out: string,
): Promise<ViewPictures[]> {
  await makeFolder(join(out, FOLDER));
  const stems = rows.map(
    ({ path }, i) => `${FOLDER}/${String(i + 1).padStart(4, '0')}-${basename(path, extname(path))}`,
  );
  const images: string[] = [];
  for (const [i, row] of rows.entries()) {
    const focusImage = `${stems[i]}-focus.png`;
    await writeAside(join(out, focusImage), await greyPng(focusPlane(await rois.of(row)), recipe.sizePx));
    images.push(focusImage);
  }
  const maps: Record<string, ViewPictures['gradCam'][string]>[] = rows.map(() => ({}));
  for (const member of record.members) {
    const spec = recordedSpec(record, recipe, member);
    const { input } = memberOf(member as MemberName);
    const inputs = lesionInputs(rois, input, { recipe, seed: record.seed, channels: spec.channels });
    const network = {
      spec,
      best: runFiles(run).member(member).best,
      lowerings: new Map(Object.entries(record.lowerings)),
    };
    const overlays = gradCamOverlays(engine, network, rows, async (row) => {
      const roi = await rois.of(row);
      const slice = focusIn(input, roi);
      return { input: await inputs.batch([row], 1), plane: focusPlane(roi), ...(slice === undefined ? {} : { slice }) };
    });
    let i = 0;
    for await (const { overlay: bytes, empty } of overlays) {
      const overlay = `${stems[i]}-${member}.png`;
      await writeAside(join(out, overlay), bytes);
      (maps[i++] as (typeof maps)[number])[member] = { overlay, empty };
    }
  }
  return images.map((focusImage, i) => ({ focusImage, gradCam: maps[i] ?? {} }));
}
