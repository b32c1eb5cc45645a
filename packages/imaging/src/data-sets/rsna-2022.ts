import { viewText } from '../orientation/mammography-view.ts';
import type { DataSet, ImportContext, ImportedRow } from './data-set.ts';
import { type LabelLine, readLabelFiles } from './label-table.ts';
import { filled, sideOf } from './label-values.ts';
import { oneFile } from './one-file.ts';

/*
 * RSNA Screening Mammography Breast Cancer Detection, 2022 (wiki of RSNA/AI-Challenge-Data): train.csv, a row an image, and
 * train_images/[patient_id]/[image_id].dcm. No boxes. `cancer`: whether the breast was positive for malignant cancer. `BIRADS`: 0 the
 * breast required follow-up, 1 negative for cancer, 2 normal.
 */

const COLUMNS = ['site_id', 'patient_id', 'image_id', 'laterality', 'view', 'cancer', 'BIRADS'] as const;

export const RSNA_2022: DataSet = {
  title: 'RSNA Screening Mammography Breast Cancer Detection 2022',
  labels: ['cancer', 'birads'],
  read: async (context) => {
    const lines = await readLabelFiles(context, /^train.*\.csv$/i, COLUMNS, 'train.csv');
    return lines.flatMap((line) => rowOf(line, context) ?? []);
  },
};

function rowOf({ from, cell }: LabelLine, context: ImportContext): ImportedRow | undefined {
  const [patientId, image] = [cell('patient_id'), cell('image_id')];
  const refuse = (reason: string) => {
    context.exclude(from, reason, { patientId, image });
    return undefined;
  };
  if (!patientId || !image) return refuse('patient_id and image_id must be filled');
  const [laterality, view] = [sideOf(cell('laterality')), viewText(cell('view'))];
  if (!laterality) return refuse(`laterality must be L or R, got ${cell('laterality') || 'nothing'}`);
  if (!view) return refuse(`view must be a view of mammography, got ${cell('view') || 'nothing'}`);
  const label = labelOf(cell, context.label);
  if (typeof label !== 'object') return refuse(label);
  const inFolder = context.files.called(image).filter((path) => path.split('/').at(-2) === patientId);
  const file = oneFile(inFolder, `${patientId}/${image}`, context);
  if (typeof file === 'string') return refuse(file);
  const birads = cell('BIRADS').replace(/\.0$/, '');
  return {
    from,
    image: `${patientId}/${image}`,
    patientId,
    absolutePath: file.path,
    modality: 'DM',
    label: label.label,
    laterality,
    view,
    ...(birads && { birads }),
    pathology: cell('cancer') === '1' ? 'malignant' : 'negative',
    other: filled({
      site: cell('site_id'),
      age: cell('age'),
      biopsy: cell('biopsy'),
      invasive: cell('invasive'),
      implant: cell('implant'),
      density: cell('density'),
      machine: cell('machine_id'),
      difficult_negative: cell('difficult_negative_case'),
    }),
  };
}

function labelOf(cell: LabelLine['cell'], by: string): { readonly label: string } | string {
  const cancer = cell('cancer');
  if (cancer !== '0' && cancer !== '1') return `cancer must be 0 or 1, got ${cancer || 'nothing'}`;
  if (by === 'cancer') return { label: cancer === '1' ? 'malignant' : 'negative' };
  const label = { 0: 'recalled', 1: 'normal', 2: 'normal' }[cell('BIRADS').replace(/\.0$/, '')];
  return label ? { label } : `BIRADS must be 0, 1 or 2, got ${cell('BIRADS') || 'nothing'}`;
}
