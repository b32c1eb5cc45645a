/** The films that SPPNet was surest or most wrong about, with the detector's boxes and SPPNet's activation maps: figures 3 and 4. */
import type { Gallery, GalleryCase } from '@mammoscope/report';
import type { Engine } from '@mammoscope/runtime';
import { galleryCases } from '../reader-study/gallery-cases.ts';
import { activationMaps } from './activation-map.ts';
import { ONE_HALF } from './decisions.ts';
import { type Evaluation, trainedSppnet } from './evaluate.ts';
import { readFilm } from './films.ts';
import { overlayPng } from './overlay.ts';
import { CLASSES } from './recipe.ts';
import { SPPNET_MEMBERS } from './sppnet-members.ts';

/** Cases of each kind. */
const CASES_OF_A_KIND = 2;

/** Pictures are small: a page holds all of them. */
const SIDE_PX = { least: 384, most: 512 } as const;

const dataUri = (png: Buffer) => `data:image/png;base64,${png.toString('base64')}`;

/** Undefined for a run without SPPNet. */
export async function galleryOf(engine: Engine, run: string, evaluation: Evaluation): Promise<Gallery | undefined> {
  const { record, recipe, films, levels } = evaluation;
  const image = levels.find(({ level }) => level === 'image');
  const scores = image?.models.find(({ model }) => model === 'sppnet')?.scores;
  if (!scores) return undefined;
  const judged = films.map((film, i) => {
    const score = scores[i] as number;
    return { film, score, positive: film.film.malignant, called: score > ONE_HALF };
  });
  const chosen = galleryCases(judged, CASES_OF_A_KIND);
  const member = SPPNET_MEMBERS.sppnet;
  const rows = member.rowsOf(chosen.map(({ film }) => film.film.row));
  const maps = activationMaps(engine, trainedSppnet({ engine, run, record, recipe }, member), rows);
  const cases: GalleryCase[] = [];
  for (const { film, score, kind } of chosen) {
    const { value: map } = await maps.next();
    if (!map) break;
    const { film: own, boxes, decision } = film;
    cases.push({
      imageDataUri: dataUri(await overlayPng(await readFilm(own, recipe), boxes, SIDE_PX)),
      overlayDataUri: dataUri(map.overlay),
      patientId: own.patientId,
      path: own.path,
      label: CLASSES[own.malignant ? 1 : 0],
      ...{ score, kind },
      note: `detector: ${decision.status}, ${boxes.length} boxes${map.empty ? '; the map is zero everywhere' : ''}`,
    });
  }
  await maps.return();
  return { method: "Grad-CAM beside the detector's boxes (red malignant, green benign)", model: 'sppnet', cases };
}
