import { viewText } from '../orientation/mammography-view.ts';
import type { DataSet, ImportContext, ImportedRow } from './data-set.ts';
import { type LabelLine, readLabelFiles } from './label-table.ts';
import { biradsClass, boxOfCells, filled, sideOf } from './label-values.ts';
import { oneFile } from './one-file.ts';

/*
 * VinDr-Mammo (Nguyen et al. 2023, Scientific Data 10, 277; PhysioNet 1.0.0): finding_annotations.csv, a row a finding or an image
 * without one, and images/<study_id>/<image_id>.dicom. Boxes are xmin, ymin, xmax, ymax in pixels of the DICOM image.
 * An exam is a woman: no patient has two. breast_birads is of the breast, finding_birads of the finding.
 */

const COLUMNS = [
  ...['study_id', 'series_id', 'image_id', 'laterality', 'view_position', 'height', 'width', 'breast_birads'],
  ...['breast_density', 'finding_categories', 'finding_birads', 'xmin', 'ymin', 'xmax', 'ymax', 'split'],
];

const NO_FINDING = 'No Finding';

export const VINDR_MAMMO: DataSet = {
  title: 'VinDr-Mammo',
  labels: ['breast', 'finding'],
  read: async (context) => {
    const lines = await readLabelFiles(context, /^finding_annotations.*\.csv$/i, COLUMNS, 'finding_annotations.csv');
    const findings = new Map<string, number>();
    return lines.flatMap((line) => {
      const image = line.cell('image_id');
      const finding = (findings.get(image) ?? 0) + 1;
      findings.set(image, finding);
      return rowOf(line, finding, context) ?? [];
    });
  },
};

function rowOf({ from, cell }: LabelLine, finding: number, context: ImportContext): ImportedRow | undefined {
  const [patientId, image] = [cell('study_id'), cell('image_id')];
  const refuse = (reason: string) => {
    context.exclude(from, reason, { patientId, image });
    return undefined;
  };
  if (!patientId || !image) return refuse('study_id and image_id must be filled');
  const [laterality, view] = [sideOf(cell('laterality')), viewText(cell('view_position'))];
  if (!laterality) return refuse(`laterality must be L or R, got ${cell('laterality') || 'nothing'}`);
  if (!view) return refuse(`view_position must be a view of mammography, got ${cell('view_position') || 'nothing'}`);
  const categories = categoriesOf(cell('finding_categories'));
  const hasFinding = !categories.includes(NO_FINDING);
  const isOfFinding = hasFinding && context.label === 'finding';
  const column = isOfFinding ? 'finding_birads' : 'breast_birads';
  const birads = biradsClass(cell(column));
  if (!birads) return refuse(`${column} must be BI-RADS 0 to 6, got ${cell(column) || 'nothing'}`);
  if (!birads.label) return refuse(`${column} is 0: no class before more images`);
  const box = hasFinding ? boxOfCells(['xmin', 'ymin', 'xmax', 'ymax'].map(cell)) : undefined;
  if (typeof box === 'string') return refuse(box);
  const split = { training: 'train', test: 'test' }[cell('split')] as 'train' | 'test' | undefined;
  if (!split) return refuse(`split must be training or test, got ${cell('split') || 'nothing'}`);
  const inFolder = context.files.called(image).filter((path) => path.split('/').at(-2) === patientId);
  const file = oneFile(inFolder, `${patientId}/${image}`, context);
  if (typeof file === 'string') return refuse(file);
  return {
    from,
    image: `${patientId}/${image}`,
    patientId,
    absolutePath: file.path,
    modality: 'DM',
    label: birads.label,
    laterality,
    view,
    studyId: patientId,
    ...(box && { box, lesionId: `${image}-${finding}` }),
    birads: birads.birads,
    publishedSplit: split,
    ...sizeOf(cell),
    other: filled({ density: cell('breast_density'), finding: hasFinding ? categories.join('; ') : '' }),
  };
}

/** Cells such as ['Mass', 'Skin Retraction'], a list as Python writes it. */
function categoriesOf(text: string): readonly string[] {
  return [...text.matchAll(/'([^']*)'|"([^"]*)"/g)].map(([, single, double]) => single ?? double ?? '');
}

function sizeOf(cell: LabelLine['cell']): { readonly sizePx?: readonly [number, number] } {
  const [width, height] = [Number(cell('width')), Number(cell('height'))];
  return width > 0 && height > 0 ? { sizePx: [width, height] } : {};
}
