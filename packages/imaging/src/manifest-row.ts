import { isAbsolute, resolve } from 'node:path';
import { IMAGE_STEPS, type ImageStep, type Preferences } from './decision.ts';
import type { ManifestProblem } from './manifest-problem.ts';
import {
  LATERALITIES,
  type Laterality,
  MODALITIES,
  type Modality,
  SPLITS,
  type Split,
  VIEWS,
  type View,
} from './manifest-terms.ts';

/** [x1, y1, x2, y2] in pixels from the top left corner of the stored image, 0 <= x1 < x2, 0 <= y1 < y2. */
export type BoxPx = readonly [x1: number, y1: number, x2: number, y2: number];

/** One row of a manifest: an image, or one lesion of an image. */
export interface ManifestRow {
  /** Line of the CSV file where the row begins, the header being 1. */
  readonly line: number;
  readonly patientId: string;
  /** As written: relative to the manifest's folder, or absolute. */
  readonly path: string;
  readonly absolutePath: string;
  readonly modality: Modality;
  readonly label: string;
  readonly laterality?: Laterality;
  readonly view?: View;
  readonly studyId?: string;
  readonly lesionId?: string;
  readonly box?: BoxPx;
  /** First and last slice of a lesion in a DBT stack, counted from 0, both included. */
  readonly sliceFirst?: number;
  readonly sliceLast?: number;
  /** As written, for example '4B'. */
  readonly birads?: string;
  readonly pathology?: string;
  readonly erStatus?: string;
  readonly split?: Split;
  /** Declared bits a sample, checked when the pixels are read. */
  readonly bitDepth?: 8 | 16;
  /** Which source wins where those of a DICOM file disagree, written 'laterality=user; chest wall=pixels'; the row is the user. */
  readonly prefer?: Preferences;
  /** All other columns, by their name in the header, empty cells included. */
  readonly other: Readonly<Record<string, string>>;
}

/** Columns that every manifest must have; one of images that are only predicted needs no label. */
export const REQUIRED_COLUMNS = ['patient_id', 'path', 'modality', 'label'] as const;

/** Columns with a meaning; any other is carried through. */
export const KNOWN_COLUMNS: readonly string[] = [
  ...REQUIRED_COLUMNS,
  ...['laterality', 'view', 'study_id', 'lesion_id', 'x1', 'y1', 'x2', 'y2', 'slice_first', 'slice_last'],
  ...['birads', 'pathology', 'er_status', 'split', 'bit_depth', 'prefer'],
];

/** The cells of one line by column name. */
export interface ManifestLine {
  readonly line: number;
  readonly cells: ReadonlyMap<string, string>;
}

/**
 * Turns one line into a row, or adds every problem of the line to `problems` and returns undefined.
 * @param folder the manifest's folder, absolute, to which a relative path refers
 * @param required columns whose cells must be filled
 */
export function parseManifestRow(
  { line, cells }: ManifestLine,
  folder: string,
  required: readonly string[],
  problems: ManifestProblem[],
): ManifestRow | undefined {
  const before = problems.length;
  const report = (message: string) => problems.push({ line, message });
  const text = (column: string) => cells.get(column) || undefined;
  for (const column of required) if (!text(column)) report(`${column} is empty: fill the cell`);
  const modality = oneOf(MODALITIES, 'modality', text('modality'), report);
  const laterality = oneOf(LATERALITIES, 'laterality', text('laterality'), report);
  const view = oneOf(VIEWS, 'view', text('view'), report);
  const split = oneOf(SPLITS, 'split', text('split'), report);
  const bits = oneOf(['8', '16'], 'bit_depth', text('bit_depth'), report);
  const bitDepth: 8 | 16 | undefined = bits === '16' ? 16 : bits === '8' ? 8 : undefined;
  const box = parseBox(text, report);
  const slices = parseSlices(text, report);
  const prefer = parsePreferences(text('prefer'), report);
  if (problems.length > before || !modality) return undefined;
  const path = cells.get('path') ?? '';
  return {
    line,
    patientId: cells.get('patient_id') ?? '',
    path,
    absolutePath: isAbsolute(path) ? path : resolve(folder, path),
    modality,
    label: cells.get('label') ?? '',
    ...present('laterality', laterality),
    ...present('view', view),
    ...present('studyId', text('study_id')),
    ...present('lesionId', text('lesion_id')),
    ...present('box', box),
    ...present('sliceFirst', slices?.[0]),
    ...present('sliceLast', slices?.[1]),
    ...present('birads', text('birads')),
    ...present('pathology', text('pathology')),
    ...present('erStatus', text('er_status')),
    ...present('split', split),
    ...present('bitDepth', bitDepth),
    ...present('prefer', prefer),
    other: Object.fromEntries([...cells].filter(([column]) => !KNOWN_COLUMNS.includes(column))),
  };
}

