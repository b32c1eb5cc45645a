/** Table 1: what a run trained on and was tested on, in numbers of patients, images, breasts and lesions. */
import type { Manifest, ManifestRow } from '@mammoscope/imaging';
import type { RunRecord } from '../run/run-record.ts';
import { manifestKey, rowKey } from '../run/unseen-rows.ts';
import { filmsToRead } from './films.ts';
import { erStatus, pathologyOf } from './pathology.ts';

/** A line of table 1, with what the paper printed. */
export interface CohortCount {
  readonly name: string;
  /** Training and validation together. */
  readonly training: number;
  readonly test: number;
  readonly published: readonly [training: number, test: number];
}

const PUBLISHED = {
  Patients: [2010, 438],
  'Mammography images': [3934, 876],
  Breasts: [2010, 438],
  'Breasts, benign': [1009, 213],
  'Breasts, malignant': [1001, 225],
  'Microcalcification lesions': [5290, 1373],
  'Lesions, benign': [2674, 688],
  'Lesions, malignant': [2616, 685],
  'Malignant: pure DCIS': [201, 30],
  'Malignant: DCIS with microinvasion': [275, 74],
  'Malignant: invasive': [1970, 445],
  'Malignant: unknown pathology': [170, 136],
  'Malignant: ER-positive': [1451, 416],
  'Malignant: ER-negative': [614, 148],
  'Malignant: unknown ER status': [551, 121],
} as const satisfies Record<string, readonly [number, number]>;
type CountName = keyof typeof PUBLISHED;

/** The rows of a run's own manifest, those of the test split and the others. Lesions are counted in each image, as in the paper. */
export function cohortTable(record: RunRecord, manifest: Manifest): CohortCount[] {
  const splits = new Map(record.rows.map((row) => [rowKey(row), row.split]));
  const splitOf = (row: ManifestRow) => splits.get(manifestKey(manifest, row));
  const [test, training] = [
    manifest.rows.filter((row) => splitOf(row) === 'test'),
    manifest.rows.filter((row) => ['train', 'val'].includes(splitOf(row) ?? '')),
  ].map(countsOf) as [Record<CountName, number>, Record<CountName, number>];
  return (Object.keys(PUBLISHED) as CountName[]).map((name) => ({
    ...{ name, training: training[name], test: test[name], published: PUBLISHED[name] },
  }));
}

function countsOf(rows: readonly ManifestRow[]): Record<CountName, number> {
  const films = filmsToRead(rows);
  const breastOf = ({ patientId, laterality }: Pick<ManifestRow, 'patientId' | 'laterality'>) =>
    `${patientId}\u0000${laterality}`;
  const ofBreasts = (own: readonly (typeof films)[number][]) =>
    new Set(own.filter(({ laterality }) => laterality !== undefined).map(breastOf));
  const [breasts, ill] = [ofBreasts(films), ofBreasts(films.filter(({ malignant }) => malignant))];
  const lesions = films.flatMap((film) => film.lesions);
  const isMalignant = ({ label }: ManifestRow) => label.trim().toLowerCase() === 'malignant';
  const cancers = lesions.filter(isMalignant);
  const types = cancers.map(({ pathology, line }) => pathologyOf(pathology ?? '', `line ${line}`));
  const receptors = cancers.map((row) => erStatus.classOf(row.erStatus ?? '', `line ${row.line}`));
  const count = <T>(list: readonly T[], wanted: T) => list.filter((each) => each === wanted).length;
  return {
    Patients: new Set(rows.map(({ patientId }) => patientId)).size,
    'Mammography images': films.length,
    Breasts: breasts.size,
    'Breasts, benign': breasts.size - ill.size,
    'Breasts, malignant': ill.size,
    'Microcalcification lesions': lesions.length,
    'Lesions, benign': lesions.length - cancers.length,
    'Lesions, malignant': cancers.length,
    'Malignant: pure DCIS': count(types, 'pure dcis'),
    'Malignant: DCIS with microinvasion': count(types, 'dcis with microinvasion'),
    'Malignant: invasive': count(types, 'invasive'),
    'Malignant: unknown pathology': count(types, undefined),
    'Malignant: ER-positive': count(receptors, 0),
    'Malignant: ER-negative': count(receptors, 1),
    'Malignant: unknown ER status': count(receptors, undefined),
  };
}
