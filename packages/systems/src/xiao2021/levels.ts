/** Views and lesions: "At the lesion level, the MLO and CC images of the same lesion were seen as the same sample, and the final prediction scores were averaged." */
import type { ManifestRow } from '@mammoscope/imaging';

/** What is judged as one. */
export interface Unit {
  readonly patientId: string;
  readonly lesionId?: string;
  readonly label: string;
  /** Rows that belong to it, by their index. */
  readonly members: readonly number[];
}

/** What of a row says where it belongs. */
export type UnitRow = Pick<ManifestRow, 'patientId' | 'lesionId' | 'label'>;

/** Rows as units of their own: the view level. */
export const viewUnits = (rows: readonly UnitRow[]): Unit[] =>
  rows.map(({ patientId, lesionId, label }, i) => ({
    patientId,
    ...(lesionId ? { lesionId } : {}),
    label,
    members: [i],
  }));

/** Rows of one patient and lesion as one unit; a row without lesion_id is a lesion of its own. In the order in which they are first met. */
export function lesionUnits(rows: readonly UnitRow[]): Unit[] {
  const keyOf = ({ patientId, lesionId }: UnitRow, i: number) =>
    lesionId === undefined ? `row ${i}` : JSON.stringify([patientId, lesionId]);
  const groups = Map.groupBy(rows.keys(), (i) => keyOf(rows[i] as ManifestRow, i));
  return [...groups.values()].map((members) => {
    const { patientId, lesionId, label } = rows[members[0] as number] as UnitRow;
    return { patientId, ...(lesionId ? { lesionId } : {}), label, members };
  });
}

/** Mean of the rows' scores, one a unit. */
export const unitScores = (units: readonly Unit[], scores: readonly number[]): number[] =>
  units.map(({ members }) => members.reduce((sum, i) => sum + (scores[i] as number), 0) / members.length);
