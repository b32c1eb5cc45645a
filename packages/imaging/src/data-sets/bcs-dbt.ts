import { ImagingError } from '../errors.ts';
import type { BoxPx } from '../manifest-row.ts';
import type { DataSet, Exclude, ImportContext, ImportedRow, InspectedImage } from './data-set.ts';
import { columnKey, type LabelLine, readLabelTable } from './label-table.ts';
import { oneFile } from './one-file.ts';

/*
 * Breast Cancer Screening - Digital Breast Tomosynthesis (Buda et al. 2021, JAMA Network Open 4, e2119100; TCIA 10.7937/E4WT-CD02;
 * code in mazurowski-lab/duke-dbt-data), the data of the DBTex challenges. Three tables for each of train, validation and test, told by
 * their columns: labels, boxes, file paths. Side and view are those of View (lcc, rmlo, ...), for the tags are wrong in places. Boxes are
 * X, Y, Width, Height on slice Slice, from 0, in the volume as their reader lays it: turned by 180 degrees where the brighter of the
 * outermost columns is not on the side of View's breast (dcmread_image). They are written here as the volume is stored.
 */

const KEY = ['PatientID', 'StudyUID', 'View'] as const;
const GROUPS = { Normal: 'normal', Actionable: 'actionable', Benign: 'benign', Cancer: 'malignant' } as const;
const BOX_CLASSES = { benign: 'benign', cancer: 'malignant' } as const;

type Split = 'train' | 'val' | 'test';

interface Tables {
  readonly labels: Map<string, LabelLine & { readonly split: Split | undefined }>;
  readonly boxes: Map<string, LabelLine[]>;
  readonly paths: Map<string, LabelLine>;
}

export const BCS_DBT: DataSet = {
  title: 'Breast-Cancer-Screening-DBT (DBTex)',
  labels: ['group', 'cancer'],
  trust: { laterality: 'user', 'chest wall': 'pixels', upright: 'pixels', view: 'user' },
  read: async (context) => {
    const { labels, boxes, paths } = await tablesOf(context);
    const rows = [...labels].flatMap(([key, line]) => {
      const ofView = boxes.get(key) ?? [];
      boxes.delete(key);
      return rowsOf(line, ofView, paths.get(key), context);
    });
    for (const left of boxes.values()) {
      for (const { from, cell } of left)
        context.exclude(from, 'the box is of a view that no table of labels has', { patientId: cell('PatientID') });
    }
    return rows;
  },
};

const keyOf = ({ cell }: LabelLine): string => KEY.map((column) => cell(column).toLowerCase()).join(' ');

/** All tables of the folder, told apart by their columns. */
async function tablesOf(context: ImportContext): Promise<Tables> {
  const { files, folder, exclude } = context;
  const tables: Tables = { labels: new Map(), boxes: new Map(), paths: new Map() };
  for (const file of files.paths.filter((path) => /^bcs-dbt.*\.csv$/i.test(path.split('/').at(-1) ?? ''))) {
    const { columns, lines } = await readLabelTable(files.absolute(file), file, KEY, context);
    const has = (...names: readonly string[]) =>
      names.every((name) => columns.some((column) => columnKey(column) === columnKey(name)));
    if (has('Slice', 'X', 'Y', 'Width', 'Height', 'Class')) addBoxes(lines, tables.boxes, exclude);
    else if (has('descriptive_path', 'classic_path')) addOnce(lines, tables.paths, exclude);
    else if (has(...Object.keys(GROUPS))) {
      const labels = lines.map((line) => ({ ...line, split: splitOf(file) }));
      addOnce(labels, tables.labels, exclude);
    }
  }
  const missing = [tables.labels.size === 0 ? 'labels' : '', tables.paths.size === 0 ? 'file paths' : ''].filter(
    Boolean,
  );
  if (missing.length > 0) {
    const message = `${folder} has no table of ${missing.join(' and of ')}: put the BCS-DBT CSV files of the data set there`;
    throw new ImagingError('data-set-invalid', message);
  }
  return tables;
}

const repeats = ({ from }: LabelLine) => `the line repeats line ${from.line} of ${from.file}`;

/** Lines by their view; a view has one. Copies of a table of an earlier phase may lie beside the last. */
function addOnce<T extends LabelLine>(lines: readonly T[], known: Map<string, T>, exclude: Exclude): void {
  for (const line of lines) {
    const earlier = known.get(keyOf(line));
    if (earlier) exclude(line.from, repeats(earlier), { patientId: line.cell('PatientID') });
    else known.set(keyOf(line), line);
  }
}

const BOX = ['Slice', 'X', 'Y', 'Width', 'Height', 'Class'] as const;

function addBoxes(lines: readonly LabelLine[], boxes: Map<string, LabelLine[]>, exclude: Exclude): void {
  for (const line of lines) {
    const ofView = boxes.get(keyOf(line)) ?? [];
    const earlier = ofView.find(({ cell }) => BOX.every((column) => cell(column) === line.cell(column)));
    if (earlier) exclude(line.from, repeats(earlier), { patientId: line.cell('PatientID') });
    else boxes.set(keyOf(line), [...ofView, line]);
  }
}

