/** Figures 3b and 3d: "Small patches obtained by enlarging the calcification regions", each with class and confidence. */
import { type BoxPx, cropPlane, growBox } from '@mammoscope/imaging';
import sharp from 'sharp';
import type { Detected } from '../detection/detections.ts';
import type { Evaluation } from './evaluate.ts';
import { readFilm, type SeenFilm } from './films.ts';
import { boxOnPlane, overlayPng } from './overlay.ts';
import { className } from './recipe.ts';
import type { ScoredFilm } from './score-films.ts';

/** Of a patch's longer side, and between two. */
const SIDE_PX = 256;
const GAP_PX = 8;
/** Patches of a film, the surest. */
const MOST = 6;
/** Tissue around a box on each side, as a share of its longer side. */
const MARGIN = 0.5;

/** What lies around a box of the stored image, as a film of its own; undefined where the networks do not see it. */
export function filmAround(seen: SeenFilm, box: BoxPx): SeenFilm | undefined {
  const { plane, cropPx, scale = [1, 1] } = seen;
  const own = boxOnPlane(box, seen);
  const margin = MARGIN * Math.max(own[2] - own[0], own[3] - own[1]);
  const [x1, y1, x2, y2] = growBox(own, margin, plane.width, plane.height);
  const part: BoxPx = [Math.floor(x1), Math.floor(y1), Math.ceil(x2), Math.ceil(y2)];
  if (part[0] >= part[2] || part[1] >= part[3]) return undefined;
  const [left, top] = [cropPx[0] + part[0] / scale[0], cropPx[1] + part[1] / scale[1]];
  return {
    ...seen,
    plane: cropPlane(plane, part),
    cropPx: [left, top, left + (part[2] - part[0]) / scale[0], top + (part[3] - part[1]) / scale[1]],
  };
}

/** A line of patches a film, its surest boxes first, as PNG; undefined where there is none. */
export async function patchesPng(
  films: readonly { readonly seen: SeenFilm; readonly boxes: readonly Detected[] }[],
): Promise<Buffer | undefined> {
  const lines: Buffer[][] = [];
  for (const { seen, boxes } of films) {
    const patches: Buffer[] = [];
    for (const each of boxes.slice(0, MOST)) {
      const around = filmAround(seen, each.box);
      if (around) patches.push(await overlayPng(around, [each], { least: SIDE_PX, most: SIDE_PX }));
    }
    if (patches.length > 0) lines.push(patches);
  }
  if (lines.length === 0) return undefined;
  const pitch = SIDE_PX + GAP_PX;
  const placed = lines.flatMap((patches, row) =>
    patches.map((input, column) => ({ input, left: column * pitch, top: row * pitch })),
  );
  const width = Math.max(...lines.map(({ length }) => length)) * pitch - GAP_PX;
  return sharp({ create: { width, height: lines.length * pitch - GAP_PX, channels: 3, background: '#ffffff' } })
    .composite(placed)
    .png()
    .toBuffer();
}

/** The surest box of a film with a class. */
const surest = ({ boxes }: ScoredFilm, name: 'benign' | 'malignant'): number =>
  Math.max(0, ...boxes.filter((box) => className(box.class) === name).map(({ score }) => score));

/** Of an evaluation: the benign film and the malignant one, both called so, of which the detector was surest. */
export async function patchesOfRun({
  recipe,
  films,
}: Pick<Evaluation, 'recipe' | 'films'>): Promise<Buffer | undefined> {
  const shown = (['benign', 'malignant'] as const).flatMap((name) => {
    const right = films.filter(
      ({ film, decision }) => decision.status === name && film.malignant === (name === 'malignant'),
    );
    const [best] = right.sort((a, b) => surest(b, name) - surest(a, name));
    return best ? [best] : [];
  });
  return patchesPng(
    await Promise.all(shown.map(async ({ film, boxes }) => ({ seen: await readFilm(film, recipe), boxes }))),
  );
}
