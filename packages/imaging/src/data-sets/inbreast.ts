import { readFile } from 'node:fs/promises';
import { ImagingError } from '../errors.ts';
import { imagesAmong } from '../formats/image-files.ts';
import type { BoxPx } from '../manifest-row.ts';
import { viewText } from '../orientation/mammography-view.ts';
import type { DataSet, ImportContext, ImportedRow } from './data-set.ts';
import { type LabelLine, readLabelFiles } from './label-table.ts';
import { biradsClass, filled, sideOf } from './label-values.ts';
import { type PlistDictionary, type PlistValue, readPlist } from './plist.ts';

/*
 * INbreast (Moreira et al. 2012, Academic Radiology 19, 236-248): INbreast.csv with semicolons, AllDICOMs/
 * <File Name>_<patient>_MG_<side>_<view>_ANON.dcm, AllXML/<File Name>.xml with regions as OsiriX exports them (a property list: Images,
 * ROIs, Point_px). The column Patient ID says "removed": the patient is the second part of the file name. Oblique views are MLO in
 * the table and ML in file names and tags. BI-RADS is of the image; there is no pathology.
 */

const COLUMNS = ['Laterality', 'View', 'File Name', 'ACR', 'Bi-Rads'] as const;

const FILE_NAME = /^(?<image>\d+)_(?<patient>[0-9a-f]+)_MG_(?<side>[LR])_(?<view>CC|ML|MLO)_ANON\.\w+$/i;

/** Regions that mark no finding. */
const NO_FINDINGS = new Set(['pectoralmuscle', 'pectoral muscle']);

export const INBREAST: DataSet = {
  title: 'INbreast',
  labels: ['birads'],
  trust: { view: 'user' },
  read: async (context) => {
    const lines = await readLabelFiles(context, /^inbreast.*\.csv$/i, COLUMNS, 'INbreast.csv');
    const images = new Map(
      imagesAmong(context.files.paths).flatMap((path) => {
        const parts = FILE_NAME.exec(path.split('/').at(-1) ?? '')?.groups;
        return parts?.image ? [[parts.image, { path, ...parts }] as const] : [];
      }),
    );
    const rows: ImportedRow[] = [];
    for (const line of lines) rows.push(...(await rowsOf(line, images.get(line.cell('File Name')), context)));
    return rows;
  },
};

/** A file by the parts of its name. */
interface NamedFile {
  readonly path: string;
  readonly patient?: string;
  readonly side?: string;
  readonly view?: string;
}

async function rowsOf({ from, cell }: LabelLine, file: NamedFile | undefined, context: ImportContext) {
  const image = cell('File Name');
  const refuse = (reason: string): ImportedRow[] => {
    context.exclude(from, reason, { image, ...(file?.patient && { patientId: file.patient }) });
    return [];
  };
  const [laterality, view] = [sideOf(cell('Laterality')), viewText(cell('View'))];
  if (!laterality) return refuse(`Laterality must be L or R, got ${cell('Laterality') || 'nothing'}`);
  if (!view) return refuse(`View must be a view of mammography, got ${cell('View') || 'nothing'}`);
  const birads = biradsClass(cell('Bi-Rads'));
  if (!birads) return refuse(`Bi-Rads must be 0 to 6, got ${cell('Bi-Rads') || 'nothing'}`);
  if (!birads.label) return refuse('Bi-Rads is 0: no class before more images');
  if (!file?.patient) return refuse(`no image ${image} is in the folder`);
  const named = file.view?.toUpperCase() === 'ML' ? 'MLO' : file.view?.toUpperCase();
  if (file.side?.toUpperCase() !== laterality || named !== view)
    return refuse(`the file is named ${file.side} ${file.view} and the table says ${laterality} ${view}`);
  const row: ImportedRow = {
    from,
    image,
    patientId: file.patient,
    absolutePath: context.files.absolute(file.path),
    modality: 'DM',
    label: birads.label,
    laterality,
    view,
    birads: birads.birads,
    other: filled({ density: cell('ACR') }),
  };
  return withRegions(row, context);
}

/** A row a region, or the row itself where the image has none. */
async function withRegions(row: ImportedRow, { files, exclude }: ImportContext): Promise<ImportedRow[]> {
  const [xml] = files.called(row.image).filter((path) => path.toLowerCase().endsWith('.xml'));
  if (xml === undefined) return [row];
  const about = { patientId: row.patientId, image: row.image };
  try {
    const regions = regionsOf(readPlist(await readFile(files.absolute(xml), 'utf8'), xml), xml);
    const found = regions.flatMap((region, i) => {
      const name = region.name || 'unnamed';
      if (NO_FINDINGS.has(name.toLowerCase())) return [];
      const box = boxOfPoints(region.points);
      if (typeof box !== 'string')
        return [{ ...row, box, lesionId: `${row.image}-${i + 1}`, other: { ...row.other, finding: name } }];
      exclude({ file: xml }, `region ${i + 1} (${name}): ${box}`, about);
      return [];
    });
    return found.length > 0 ? found : [row];
  } catch (error) {
    if (!(error instanceof ImagingError)) throw error;
    exclude(row.from, error.message, about);
    return [];
  }
}

interface Region {
  readonly name: string;
  readonly points: readonly string[];
}

/** The regions of all images of a property list; most have one image. */
function regionsOf(list: PlistValue, name: string): Region[] {
  const invalid = (what: string) => new ImagingError('data-set-invalid', `${name} holds no regions: ${what}`);
  return arrayOf(dictionary(list)?.Images).flatMap((image) => {
    const entry = dictionary(image);
    if (!entry) throw invalid('Images must be a list of dictionaries');
    return arrayOf(entry.ROIs).map((region) => {
      const roi = dictionary(region);
      if (!roi) throw invalid('ROIs must be a list of dictionaries');
      const points = arrayOf(roi.Point_px).map((point) => (typeof point === 'string' ? point : ''));
      return { name: typeof roi.Name === 'string' ? roi.Name : '', points };
    });
  });
}

const arrayOf = (value: PlistValue | undefined): readonly PlistValue[] =>
  Array.isArray(value) ? (value as readonly PlistValue[]) : [];
const dictionary = (value: PlistValue | undefined): PlistDictionary | undefined =>
  typeof value === 'object' && !Array.isArray(value) ? (value as PlistDictionary) : undefined;

/** The box around points "(x, y)" in pixels from the top left, each pixel whole; or in a word why there is none. */
function boxOfPoints(points: readonly string[]): BoxPx | string {
  if (points.length === 0) return 'it has no points';
  const [xs, ys]: [number[], number[]] = [[], []];
  for (const point of points) {
    const [, x, y] = /^\(\s*(-?\d{1,7}(?:\.\d+)?)\s*,\s*(-?\d{1,7}(?:\.\d+)?)\s*\)$/.exec(point) ?? [];
    if (x === undefined || y === undefined) return `a point must be (x, y) in pixels, got ${point.slice(0, 40)}`;
    xs.push(Math.floor(Number(x)));
    ys.push(Math.floor(Number(y)));
  }
  const extremes = (values: readonly number[]) =>
    values.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)] as const, [
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
    ] as readonly [number, number]);
  const [[x1, x2], [y1, y2]] = [extremes(xs), extremes(ys)];
  return [x1, y1, x2 + 1, y2 + 1];
}
