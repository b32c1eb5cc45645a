import { imagesAmong } from '../formats/image-files.ts';
import type { Laterality } from '../manifest-terms.ts';
import type { DataSet, ImportContext, ImportedRow } from './data-set.ts';
import { imageHeader } from './image-header.ts';
import { type LabelLine, readLabelFiles } from './label-table.ts';
import { filled, sideOf } from './label-values.ts';

/*
 * The Chinese Mammography Database (Cui et al. 2021, TCIA, 10.7937/tcia.eqde-4b16): CMMD_clinicaldata_revision.xlsx, or saved as CSV, a
 * row a breast (ID1, LeftRight, Age, number, abnormality, classification, subtype), and CMMD/<ID1>/<study>/<series>/1-1.dcm. The
 * images carry their side and view in tags alone. Benign and Malignant are proven by biopsy; subtypes are of set D2.
 */

const COLUMNS = ['ID1', 'LeftRight', 'Age', 'abnormality', 'classification'] as const;

/** What the table says of a breast. */
interface Breast {
  readonly line: LabelLine;
  readonly patientId: string;
  readonly laterality: Laterality;
  readonly label: 'benign' | 'malignant';
}

export const CMMD: DataSet = {
  title: 'CMMD',
  labels: ['classification'],
  identity: true,
  read: async (context) => {
    const lines = await readLabelFiles(
      context,
      /clinicaldata.*\.(csv|xlsx)$/i,
      COLUMNS,
      'CMMD_clinicaldata_revision.xlsx',
    );
    const breasts = breastsOf(lines, context);
    const rows: ImportedRow[] = [];
    for (const [patientId, ofPatient] of Map.groupBy(breasts, (breast) => breast.patientId))
      rows.push(...(await rowsOf(patientId, ofPatient, context)));
    return rows;
  },
};

function breastsOf(lines: readonly LabelLine[], { exclude }: ImportContext): Breast[] {
  const seen = new Map<string, Breast>();
  for (const line of lines) {
    const { from, cell } = line;
    const patientId = cell('ID1');
    const refuse = (reason: string) => exclude(from, reason, { patientId });
    const laterality = sideOf(cell('LeftRight'));
    const label = { benign: 'benign', malignant: 'malignant' }[cell('classification').toLowerCase()] as
      | Breast['label']
      | undefined;
    const earlier = seen.get(`${patientId} ${laterality}`);
    if (!/^D[12]-\d{4}$/.test(patientId))
      refuse(`ID1 must be D1- or D2- and four digits, got ${patientId || 'nothing'}`);
    else if (!laterality) refuse(`LeftRight must be L or R, got ${cell('LeftRight') || 'nothing'}`);
    else if (!label) refuse(`classification must be Benign or Malignant, got ${cell('classification') || 'nothing'}`);
    else if (earlier) refuse(`${patientId} ${laterality} stands on line ${earlier.line.from.line} already`);
    else seen.set(`${patientId} ${laterality}`, { line, patientId, laterality, label });
  }
  return [...seen.values()];
}

async function rowsOf(patientId: string, breasts: readonly Breast[], context: ImportContext): Promise<ImportedRow[]> {
  const rows: ImportedRow[] = [];
  for (const path of imagesAmong(context.files.below(patientId))) {
    const about = { patientId, image: path };
    const [{ line }] = breasts as [Breast];
    const header = await imageHeader(context.files.absolute(path));
    if (typeof header === 'string') {
      context.exclude(line.from, header, about);
      continue;
    }
    const { laterality, view } = header;
    const breast = breasts.find((each) => each.laterality === laterality);
    if (!laterality || !breast) {
      const reason = laterality
        ? `the table has no class for the ${laterality} breast of ${patientId}`
        : 'no tag says which breast it shows';
      context.exclude(line.from, reason, about);
      continue;
    }
    rows.push(rowOf(breast, path, view, context));
  }
  for (const { line, laterality } of breasts) {
    if (!rows.some((row) => row.laterality === laterality) && !context.files.below(patientId).length)
      context.exclude(line.from, `no image of ${patientId} is in the folder`, { patientId });
  }
  return rows;
}

function rowOf(
  { line, patientId, laterality, label }: Breast,
  image: string,
  view: ImportedRow['view'],
  { files }: ImportContext,
): ImportedRow {
  const { from, cell } = line;
  return {
    from,
    image,
    patientId,
    absolutePath: files.absolute(image),
    modality: 'DM',
    label,
    laterality,
    ...(view && { view }),
    pathology: label,
    other: filled({
      age: cell('Age'),
      abnormality: cell('abnormality').toLowerCase(),
      molecular_subtype: cell('subtype'),
    }),
  };
}
