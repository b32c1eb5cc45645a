/** Mammograms and tomosyntheses of the same breast and view. */
import type { Manifest, ManifestRow } from '@mammoscope/imaging';
import type { RunRecord } from '../run/run-record.ts';
import type { MapSide } from './head-graphs.ts';

/** The row of a mammogram, with that of its tomosynthesis. Path, patient and line are the mammogram's; the label is the pair's. */
export interface PairRow extends ManifestRow {
  readonly dbt: ManifestRow;
}

/** The row that an image of a pair is read from: the mammogram's, or that of the tomosynthesis. */
export const rowOf = (pair: PairRow, side: MapSide): ManifestRow => (side === 'dm' ? pair : pair.dbt);

/** The pairs of a manifest, and the images that are in none, each with its reason. */
export interface Pairing {
  readonly pairs: readonly PairRow[];
  readonly exclusions: RunRecord['exclusions'];
}

/**
 * Pairs by patient, study, breast and view: one DM and one DBT. Nothing is guessed: an image without breast or view, an image alone, several
 * images that could be meant, and two that are labelled differently are left out and reported. Rows of one image, as of several lesions, count
 * as one, with the last of the classes that they name.
 */
export function pairImages({ rows, classes }: Manifest): Pairing {
  const exclusions: RunRecord['exclusions'] = [];
  const leaveOut = (images: readonly ManifestRow[], reason: string) => {
    for (const { path, patientId } of images) exclusions.push({ path, patientId, reason });
  };
  const images = imagesOf(rows, classes);
  const other = images.filter(({ modality }) => modality !== 'DM' && modality !== 'DBT');
  leaveOut(other, 'neither DM nor DBT');
  const usable = images.filter(({ modality }) => modality === 'DM' || modality === 'DBT');
  leaveOut(
    usable.filter(({ laterality, view }) => !laterality || !view),
    'laterality or view is not given, so it cannot be paired',
  );
  const groups = Map.groupBy(
    usable.filter(({ laterality, view }) => laterality && view),
    ({ patientId, studyId, laterality, view }) => JSON.stringify([patientId, studyId, laterality, view]),
  );
  const pairs: PairRow[] = [];
  for (const group of groups.values()) {
    const [dms, dbts] = [
      group.filter(({ modality }) => modality === 'DM'),
      group.filter(({ modality }) => modality === 'DBT'),
    ];
    const [dm, dbt] = [dms[0], dbts[0]];
    if (!dm) leaveOut(group, 'no DM of this breast and view');
    else if (!dbt) leaveOut(group, 'no DBT of this breast and view');
    else if (dms.length > 1 || dbts.length > 1)
      leaveOut(
        group,
        `${dms.length} DM and ${dbts.length} DBT of this breast and view: which belong together is not said`,
      );
    else if (dm.label !== dbt.label) leaveOut(group, `the DM is labelled ${dm.label} and the DBT ${dbt.label}`);
    else pairs.push({ ...dm, dbt });
  }
  return { pairs, exclusions };
}

/** A row an image, in the order of the manifest. */
function imagesOf(rows: readonly ManifestRow[], classes: readonly string[]): ManifestRow[] {
  const images = Map.groupBy(rows, ({ absolutePath }) => absolutePath);
  return [...images.values()].map((same) => {
    const last = Math.max(...same.map(({ label }) => classes.indexOf(label)));
    return { ...(same[0] as ManifestRow), label: classes[last] as string };
  });
}