function splitOf(file: string): Split | undefined {
  const [, name] = /(train|validation|test)/i.exec(file.split('/').at(-1) ?? '') ?? [];
  return ({ train: 'train', validation: 'val', test: 'test' } as const)[name?.toLowerCase() ?? ''];
}

function rowsOf(
  { from, cell, split }: LabelLine & { readonly split: Split | undefined },
  boxes: readonly LabelLine[],
  path: LabelLine | undefined,
  context: ImportContext,
): ImportedRow[] {
  const [patientId, image] = [cell('PatientID'), `${cell('StudyUID')} ${cell('View')}`];
  const refuse = (reason: string, origin = from): ImportedRow[] => {
    context.exclude(origin, reason, { patientId, image });
    return [];
  };
  const [, side, view] = /^([lr])(cc|mlo)\d*$/i.exec(cell('View')) ?? [];
  if (!side || !view) return refuse(`View must be lcc, lmlo, rcc or rmlo, got ${cell('View') || 'nothing'}`);
  const groups = Object.keys(GROUPS).filter((group) => cell(group) === '1') as (keyof typeof GROUPS)[];
  const [group] = groups;
  if (!group || groups.length > 1)
    return refuse(`one of ${Object.keys(GROUPS).join(', ')} must be 1, got ${groups.join(', ') || 'none'}`);
  if (!path) return refuse('no table of file paths has this view');
  const file = oneFile(filesOf(path, context), image, context);
  if (typeof file === 'string') return refuse(file);
  const labelOf = (name: string) => (context.label === 'group' ? name : name === 'malignant' ? name : 'negative');
  const row: ImportedRow = {
    from,
    image,
    patientId,
    absolutePath: file.path,
    modality: 'DBT',
    label: labelOf(GROUPS[group]),
    laterality: side.toUpperCase() as 'L' | 'R',
    view: view.toUpperCase() as 'CC' | 'MLO',
    studyId: cell('StudyUID'),
    ...(split && { publishedSplit: split }),
    other: { group: group.toLowerCase() },
  };
  if (boxes.length === 0) return [row];
  return boxes.flatMap((box, i) => {
    const found = boxOf(box);
    if (typeof found === 'string') return refuse(found, box.from);
    const { slice, boxPx, label, volumeSlices } = found;
    return [
      {
        ...row,
        from: box.from,
        label: labelOf(label),
        lesionId: `${row.studyId} ${cell('View')} ${i + 1}`,
        sliceFirst: slice,
        sliceLast: slice,
        findBox: (volume: InspectedImage) => asStored(boxPx, slice, volumeSlices, side.toUpperCase(), volume),
      },
    ];
  });
}

/** By the newer of the two paths that are published, else the older; retrievers begin them in different folders. */
function filesOf({ cell }: LabelLine, { files }: ImportContext): readonly string[] {
  for (const path of [cell('descriptive_path'), cell('classic_path')]) {
    for (const wanted of [path, path.split('/').slice(1).join('/')]) {
      const found = wanted.includes('/') ? files.endingIn(wanted) : [];
      if (found.length > 0) return found;
    }
  }
  return [];
}

function boxOf({ cell }: LabelLine) {
  const cells = ['Slice', 'X', 'Y', 'Width', 'Height'].map(cell);
  const [slice, x, y, width, height] = cells.map((text) => (/^\d{1,6}$/.test(text) ? Number(text) : Number.NaN)) as [
    number,
    number,
    number,
    number,
    number,
  ];
  if (![slice, x, y].every(Number.isFinite) || !(width > 0) || !(height > 0))
    return `Slice, X, Y, Width and Height must be whole numbers, the last two above 0, got ${cells.join(', ')}`;
  const label = BOX_CLASSES[cell('Class').toLowerCase() as keyof typeof BOX_CLASSES] as 'benign' | undefined;
  if (!label) return `Class must be benign or cancer, got ${cell('Class') || 'nothing'}`;
  const boxPx: BoxPx = [x, y, x + width, y + height];
  return { slice, boxPx, label, volumeSlices: cell('VolumeSlices') };
}

/** The box in the stored volume, or why it cannot be placed. */
async function asStored(
  [x1, y1, x2, y2]: BoxPx,
  slice: number,
  volumeSlices: string,
  side: string,
  { depth, stored }: InspectedImage,
): Promise<BoxPx | string> {
  if (volumeSlices !== '' && Number(volumeSlices) !== depth)
    return `the volume has ${depth} slices and VolumeSlices says ${volumeSlices}`;
  if (slice >= depth) return `the volume has slices 0 to ${depth - 1} and the box is on ${slice}`;
  const { data, width, height } = await stored(slice);
  let [left, right] = [0, 0];
  for (let y = 0; y < height; y++) {
    left += data[y * width] as number;
    right += data[y * width + width - 1] as number;
  }
  const isTurned = (left < right ? 'R' : 'L') !== side;
  return isTurned ? [width - x2, height - y2, width - x1, height - y1] : [x1, y1, x2, y2];
}