type Report = (message: string) => void;
type Text = (column: string) => string | undefined;

/** { [key]: value }, or nothing where the value is absent. */
function present<K extends string, V>(key: K, value: V | undefined): { readonly [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { readonly [P in K]: V });
}

function oneOf<T extends string>(known: readonly T[], column: string, value: string | undefined, report: Report) {
  if (value === undefined) return undefined;
  const match = known.find((item) => item === value);
  if (match === undefined) report(`${column} must be one of ${known.join(', ')}, got ${JSON.stringify(value)}`);
  return match;
}

/** A decimal number written in digits ("1e3", "0x10" and "" are not), or undefined. */
function decimal(value: string): number | undefined {
  return /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : undefined;
}

function parseBox(text: Text, report: Report): BoxPx | undefined {
  const columns = ['x1', 'y1', 'x2', 'y2'] as const;
  const cells = columns.map(text);
  if (cells.every((cell) => cell === undefined)) return undefined;
  const written = cells.map((cell) => cell ?? 'nothing').join(', ');
  const [x1, y1, x2, y2] = cells.map((cell) => (cell === undefined ? undefined : decimal(cell)));
  if (x1 === undefined || y1 === undefined || x2 === undefined || y2 === undefined) {
    report(`a box needs four numbers x1, y1, x2, y2, got ${written}: fill or empty all four cells`);
    return undefined;
  }
  if (!(x1 >= 0 && x1 < x2 && y1 >= 0 && y1 < y2)) {
    report(`a box must satisfy 0 <= x1 < x2 and 0 <= y1 < y2, got ${written}: count pixels from the top left corner`);
    return undefined;
  }
  return [x1, y1, x2, y2];
}

function parseSlices(text: Text, report: Report): readonly [number, number] | undefined {
  const [first, last] = [text('slice_first'), text('slice_last')];
  if (first === undefined && last === undefined) return undefined;
  const [from, to] = [Number(first), Number(last)];
  if (!/^\d+$/.test(first ?? '') || !/^\d+$/.test(last ?? '') || from > to) {
    const got = `${first ?? 'nothing'}, ${last ?? 'nothing'}`;
    report(`slice_first and slice_last must be whole numbers with 0 <= slice_first <= slice_last, got ${got}`);
    return undefined;
  }
  return [from, to];
}

function parsePreferences(value: string | undefined, report: Report): Preferences | undefined {
  if (value === undefined) return undefined;
  const parts = value.split(';').map((part) => part.split('=').map((side) => side.trim()));
  const isStep = (step: string | undefined): step is ImageStep => IMAGE_STEPS.some((known) => known === step);
  if (!parts.every((part) => part.length === 2 && isStep(part[0]) && part[1])) {
    report(`prefer must be step=source pairs separated by ";", such as laterality=user, got ${JSON.stringify(value)}`);
    return undefined;
  }
  return Object.fromEntries(parts);
}

/** Preferences as the column prefer holds them. */
export function preferText(prefer: Preferences): string {
  return Object.entries(prefer)
    .map(([step, source]) => `${step}=${source}`)
    .join('; ');
}
