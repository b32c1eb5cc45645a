import { resolve } from 'node:path';
import { ImagingError } from '../errors.ts';
import { imagesAmong } from '../formats/image-files.ts';
import { type BoxPx, KNOWN_COLUMNS } from '../manifest-row.ts';
import { MODALITIES, type Modality, SPLITS } from '../manifest-terms.ts';
import { viewText } from '../orientation/mammography-view.ts';
import { type Field, matchColumns } from './column-match.ts';
import type { DataSet, ImportContext, ImportedRow } from './data-set.ts';
import { type ImageHeader, imageHeader } from './image-header.ts';
import { type LabelTable, readLabelTable, tablesAmong } from './label-table.ts';
import { boxOfCells, filled, sideOf } from './label-values.ts';
import { oneFile } from './one-file.ts';

/*
 * Data as a hospital hands them over: a folder of images, a table with a row an image or a lesion. Columns are matched by their
 * names (column-match.ts); side, view, modality and study come from the tags where the table has no column for them. Boxes are in
 * pixels of the stored image from the top left. Columns that mean nothing to a manifest are carried along.
 */

export const DICOM_FOLDER: DataSet = {
  title: 'a folder of images and a table',
  labels: ['table'],
  identity: true,
  read: async (context) => {
    const { path, file } = tableOf(context);
    const table = await readLabelTable(path, file, [], context);
    const columns = matchColumns(table.columns, context.columns ?? {}, file);
    const headers = new Map<string, Promise<ImageHeader | string>>();
    const read = (image: string) => {
      const known = headers.get(image) ?? imageHeader(image);
      headers.set(image, known);
      return known;
    };
    const byUid = uidIndex(context, read);
    const rows: ImportedRow[] = [];
    for (const line of table.lines) {
      const row = await rowOf(line, { columns, table, read, byUid }, context);
      if (row) rows.push(row);
    }
    return rows;
  },
};

/** The table that the user names, or the only CSV file or workbook of the folder. */
function tableOf({ table, files, folder }: ImportContext): { readonly path: string; readonly file: string } {
  if (table !== undefined) return { path: resolve(table), file: table };
  const found = tablesAmong(files.paths);
  const [only] = found;
  if (only !== undefined && found.length === 1) return { path: files.absolute(only), file: only };
  const there =
    found.length === 0 ? 'no table (.csv, .tsv or .xlsx)' : `${found.length} tables (${found.slice(0, 5).join(', ')})`;
  throw new ImagingError('data-set-invalid', `${folder} has ${there}: name the table of labels with --table`);
}

type Read = (image: string) => Promise<ImageHeader | string>;

interface Matched {
  readonly columns: ReadonlyMap<Field, string>;
  readonly table: LabelTable;
  readonly read: Read;
  readonly byUid: (uid: string) => Promise<readonly string[]>;
}

/** Files by SOPInstanceUID; every header is read when the first is asked for. */
function uidIndex({ files }: ImportContext, read: Read): Matched['byUid'] {
  let known: Promise<Map<string, string[]>> | undefined;
  const index = async () => {
    const found = new Map<string, string[]>();
    for (const path of imagesAmong(files.paths)) {
      const header = await read(files.absolute(path));
      const uid = typeof header === 'string' ? undefined : header.facts.SOPInstanceUID;
      if (uid !== undefined) found.set(uid, [...(found.get(uid) ?? []), path]);
    }
    return found;
  };
  return async (uid) => {
    known ??= index();
    return (await known).get(uid) ?? [];
  };
}

const UID = /^[012](\.\d+){5,}$/;

