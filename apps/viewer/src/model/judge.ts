/** A study, or places of it, judged by a model in the page. */
import { type BoxPx, inverseOrientation, orientBox } from '@mammoscope/imaging/browser';
import type { HeatMap, ImageReading, Mark, StudyReading } from '../findings/readings.ts';
import type { StudyImage } from '../images/study-image.ts';
import type { ModelRunner } from './model-runner.ts';

/** Squares along a side that are covered one by one. */
const COVERS = 7;

/** A place that somebody marked. */
export interface MarkedPlace {
  readonly image: StudyImage;
  readonly frame: number;
  /** In stored pixels. */
  readonly centrePx: readonly [number, number];
}

/** A place judged, with the plane that the model saw. */
export interface JudgedPlace {
  readonly mark: Mark;
  readonly reading: ImageReading;
  readonly plane: Float32Array;
  readonly image: StudyImage;
}

const decisionOf = ({ info }: ModelRunner, score: number): string =>
  info.cutoff !== null && score >= info.cutoff ? info.classes.slice(1).join(' or ') : (info.classes[0] ?? 'negative');

/** Judges the square around a place. */
export async function judgePlace(runner: ModelRunner, place: MarkedPlace): Promise<JudgedPlace> {
  const { image, frame, centrePx } = place;
  const laying = await image.look();
  const sidePx = runner.info.placePx ?? runner.info.sizePx;
  const square = { centrePx, sidePx };
  const plane = (await image.pool.region(image.source, { frame, laying, square, sizePx: runner.info.sizePx })).data;
  return judged(runner, image, frame, squareOf(image, centrePx, sidePx), plane);
}

/** Judges a whole image: the box of its breast. */
export async function judgeImage(runner: ModelRunner, image: StudyImage): Promise<JudgedPlace> {
  const laying = await image.look();
  const frame = Math.floor((image.facts.frames - 1) / 2);
  const order = { frame, laying, square: null, sizePx: runner.info.sizePx };
  const plane = (await image.pool.region(image.source, order)).data;
  const box = orientBox(laying.boxPx, laying.widthPx, laying.heightPx, inverseOrientation(laying.orientation));
  return judged(runner, image, frame, box, plane);
}

async function judged(
  runner: ModelRunner,
  image: StudyImage,
  frame: number,
  boxPx: BoxPx,
  plane: Float32Array,
): Promise<JudgedPlace> {
  const [score = Number.NaN] = await runner.scores([plane]);
  const isPlace = runner.info.placePx !== null;
  const { instance, frames } = image.facts;
  const mark: Mark = {
    id: `${instance} ${frame} ${boxPx.join(' ')}`,
    instance,
    frame: frames > 1 ? frame : null,
    boxPx,
    kind: 'finding',
    label: runner.info.classes.slice(1).join(' or '),
    probability: score,
    // of a whole image there is no place to mark
    isShown: isPlace,
  };
  const reading: ImageReading = {
    instances: [instance],
    lesion: null,
    probability: score,
    decision: decisionOf(runner, score),
    focusSlices: [frames > 1 ? frame : null],
    votes: [],
    pictures: [],
  };
  return { mark, reading, plane, image };
}

/** The square in stored pixels, moved into the image. */
function squareOf({ facts }: StudyImage, [x, y]: readonly [number, number], sidePx: number): BoxPx {
  const start = (centre: number, extent: number) =>
    Math.max(0, Math.min(extent - sidePx, Math.round(centre - sidePx / 2)));
  const [left, top] = [start(x, facts.columns), start(y, facts.rows)];
  return [left, top, Math.min(facts.columns, left + sidePx), Math.min(facts.rows, top + sidePx)];
}

/**
 * Where the model looked: how much its score falls when a part is covered by the mean of the whole (occlusion, Zeiler and Fergus 2014,
 * section 4.2). An exported file has no gradients, so Grad-CAM is the server's.
 */
export async function occlusionMap(runner: ModelRunner, { mark, plane, image }: JudgedPlace): Promise<HeatMap> {
  const side = runner.info.sizePx;
  const mean = plane.reduce((sum, value) => sum + value, 0) / plane.length;
  const covers = Array.from({ length: COVERS ** 2 }, (_, i) => {
    const covered = plane.slice();
    const [row, column] = [Math.floor(i / COVERS), i % COVERS];
    const edge = (at: number) => Math.round((at * side) / COVERS);
    for (let y = edge(row); y < edge(row + 1); y++)
      covered.fill(mean, y * side + edge(column), y * side + edge(column + 1));
    return covered;
  });
  const scores = await runner.scores(covers);
  const falls = scores.map((score) => Math.max(0, mark.probability - score));
  const most = Math.max(1e-9, ...falls);
  // the model saw the part upright with the chest wall on the left; the map is of the stored image
  const laying = await image.look();
  const values = new Float32Array(falls.length);
  for (const [i, fall] of falls.entries()) {
    const isRight = laying.laterality === 'R' && laying.unhung === undefined;
    const [row, seen] = [Math.floor(i / COVERS), i % COVERS];
    const column = isRight ? COVERS - 1 - seen : seen;
    const cell: BoxPx = [column, row, column + 1, row + 1];
    const [x, y] = orientBox(cell, COVERS, COVERS, inverseOrientation(laying.orientation));
    values[y * COVERS + x] = fall / most;
  }
  const { instance, frame, boxPx } = mark;
  return { instance, frame, boxPx, columns: COVERS, rows: COVERS, values, name: 'occlusion' };
}

/** What was judged so far as a reading of the study. */
export function localReading(
  runner: ModelRunner,
  places: readonly JudgedPlace[],
  heatMaps: readonly HeatMap[],
): StudyReading {
  const probability = Math.max(0, ...places.map(({ mark }) => mark.probability));
  return {
    model: runner.name,
    system: runner.info.system || 'exported model',
    probability,
    decision: decisionOf(runner, probability),
    cutoff: runner.info.cutoff,
    rule: null,
    calibration: 'scores as the network gives them, not calibrated',
    warning: null,
    readings: places.map(({ reading }) => reading),
    breasts: [],
    marks: places.map(({ mark }) => mark).filter(({ isShown }) => isShown),
    heatMaps: heatMaps.length > 0 ? [{ name: 'Occlusion', read: async () => heatMaps }] : [],
    leftOut: [],
  };
}
