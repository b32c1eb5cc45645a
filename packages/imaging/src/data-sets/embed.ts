import type { BoxPx } from '../manifest-row.ts';
import { viewText } from '../orientation/mammography-view.ts';
import type { DataSet, ImportContext, ImportedRow, InspectedImage } from './data-set.ts';
import { type LabelLine, readLabelFiles } from './label-table.ts';
import { filled, sideOf } from './label-values.ts';
import { oneFile } from './one-file.ts';

/*
 * EMBED (Jeong et al. 2023, Radiology: AI 5, e220047; README of Emory-HITI/EMBED_Open_Data): EMBED_OpenData_metadata.csv, a row an image,
 * and EMBED_OpenData_clinical.csv, a row a finding, joined by acc_anon and side (a finding of side B or none is of both breasts).
 * ROI_coords are lists of ymin, xmin, ymax, xmax. They were found on PNG copies, some of which were mirrored (DCM_to_PNG.ipynb
 * mirrors where PatientOrientation begins with P), so on the DICOM image some lie on the wrong side (issue 9 there). DCM_ROI_coords,
 * where a release has it, is of the DICOM image. Otherwise the box and its mirror image are held against the breast.
 */

const METADATA = ['empi_anon', 'acc_anon', 'anon_dicom_path', 'ImageLateralityFinal', 'ViewPosition', 'FinalImageType'];
const CLINICAL = ['empi_anon', 'acc_anon', 'side', 'asses', 'path_severity'] as const;

const MODALITY = { '2d': 'DM', 'c-view': 'SYNTHETIC2D', cview: 'SYNTHETIC2D' } as const;

/** path_severity: 0 invasive, 1 non-invasive cancer, 2 high-risk, 3 borderline, 4 benign, 5 normal tissue; 6 is no breast cancer, but one. */
const PATHOLOGY = ['malignant', 'malignant', 'benign', 'benign', 'benign', 'benign'] as const;

/** asses: BI-RADS by letters, the worst last. */
const ASSESSMENTS = ['A', 'N', 'B', 'P', 'S', 'M', 'K'] as const;
const ASSESSMENT_LABELS = [undefined, 'normal', 'benign', 'benign', 'suspicious', 'suspicious', 'suspicious'] as const;

export const EMBED: DataSet = {
  title: 'EMBED',
  labels: ['pathology', 'birads'],
  read: async (context) => {
    const clinical = await readLabelFiles(context, whole(context, 'clinical'), CLINICAL, 'EMBED_OpenData_clinical.csv');
    const findings = Map.groupBy(clinical, ({ cell }) => examOf(cell));
    const lines = await readLabelFiles(context, whole(context, 'metadata'), METADATA, 'EMBED_OpenData_metadata.csv');
    return lines.flatMap((line) => rowsOf(line, findings.get(examOf(line.cell)) ?? [], context));
  },
};

/** The name of a table: the reduced copy only where the whole one is not there. */
function whole({ files }: ImportContext, kind: string): RegExp {
  const complete = new RegExp(`^EMBED_OpenData_.*${kind}\\.csv$`, 'i');
  return files.paths.some((path) => complete.test(path.split('/').at(-1) ?? ''))
    ? complete
    : new RegExp(`^EMBED_OpenData_.*${kind}.*\\.csv$`, 'i');
}

const whole0 = (number: string): string => number.replace(/\.0$/, '');
const examOf = (cell: LabelLine['cell']): string => `${whole0(cell('empi_anon'))}/${whole0(cell('acc_anon'))}`;

function rowsOf({ from, cell }: LabelLine, exam: readonly LabelLine[], context: ImportContext): ImportedRow[] {
  const [patientId, dicomPath] = [whole0(cell('empi_anon')), cell('anon_dicom_path')];
  const image = dicomPath.split('/').at(-1) ?? '';
  const refuse = (reason: string): ImportedRow[] => {
    context.exclude(from, reason, { patientId, image });
    return [];
  };
  if (!patientId || !image) return refuse('empi_anon and anon_dicom_path must be filled');
  const modality = MODALITY[cell('FinalImageType').toLowerCase() as keyof typeof MODALITY] as 'DM' | undefined;
  if (!modality) return refuse(`FinalImageType must be 2D or C-view, got ${cell('FinalImageType') || 'nothing'}`);
  const [laterality, view] = [sideOf(cell('ImageLateralityFinal')), viewText(cell('ViewPosition'))];
  if (!laterality)
    return refuse(`ImageLateralityFinal must be L or R, got ${cell('ImageLateralityFinal') || 'nothing'}`);
  const ofBreast = exam.filter((finding) => [laterality, 'B', ''].includes(finding.cell('side').toUpperCase()));
  if (ofBreast.length === 0)
    return refuse(`the clinical table has no finding of the ${laterality} breast of this exam`);
  const label = context.label === 'birads' ? byAssessment(ofBreast) : byPathology(ofBreast);
  if (!('label' in label)) return refuse(label.reason);
  const file = oneFile(filesOf(dicomPath, context), image, context);
  if (typeof file === 'string') return refuse(file);
  const row: ImportedRow = {
    from,
    image,
    patientId,
    absolutePath: file.path,
    modality,
    label: label.label,
    laterality,
    ...(view && { view }),
    studyId: whole0(cell('acc_anon')),
    ...(label.birads && { birads: label.birads }),
    ...(label.pathology && { pathology: label.pathology }),
    other: filled({
      spot_mag: whole0(cell('spot_mag')),
      density: whole0(ofBreast[0]?.cell('tissueden') ?? ''),
      race: ofBreast[0]?.cell('RACE_DESC') ?? '',
    }),
  };
  return withRegions(row, cell, refuse);
}

