/** The pictures that `predict` writes: what was judged, and over it where every network looked. */
import { basename, extname, join } from 'node:path';
import { writeAside } from '@mammoscope/files';
import { makeFolder } from '../run/make-folder.ts';
import { greyPng } from './colour-map.ts';
import type { GradCamOverlay } from './grad-cam-overlays.ts';

/** The pictures of one case: paths of PNG files within the folder of predictions.json. */
export interface CasePictures {
  /** The plane that maps are laid over, as the first network has it. */
  readonly image: string;
  /** Over it the Grad-CAM of each network's score for the positive class; `empty` where the map is zero everywhere: nothing raised the score. */
  readonly gradCam: Readonly<Record<string, { readonly overlay: string; readonly empty: boolean }>>;
}

/** The folder of the pictures. */
const FOLDER = 'images';

/**
 * Writes the pictures of cases, whose files are called after their images; `overlays` gives those of a network, one a case.
 * To be called when every image was read, so that one that is refused leaves no folder behind.
 */
export async function writePictures(
  out: string,
  cases: readonly { readonly path: string }[],
  networks: readonly string[],
  overlays: (network: string) => AsyncIterable<GradCamOverlay>,
): Promise<CasePictures[]> {
  await makeFolder(join(out, FOLDER));
  const stems = cases.map(
    ({ path }, i) => `${FOLDER}/${String(i + 1).padStart(4, '0')}-${basename(path, extname(path))}`,
  );
  const maps: Record<string, CasePictures['gradCam'][string]>[] = cases.map(() => ({}));
  for (const [order, network] of networks.entries()) {
    let i = 0;
    for await (const { plane, overlay: bytes, empty } of overlays(network)) {
      const overlay = `${stems[i]}-${network}.png`;
      if (order === 0) await writeAside(join(out, `${stems[i]}.png`), await greyPng(plane, Math.sqrt(plane.length)));
      await writeAside(join(out, overlay), bytes);
      (maps[i++] as (typeof maps)[number])[network] = { overlay, empty };
    }
  }
  return stems.map((stem, i) => ({ image: `${stem}.png`, gradCam: maps[i] ?? {} }));
}
