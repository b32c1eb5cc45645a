/** The pictures that `predict` writes: what was judged, and over it where every network looked. */
import { basename, extname, join } from 'node:path';
import { writeAside } from '@mammoscope/files';
import { type BoxPx, type Plane, writeNifti } from '@mammoscope/imaging';
import { mapAsStored, type StoredPlace } from '../data/stored-place.ts';
import { makeFolder } from '../run/make-folder.ts';
import { greyPng } from './colour-map.ts';
import type { GradCamOverlay } from './grad-cam-overlays.ts';

/** A map as a volume of one slice (NIfTI), turned as the image is stored, and the part of the stored image that it divides evenly. */
export interface PlacedMap {
  readonly volume: string;
  readonly box: BoxPx;
}

/** The Grad-CAM of a network over what it judged. */
export interface GradCamFiles {
  readonly overlay: string;
  /** True where the map is zero everywhere: nothing raised the score. */
  readonly empty: boolean;
  /** The map by itself; absent where it was not said where on the stored image it lies. */
  readonly map?: PlacedMap;
}

/** The pictures of one case: paths of PNG files within the folder of predictions.json. */
export interface CasePictures {
  /** The plane that maps are laid over, as the first network has it. */
  readonly image: string;
  /** Over it the Grad-CAM of each network's score for the positive class. */
  readonly gradCam: Readonly<Record<string, GradCamFiles>>;
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
  const maps: Record<string, GradCamFiles>[] = cases.map(() => ({}));
  for (const [order, network] of networks.entries()) {
    let i = 0;
    for await (const { plane, overlay: bytes, empty, map, place } of overlays(network)) {
      const stem = `${stems[i]}-${network}`;
      const overlay = `${stem}.png`;
      if (order === 0) await writeAside(join(out, `${stems[i]}.png`), await greyPng(plane, Math.sqrt(plane.length)));
      await writeAside(join(out, overlay), bytes);
      const placed = place && (await writePlacedMap(out, `${stem}.nii.gz`, map, place));
      (maps[i++] as (typeof maps)[number])[network] = { overlay, empty, ...(placed && { map: placed }) };
    }
  }
  return stems.map((stem, i) => ({ image: `${stem}.png`, gradCam: maps[i] ?? {} }));
}

/** Writes a map that lies over a plane, below the folder of predictions.json. */
export async function writePlacedMap(out: string, volume: string, map: Plane, place: StoredPlace): Promise<PlacedMap> {
  const { width: columns, height: rows, data } = mapAsStored(map, place);
  await writeNifti(join(out, volume), { data, columns, rows, slices: 1, description: 'Grad-CAM' });
  return { volume, box: place.box };
}
