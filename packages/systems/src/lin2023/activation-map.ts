/** Figure 4: class activation maps of SPPNet over films. */
import type { ManifestRow } from '@mammoscope/imaging';
import type { Engine } from '@mammoscope/runtime';
import sharp from 'sharp';
import { gradCamOverlays } from '../classifier/grad-cam-overlays.ts';
import { sppnetImages, sppnetSpec, type TrainedSppnet } from './sppnet.ts';

/** What raised the score of a row's second class. */
export interface ActivationMap {
  /** The film or patch with its map over it, PNG. */
  readonly overlay: Buffer;
  /** True where the map is zero everywhere. */
  readonly empty: boolean;
}

/**
 * Maps of rows that the member's rowsOf gave, at the last feature map. A class activation map is of networks that end in an
 * average; behind a spatial pyramid its generalisation Grad-CAM is taken, which the paper, silent on this, may have taken too.
 */
export async function* activationMaps(
  engine: Engine,
  { member, recipe, best, lowerings, pretrained = false }: TrainedSppnet,
  rows: readonly ManifestRow[],
): AsyncGenerator<ActivationMap, void, void> {
  const spec = sppnetSpec(recipe, pretrained);
  const images = sppnetImages(member, recipe, { channels: spec.channels, seed: 0 });
  const overlays = gradCamOverlays(engine, { spec, best, lowerings }, rows, async (row) => ({
    input: await images.batch([row], 1),
    plane: (await images.square(row)).data,
  }));
  let i = 0;
  for await (const { overlay, empty } of overlays) {
    const { box } = await images.square(rows[i++] as ManifestRow);
    const picture = sharp(overlay);
    const { width } = await picture.metadata();
    const [left, top, right, bottom] = box.map((side) => Math.round((side * width) / spec.sizePx)) as [
      number,
      number,
      number,
      number,
    ];
    const cut = picture.extract({ left, top, width: Math.max(1, right - left), height: Math.max(1, bottom - top) });
    yield { overlay: await cut.png({ compressionLevel: 9 }).toBuffer(), empty };
  }
}
