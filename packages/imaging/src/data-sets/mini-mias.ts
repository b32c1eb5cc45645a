import { access, readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { writeAside } from '@mammoscope/files';
import { ImagingError } from '../errors.ts';
import { type CsvCells, formatCsv, manifestPath } from '../manifest-file.ts';
import { NO_BOX } from './data-set.ts';
import { writeExclusions } from './exclusions-file.ts';

/*
 * The mini-MIAS database of mammograms (Suckling et al., "The Mammographic Image Analysis Society digital mammogram
 * database", Excerpta Medica International Congress Series 1069, 1994, 375-378): 8-bit films of 1024 x 1024 pixels of
 * 0.2 mm, all MLO, described line by line in Info.txt.
 *
 * Laterality. Note 1 of Info.txt says that even numbers are left breasts and odd ones right. The pixels agree as they
 * are usually hung: in 212 of 218 films the brighter side is the chest wall, to the right for odd and to the left for
 * even numbers, and by eye the other six (white plates beside the film) do too. But the lead markers in the films read
 * the other way: wherever one is visible it is mirrored and says L on odd, R on even numbers. So the pixels are mirror
 * images of the films. What is written here is what Info.txt says, because it fits the pixels.
 */

/** What lists the films. */
const INFO = 'Info.txt';

/** Side of every mini-MIAS image, and its pixel spacing. */
const SIDE_PX = 1024;
const PIXEL_SPACING_MM = 0.2;

const ABNORMALITIES = ['CALC', 'CIRC', 'SPIC', 'MISC', 'ARCH', 'ASYM'] as const;

/** A line of the list, and why it became no row or an altered one. */
export interface MiasNote {
  /** Line of Info.txt, from 1. */
  readonly line: number;
  readonly message: string;
}

/** What importMias wrote and what it left out. */
export interface MiasImport {
  readonly rows: number;
  readonly images: number;
  readonly patients: number;
  /** Rows with a box. */
  readonly boxes: number;
  /** Rows of each label. */
  readonly labels: Readonly<Record<string, number>>;
  /** Films that Info.txt lists and the folder lacks. */
  readonly absent: readonly string[];
  /** Lines left out: malformed, contradicting an earlier one, or repeated. */
  readonly refused: readonly MiasNote[];
  /** Lines kept with a change: a box clipped to the image, a lesion without coordinates, laterality. */
  readonly notes: readonly MiasNote[];
}

/** What the label column says: normal, benign, malignant; or normal, calc, circ, spic, misc, arch, asym. */
export interface ImportMiasOptions {
  readonly label?: 'severity' | 'abnormality';
  /** Keeps rows with a box alone. */
  readonly lesionsOnly?: boolean;
}

/** One line of the list in Info.txt. */
interface MiasEntry {
  readonly line: number;
  readonly name: string;
  readonly tissue: 'F' | 'G' | 'D';
  readonly abnormality: (typeof ABNORMALITIES)[number] | 'NORM';
  readonly severity?: 'B' | 'M';
  /** Origin at the bottom left. */
  readonly circlePx?: { readonly x: number; readonly y: number; readonly radius: number };
}

/**
 * Reads Info.txt and the images (mdbNNN.png or .pgm) of a mini-MIAS folder and writes a manifest, one row a lesion or a
 * normal film. Two films of a pair (odd, even) are one patient. A lesion's circle becomes its bounding box, from the
 * top left corner and clipped to the image. Extra columns: tissue, abnormality, pixel_spacing_mm. exclusions.csv beside the manifest has what was
 * left out.
 * Throws mias-invalid where Info.txt is missing or lists no film that is there.
 */
export async function importMias(
  folder: string,
  outFile: string,
  options: ImportMiasOptions = {},
): Promise<MiasImport> {
  const refused: MiasNote[] = [];
  const notes: MiasNote[] = [];
  const entries = parseInfo(await readInfo(folder), refused);
  const paths = await findImages(folder, [...new Set(entries.map((entry) => entry.name))]);
  const outFolder = dirname(resolve(outFile));
  const lesions = new Map<string, number>();
  const rows: CsvCells[] = [];
  const unmarked: MiasEntry[] = [];
  for (const entry of entries) {
    const path = paths.get(entry.name);
    if (!path) continue;
    const lesion = (lesions.get(entry.name) ?? 0) + 1;
    lesions.set(entry.name, lesion);
    const cells = cellsOf(entry, manifestPath(outFolder, path), lesion, options.label ?? 'severity', notes);
    if (options.lesionsOnly && cells.x1 === undefined) unmarked.push(entry);
    else rows.push(cells);
  }
  if (rows.length === 0) {
    throw new ImagingError(
      'mias-invalid',
      `${folder} holds none of the films that its Info.txt lists: give the folder of the images`,
    );
  }
  const absent = [...new Set(entries.map((entry) => entry.name))].filter((name) => !paths.has(name));
  await writeExclusions(outFile, [
    ...refused.map(({ line, message }) => ({ file: INFO, line, leftOut: 'row' as const, reason: message })),
    ...absent.map((image) => ({
      file: INFO,
      image,
      leftOut: 'row' as const,
      reason: `no film ${image} is in the folder`,
    })),
    ...unmarked.map(({ line, name }) => ({ file: INFO, line, image: name, leftOut: 'row' as const, reason: NO_BOX })),
  ]);
  await writeAside(outFile, formatCsv(rows));
  const labels = Map.groupBy(rows, (row) => String(row.label));
  return {
    rows: rows.length,
    images: new Set(rows.map((row) => row.path)).size,
    patients: new Set(rows.map((row) => row.patient_id)).size,
    boxes: rows.filter((row) => row.x1 !== undefined).length,
    labels: Object.fromEntries([...labels].map(([label, some]) => [label, some.length])),
    absent,
    refused,
    notes,
  };
}

async function readInfo(folder: string): Promise<string> {
  try {
    return await readFile(join(folder, INFO), 'latin1');
  } catch (error) {
    throw new ImagingError('mias-invalid', `${folder} has no readable Info.txt: give the folder of mini-MIAS`, {
      cause: error,
    });
  }
}

async function findImages(folder: string, names: readonly string[]): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const name of names) {
    for (const extension of ['png', 'pgm']) {
      const path = join(resolve(folder), `${name}.${extension}`);
      const exists = await access(path).then(
        () => true,
        () => false,
      );
      if (exists && !found.has(name)) found.set(name, path);
    }
  }
  return found;
}

