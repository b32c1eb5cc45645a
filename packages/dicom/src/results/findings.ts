/** What a system found in images, in the terms that all objects of results are made of. */
import { DicomError } from '../errors.ts';
import type { Point } from '../structured-report/content-item.ts';
import type { SourceImage } from './source-image.ts';

/** Where something was found, in pixels of the stored frame: the left edge of the first column is 0, its right edge 1. */
export type Place =
  | { readonly boxPx: readonly [x1: number, y1: number, x2: number, y2: number] }
  | { readonly outlinePx: readonly Point[] }
  | { readonly pointPx: Point };

/** What can be found (PS3.16 CID 6014); 'mass' is what the Standard calls a mammographic breast mass. */
export type FindingKind = 'mass' | 'calcification-cluster' | 'architectural-distortion';

/** One place in one image, or in one slice of a tomosynthesis. */
export interface Finding {
  /** Index of the image. */
  readonly image: number;
  /** Counted from 0, as the reader counts. */
  readonly frame: number;
  readonly place: Place;
  readonly kind: FindingKind;
  /** That it is cancer, 0 to 1. */
  readonly probability: number;
  /** Of a cluster, where they were counted. */
  readonly calcifications?: number;
  /** Findings of one name in several images are one lesion. */
  readonly lesion?: string;
}

/** What a system says of a lesion that it saw in several images. */
export interface Lesion {
  readonly name: string;
  /** That it is cancer, 0 to 1. */
  readonly probability: number;
}

/** Which program said so. */
export interface Algorithm {
  readonly name: string;
  readonly version: string;
  /** Each as one text, such as 'cut-off 0.5'. */
  readonly parameters: readonly string[];
}

/** A cut-off with what was measured at it. */
export interface OperatingPoint {
  /** Findings of this probability and above are shown. */
  readonly cutoff: number;
  /** 0 to 1. */
  readonly sensitivity: number;
  readonly falseMarksPerImage: number;
}

/** What was done: looking for findings in whole images, or judging places that were given. */
export type Task = 'detection' | 'classification';

/** One run of one algorithm over the images of one study. */
export interface Reading {
  readonly images: readonly SourceImage[];
  readonly algorithm: Algorithm;
  readonly task: Task;
  /** What the algorithm looks for, found or not. */
  readonly looksFor: readonly FindingKind[];
  readonly findings: readonly Finding[];
  readonly lesions: readonly Lesion[];
  /** Findings of this probability and above are to be shown; Infinity for none. */
  readonly cutoff: number;
  /** Strictest first; the first has the cut-off of the reading. None where none were measured. */
  readonly operatingPoints: readonly OperatingPoint[];
  /** Indices of the images on which the algorithm failed. */
  readonly failed: readonly number[];
}

/** Throws DicomError 'reading-invalid' for a reading that contradicts itself or its images, naming the part. */
export function checkReading(reading: Reading): void {
  const { images, findings, lesions, operatingPoints, cutoff, failed, looksFor } = reading;
  const studies = new Set(images.map(({ identity, meta }) => `${identity.StudyInstanceUID} ${meta.PatientID}`));
  check(
    studies.size === 1,
    `images of one patient and one study are required, got ${studies.size}: make one reading a study`,
  );
  check(
    looksFor.length > 0,
    'a reading says what the algorithm looks for; got nothing: name one kind of finding or more',
  );
  const isImage = (index: number) => Number.isInteger(index) && index >= 0 && index < images.length;
  for (const index of failed) check(isImage(index), `failed images are indices below ${images.length}, got ${index}`);
  if (cutoff !== Infinity) requireProbability(cutoff, 'the cut-off');
  for (const { name, probability } of lesions) requireProbability(probability, `the probability of lesion ${name}`);
  for (const [i, finding] of findings.entries()) checkFinding(finding, `finding ${i}`, reading);
  for (const [i, point] of operatingPoints.entries()) {
    const last = operatingPoints[i - 1];
    check(
      last ? point.cutoff < last.cutoff : point.cutoff === cutoff,
      `operating points fall from the cut-off of the reading, ${cutoff}; operating point ${i} has ${point.cutoff}`,
    );
    requireProbability(point.sensitivity, `the sensitivity of operating point ${i}`);
  }
  for (const name of namesOf(findings)) {
    const own = findings.filter(({ lesion }) => lesion === name);
    const views = new Set(own.map(({ image }) => image));
    const kinds = new Set(own.map(({ kind }) => kind));
    const known = lesions.some((lesion) => lesion.name === name);
    check(kinds.size === 1, `lesion ${name} has findings of one kind, got ${[...kinds].join(' and ')}`);
    check(views.size > 1 && known, `lesion ${name} needs findings in two images or more and a place among the lesions`);
  }
}

/** The names of lesions that findings belong to, each once. */
export function namesOf(findings: readonly Finding[]): readonly string[] {
  return [...new Set(findings.flatMap(({ lesion }) => (lesion === undefined ? [] : [lesion])))];
}

function checkFinding(finding: Finding, name: string, { images, failed, looksFor }: Reading): void {
  const source = images[finding.image];
  if (!source) throw invalid(`${name} is of image ${finding.image}; there are ${images.length}, counted from 0`);
  check(!failed.includes(finding.image), `${name} is of image ${finding.image}, on which the algorithm failed`);
  check(looksFor.includes(finding.kind), `${name} is a ${finding.kind}, which the algorithm does not look for`);
  const { frameCount } = source;
  check(
    Number.isInteger(finding.frame) && finding.frame >= 0 && finding.frame < frameCount,
    `${name} is of frame ${finding.frame}; image ${finding.image} has frames 0 to ${frameCount - 1}`,
  );
  requireProbability(finding.probability, `the probability of ${name}`);
  const { rows, columns } = source;
  const points = outlineOf(finding.place);
  const isInside = ([x, y]: Point) => x >= 0 && x <= columns && y >= 0 && y <= rows;
  check(points.every(isInside), `${name} leaves the image, which has ${columns} columns and ${rows} rows`);
  const [x1, y1, x2, y2] = boundsOf(points);
  check('pointPx' in finding.place || (x2 > x1 && y2 > y1), `${name} has no extent: give a point for a point`);
}

/** The corners of a place in order, closed; a point alone. */
export function outlineOf(place: Place): readonly Point[] {
  if ('pointPx' in place) return [place.pointPx];
  if ('outlinePx' in place) return [...place.outlinePx, ...place.outlinePx.slice(0, 1)];
  const [x1, y1, x2, y2] = place.boxPx;
  return [
    [x1, y1],
    [x2, y1],
    [x2, y2],
    [x1, y2],
    [x1, y1],
  ];
}

/** The box around points, [x1, y1, x2, y2]. */
export function boundsOf(points: readonly Point[]): readonly [number, number, number, number] {
  const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
}

/** The middle of a place: of its box. */
export function centreOf(place: Place): Point {
  const [x1, y1, x2, y2] = boundsOf(outlineOf(place));
  return [(x1 + x2) / 2, (y1 + y2) / 2];
}

function check(holds: boolean, sentence: string): void {
  if (!holds) throw invalid(sentence);
}

function requireProbability(value: number, name: string): void {
  check(value >= 0 && value <= 1, `${name} is a number from 0 to 1, got ${value}`);
}

const invalid = (sentence: string) => new DicomError('reading-invalid', sentence);
