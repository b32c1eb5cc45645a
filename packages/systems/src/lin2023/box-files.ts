/** Boxes as files of others: COCO's JSON (its format page, "Results format" and "Object detection") and CSV. */
import { type BoxPx, formatCsv } from '@mammoscope/imaging';
import type { Detected } from '../detection/detections.ts';
import { CLASSES, className } from './recipe.ts';

/** The boxes of one image, in pixels of the original film. */
export interface ImageBoxes {
  /** As the user named it. */
  readonly file: string;
  readonly width: number;
  readonly height: number;
  readonly boxes: readonly Detected[];
}

/** COCO's [x, y, width, height]. */
const cocoBox = ([x1, y1, x2, y2]: BoxPx) => [x1, y1, x2 - x1, y2 - y1];

/** Images, categories and scored annotations, as COCO's tools read them; ids are counted from 1. */
export function cocoJson(images: readonly ImageBoxes[]): string {
  const annotations = images.flatMap(({ boxes }, image) =>
    boxes.map(({ box, class: category, score }) => ({
      image_id: image + 1,
      category_id: category,
      bbox: cocoBox(box),
      area: (box[2] - box[0]) * (box[3] - box[1]),
      iscrowd: 0,
      score,
    })),
  );
  return `${JSON.stringify(
    {
      images: images.map(({ file, width, height }, i) => ({ id: i + 1, file_name: file, width, height })),
      categories: CLASSES.map((name, i) => ({ id: i + 1, name, supercategory: 'calcification' })),
      annotations: annotations.map((annotation, i) => ({ id: i + 1, ...annotation })),
    },
    null,
    1,
  )}\n`;
}

/** One line a box: file, corners, class, probability. */
export function boxesCsv(images: readonly ImageBoxes[]): string {
  const rows = images.flatMap(({ file, boxes }) =>
    boxes.map(({ box: [x1, y1, x2, y2], class: index, score }) => ({
      file,
      x1,
      y1,
      x2,
      y2,
      label: className(index),
      score,
    })),
  );
  // Without a box the header stands alone.
  return rows.length === 0 ? 'file,x1,y1,x2,y2,label,score\n' : formatCsv(rows);
}