/** The lines that begin with mdb; a malformed, contradicting or repeated one goes to `refused`. */
function parseInfo(text: string, refused: MiasNote[]): MiasEntry[] {
  const entries: MiasEntry[] = [];
  const seen = new Map<string, number>();
  for (const [index, content] of text.split(/\r\n|\r|\n/).entries()) {
    const line = index + 1;
    const fields = content.trim().split(/\s+/);
    if (!/^mdb/i.test(fields[0] ?? '')) continue;
    const earlier = seen.get(fields.join(' '));
    const entry = parseEntry(fields, line);
    if (typeof entry === 'string') refused.push({ line, message: `"${content.trim()}": ${entry}` });
    else if (earlier !== undefined) refused.push({ line, message: `"${content.trim()}" repeats line ${earlier}` });
    else {
      const clash = entries.find((other) => other.name === entry.name && contradicts(other, entry));
      if (clash) refused.push({ line, message: `"${content.trim()}" contradicts line ${clash.line}` });
      else entries.push(entry);
    }
    if (earlier === undefined) seen.set(fields.join(' '), line);
  }
  return entries;
}

/** One film has one tissue, and is normal or has lesions. */
function contradicts(a: MiasEntry, b: MiasEntry): boolean {
  return a.tissue !== b.tissue || a.abnormality === 'NORM' || b.abnormality === 'NORM';
}