/** By the file's own name, which is its SOP Instance UID; where two folders have it, by exam and patient too. */
function filesOf(dicomPath: string, { files }: ImportContext): readonly string[] {
  const parts = dicomPath.split('/');
  const found = files.endingIn(parts.slice(-1).join('/'));
  return found.length > 1 ? files.endingIn(parts.slice(-3).join('/')) : found;
}

interface Label {
  readonly label: string;
  readonly birads?: string;
  readonly pathology?: string;
}

/** By the worst pathology of the breast in this exam; without one only a negative or benign assessment is a truth. */
function byPathology(findings: readonly LabelLine[]): Label | { readonly reason: string } {
  const severities = findings.map(({ cell }) => whole0(cell('path_severity'))).filter((severity) => severity !== '');
  if (severities.length === 0) {
    const assessed = byAssessment(findings);
    if (!('label' in assessed) || assessed.label === 'suspicious')
      return { reason: 'the breast has no pathology, and its assessment is neither negative nor benign' };
    return assessed;
  }
  const known = severities.filter((severity) => /^[0-5]$/.test(severity)).map(Number);
  if (known.length < severities.length) {
    const reason = `path_severity must be 0 to 5, got ${severities.join(', ')} (6 is a cancer that is not of the breast)`;
    return { reason };
  }
  const worst = Math.min(...known);
  return { label: PATHOLOGY[worst] as string, pathology: String(worst) };
}

/** By the worst assessment of the breast in this exam. */
function byAssessment(findings: readonly LabelLine[]): Label | { readonly reason: string } {
  const letters = findings.map(({ cell }) => cell('asses').toUpperCase());
  const ranks = letters.map((letter) => (ASSESSMENTS as readonly string[]).indexOf(letter));
  if (ranks.includes(-1))
    return { reason: `asses must be one of ${ASSESSMENTS.join(', ')}, got ${letters.join(', ')}` };
  if (ranks.includes(0)) return { reason: 'the breast was recalled (BI-RADS 0): no class before the diagnostic exam' };
  const worst = Math.max(...ranks);
  return { label: ASSESSMENT_LABELS[worst] as string, birads: String(worst) };
}

/** A row a region of interest, or the row itself where there is none. */
function withRegions(
  row: ImportedRow,
  cell: LabelLine['cell'],
  refuse: (reason: string) => ImportedRow[],
): ImportedRow[] {
  const isOfDicom = cell('DCM_ROI_coords') !== '';
  const written = cell('DCM_ROI_coords') || cell('ROI_coords');
  const numbers = (written.match(/-?\d{1,7}(\.\d+)?/g) ?? []).map(Number);
  if (numbers.length % 4 !== 0) return refuse(`ROI_coords must be groups of four numbers, got ${written.slice(0, 80)}`);
  if (numbers.length === 0) return [row];
  const rows: ImportedRow[] = [];
  for (let i = 0; i < numbers.length; i += 4) {
    const [y1, x1, y2, x2] = numbers.slice(i, i + 4) as [number, number, number, number];
    if (!(x1 < x2 && y1 < y2))
      return refuse(`a region must satisfy ymin < ymax and xmin < xmax, got ${y1}, ${x1}, ${y2}, ${x2}`);
    const box: BoxPx = [x1, y1, x2, y2];
    const lesionId = `${row.image}-${i / 4 + 1}`;
    rows.push(
      isOfDicom ? { ...row, box, lesionId } : { ...row, lesionId, findBox: async (image) => onBreast(box, image) },
    );
  }
  return rows;
}

/** A region lies on the breast when at least this share of it does. */
const ON_BREAST = 0.5;

/** The box or its mirror image, whichever lies on the breast; or why neither can be taken. */
function onBreast(box: BoxPx, { width, prepared }: InspectedImage): BoxPx | string {
  if (!prepared) return 'whether the region is mirrored can be told from the pixels alone, and they were not read';
  const mirrored: BoxPx = [width - box[2], box[1], width - box[0], box[3]];
  const [plain, other] = [box, mirrored].map((each) => shareInside(each, prepared.mask) >= ON_BREAST);
  if (plain && other) return 'the region lies on the breast as written and mirrored: which is meant is unknown';
  if (!plain && !other) return 'the region lies beside the breast, as written and mirrored';
  return plain ? box : mirrored;
}

function shareInside([x1, y1, x2, y2]: BoxPx, mask: NonNullable<InspectedImage['prepared']>['mask']): number {
  let inside = 0;
  let count = 0;
  for (let y = Math.floor(y1); y < y2; y++) {
    for (let x = Math.floor(x1); x < x2; x++) {
      count++;
      if (x >= 0 && y >= 0 && x < mask.width && y < mask.height) inside += mask.data[y * mask.width + x] as number;
    }
  }
  return inside / count;
}