async function rowOf(
  { from, cell }: LabelTable['lines'][number],
  { columns, table, read, byUid }: Matched,
  context: ImportContext,
): Promise<ImportedRow | undefined> {
  const field = (name: Field): string => cell(columns.get(name) ?? '\u0000');
  const [patientId, image, label] = [field('patient_id'), field('path'), field('label')];
  const refuse = (reason: string) => {
    context.exclude(from, reason, { patientId, image });
    return undefined;
  };
  for (const name of ['patient_id', 'path', 'label'] as const)
    if (!field(name)) return refuse(`${columns.get(name)} is empty`);
  const named = context.files.endingIn(image.replaceAll('\\', '/').replace(/^\.?\//, ''));
  const candidates = named.length > 0 ? named : context.files.called(image);
  const found = candidates.length === 0 && UID.test(image) ? await byUid(image) : candidates;
  const file = oneFile(found, image, context);
  if (typeof file === 'string') return refuse(file);
  const header = await read(file.path);
  if (typeof header === 'string') return refuse(header);
  const laterality = field('laterality') ? sideOf(field('laterality')) : header.laterality;
  if (field('laterality') && !laterality)
    return refuse(`laterality must be L, R, left or right, got ${field('laterality')}`);
  const view = field('view') ? viewText(field('view')) : header.view;
  if (field('view') && !view) return refuse(`view must be a view of mammography, got ${field('view')}`);
  const modality = field('modality') ? known(MODALITIES, field('modality')) : dicomModality(header);
  if (!modality) return refuse(`modality must be one of ${MODALITIES.join(', ')}, got ${field('modality')}`);
  const split = field('split') ? known(SPLITS, field('split')) : undefined;
  if (field('split') && !split) return refuse(`split must be one of ${SPLITS.join(', ')}, got ${field('split')}`);
  const box = boxIn(field);
  if (typeof box === 'string') return refuse(box);
  const slices = slicesIn(field);
  if (typeof slices === 'string') return refuse(slices);
  const studyId = field('study_id') || header.facts.StudyInstanceUID;
  const used = new Set(columns.values());
  return {
    from,
    image,
    patientId,
    absolutePath: file.path,
    modality,
    label,
    ...(laterality && { laterality }),
    ...(view && { view }),
    ...(studyId && { studyId }),
    ...(field('lesion_id') && { lesionId: field('lesion_id') }),
    ...(field('birads') && { birads: field('birads') }),
    ...(box && { box }),
    ...slices,
    ...(split && { publishedSplit: split }),
    other: carried(
      table.columns.filter((name) => name !== '' && !used.has(name)),
      cell,
    ),
  };
}

/** Columns of a manifest that a column of the same name in a table may fill as it is. */
const FREE = new Set(['pathology', 'er_status']);

/** Columns that mean nothing to a manifest; one that is called like a column that means something is renamed. */
function carried(names: readonly string[], cell: (column: string) => string): Record<string, string> {
  const renamed = (name: string) => (KNOWN_COLUMNS.includes(name) && !FREE.has(name) ? `table_${name}` : name);
  return filled(Object.fromEntries(names.map((name) => [renamed(name), cell(name)])));
}

const known = <T extends string>(values: readonly T[], text: string): T | undefined =>
  values.find((value) => value.toLowerCase() === text.toLowerCase());

/** A synthetic view, by its image type (PS3.3, C.8.11.9); it may be of the SOP class of the tomosynthesis that it was made of. */
export const isSyntheticView = (imageType: readonly string[] | undefined, depth: number): boolean =>
  depth === 1 && (imageType?.some((part) => part.startsWith('GENERATED_2D')) ?? false);

/** Tomosynthesis by its SOP class or its slices, unless it is a synthetic view. */
export function dicomModality({ facts, depth }: ImageHeader): Modality {
  const { ImageType: type } = facts as { readonly ImageType?: readonly string[] };
  if (isSyntheticView(type, depth)) return 'SYNTHETIC2D';
  return facts.SOPClassUID === '1.2.840.10008.5.1.4.1.1.13.1.3' || depth > 1 ? 'DBT' : 'DM';
}

type FieldText = (name: Field) => string;

function boxIn(field: FieldText): BoxPx | string | undefined {
  const cells = (['x1', 'y1', 'x2', 'y2'] as const).map(field);
  return cells.every((cell) => cell === '') ? undefined : boxOfCells(cells);
}

function slicesIn(field: FieldText): { readonly sliceFirst?: number; readonly sliceLast?: number } | string {
  const [first, last] = [field('slice_first'), field('slice_last')];
  if (first === '' && last === '') return {};
  if (!/^\d{1,5}$/.test(first) || !/^\d{1,5}$/.test(last) || Number(first) > Number(last))
    return `slice_first and slice_last must be whole numbers in order, got ${first || 'nothing'}, ${last || 'nothing'}`;
  return { sliceFirst: Number(first), sliceLast: Number(last) };
}