/** An entry, or what is wrong with its fields. "*NOTE 3*" stands for coordinates where calcifications are spread out. */
function parseEntry(fields: readonly string[], line: number): MiasEntry | string {
  const [name = '', tissue, abnormality, severity, ...rest] = fields;
  if (!/^mdb\d{3}$/.test(name)) return 'the reference number must be mdb and three digits';
  if (tissue !== 'F' && tissue !== 'G' && tissue !== 'D') return `tissue must be F, G or D, got ${tissue ?? 'nothing'}`;
  if (abnormality === 'NORM') {
    return severity === undefined ? { line, name, tissue, abnormality } : 'a NORM film has no severity';
  }
  const known = ABNORMALITIES.find((each) => each === abnormality);
  if (!known) return `class must be NORM, ${ABNORMALITIES.join(', ')}, got ${abnormality ?? 'nothing'}`;
  if (severity !== 'B' && severity !== 'M') return `severity must be B or M, got ${severity ?? 'nothing'}`;
  const entry = { line, name, tissue, abnormality: known, severity } as const;
  if (rest.length === 0 || rest.join(' ').startsWith('*NOTE')) return entry;
  if (rest.length !== 3 || !rest.every((field) => /^\d+$/.test(field))) {
    return `x, y and radius must be three whole numbers, got ${rest.join(' ')}`;
  }
  const [x, y, radius] = rest.map(Number) as [number, number, number];
  if (x >= SIDE_PX || y >= SIDE_PX || radius < 1) return `the centre must lie in the image and the radius be above 0`;
  return { ...entry, circlePx: { x, y, radius } };
}

function cellsOf(
  entry: MiasEntry,
  path: string,
  lesion: number,
  label: 'severity' | 'abnormality',
  notes: MiasNote[],
): CsvCells {
  const { line, name, tissue, abnormality, severity, circlePx } = entry;
  const number = Number(name.slice(3));
  const odd = number % 2 === 1;
  const pair = [odd ? number : number - 1, odd ? number + 1 : number].map((each) => String(each).padStart(3, '0'));
  const pathology = severity === undefined ? 'normal' : severity === 'B' ? 'benign' : 'malignant';
  const [x1, y1, x2, y2] = circlePx ? boxOf(entry, circlePx, notes) : [];
  if (severity !== undefined && !circlePx) {
    notes.push({ line, message: `${name} has a lesion without coordinates: its row has no box` });
  }
  return {
    patient_id: `mdb${pair.join('-')}`,
    path,
    modality: 'FILM',
    label: label === 'severity' ? pathology : abnormality === 'NORM' ? 'normal' : abnormality.toLowerCase(),
    laterality: odd ? 'R' : 'L',
    view: 'MLO',
    lesion_id: severity === undefined ? undefined : `${name}-${lesion}`,
    x1,
    y1,
    x2,
    y2,
    pathology,
    bit_depth: 8,
    tissue,
    abnormality,
    pixel_spacing_mm: PIXEL_SPACING_MM,
  };
}

/**
 * The square of 2 r + 1 pixels around the centre pixel. A row counted from the bottom, y, is row 1023 - y from the top,
 * so the square's edges are x - r, 1023 - y - r, x + r + 1, 1023 - y + r + 1.
 */
function boxOf(
  { line, name }: MiasEntry,
  { x, y, radius }: NonNullable<MiasEntry['circlePx']>,
  notes: MiasNote[],
): readonly number[] {
  const row = SIDE_PX - 1 - y;
  const whole = [x - radius, row - radius, x + radius + 1, row + radius + 1];
  const clipped = whole.map((edge) => Math.min(SIDE_PX, Math.max(0, edge)));
  if (clipped.some((edge, i) => edge !== whole[i])) {
    notes.push({
      line,
      message: `${name}: the box ${whole.join(', ')} leaves the image and was clipped to ${clipped.join(', ')}`,
    });
  }
  return clipped;
}
