/** The tiles that a detector is trained on. */
import { type BoxPx, cropPlane, type Plane } from '@mammoscope/imaging';
import { RandomStream } from '@mammoscope/random';
import { type TrainingTile, truthInTile } from '../detection/fit-detector.ts';
import type { ImageTruth } from '../detection/targets.ts';
import { type Tile, tilesOf } from '../detection/tiling.ts';
import type { FilmCache } from './film-cache.ts';
import type { Film, SeenFilm } from './films.ts';
import type { Recipe } from './recipe.ts';

/** A tile of a film, and the lesions in it, in its pixels. */
export interface FilmTile {
  readonly film: Film;
  readonly tile: Tile;
  readonly truth: ImageTruth;
}

/** The tiles of films in their order; each film is read once. ImagingError, SystemError as readFilm. */
export async function tilesOfFilms(
  films: readonly Film[],
  cache: FilmCache,
  recipe: Recipe,
  onFilm: () => void = () => undefined,
): Promise<FilmTile[]> {
  const tiles: FilmTile[] = [];
  for (const film of films) {
    onFilm();
    const { plane, lesions } = await cache.get(film);
    for (const tile of tilesOf(plane, recipe)) tiles.push({ film, tile, truth: truthInTile(lesions, tile) });
  }
  return tiles;
}

/** The part of a film that a tile is, its grey values from 0 to 1 over the whole film. */
export function tilePlane({ plane, range: [low, high] }: Pick<SeenFilm, 'plane' | 'range'>, { box }: Tile): Plane {
  const isWhole = box[0] === 0 && box[1] === 0 && box[2] === plane.width && box[3] === plane.height;
  const part = isWhole ? plane : cropPlane(plane, box);
  const range = high - low;
  return { ...part, data: part.data.map((value) => (range > 0 ? (value - low) / range : 0)) };
}

const holdsLesion = ({ truth }: FilmTile) => truth.classes.length > 0;

/** Tiles of an epoch: all with a lesion, and `emptyTiles` times as many without, as far as there are. */
export function tilesAnEpoch(tiles: readonly FilmTile[], { emptyTiles }: Recipe): number {
  const lesions = tiles.filter(holdsLesion).length;
  return lesions + Math.min(tiles.length - lesions, Math.round(emptyTiles * lesions));
}

/** The tiles of an epoch in a seeded order, those without a lesion drawn anew. */
export function epochTiles(tiles: readonly FilmTile[], recipe: Recipe, seed: number, epoch: number): FilmTile[] {
  const lesions = tiles.filter(holdsLesion);
  const empty = new RandomStream(seed, 'empty tiles', epoch).shuffle(tiles.filter((tile) => !holdsLesion(tile)));
  const drawn = [...lesions, ...empty.slice(0, tilesAnEpoch(tiles, recipe) - lesions.length)];
  return new RandomStream(seed, 'order', 'detector', epoch).shuffle(drawn);
}

/** A tile mirrored left to right, top to bottom, both or neither. */
export function mirrored(
  { plane: { width, height, data }, truth }: TrainingTile,
  { leftRight, topBottom }: { readonly leftRight: boolean; readonly topBottom: boolean },
): TrainingTile {
  const turned = new Float32Array(data.length);
  for (let row = 0; row < height; row++) {
    const line = data.subarray(row * width, (row + 1) * width);
    const at = (topBottom ? height - 1 - row : row) * width;
    turned.set(leftRight ? line.slice().reverse() : line, at);
  }
  const boxes = truth.classes.flatMap((_, i) => {
    const [x1, y1, x2, y2] = truth.boxes.subarray(4 * i, 4 * i + 4) as unknown as BoxPx;
    const [left, right] = leftRight ? [width - x2, width - x1] : [x1, x2];
    const [top, bottom] = topBottom ? [height - y2, height - y1] : [y1, y2];
    return [left, top, right, bottom];
  });
  return { plane: { width, height, data: turned }, truth: { ...truth, boxes: Float64Array.from(boxes) } };
}
