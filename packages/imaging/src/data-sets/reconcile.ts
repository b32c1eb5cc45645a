import type { Exclusion, ImportedRow } from './data-set.ts';
import type { PatientFacts } from './image-header.ts';
import { exclusionOf } from './inspect-images.ts';

type LeaveOut = (row: ImportedRow, reason: string) => void;

/**
 * What rows say of each other: an image belongs to one patient and is what it is; a lesion stands once; an image has one label or a
 * lesion for each; a patient is in one split; and with `patients`, one ID is one patient and one patient has one ID. Rows that
 * break a rule are left out, all of them where nobody can know which is right.
 */
export function reconcile(
  rows: readonly ImportedRow[],
  patients: ReadonlyMap<string, PatientFacts> | undefined,
): { readonly rows: readonly ImportedRow[]; readonly exclusions: readonly Exclusion[] } {
  const exclusions: Exclusion[] = [];
  const left = new Set<ImportedRow>();
  const leaveOut: LeaveOut = (row, reason) => {
    if (left.has(row)) return;
    left.add(row);
    exclusions.push(exclusionOf(row, 'row', reason));
  };
  const staying = () => rows.filter((row) => !left.has(row));
  onePatientAnImage(staying(), leaveOut);
  if (patients) oneIdAPatient(staying(), patients, leaveOut);
  for (const ofImage of Map.groupBy(staying(), (row) => row.absolutePath).values()) oneImage(ofImage, leaveOut);
  oneSplitAPatient(staying(), leaveOut);
  return { rows: staying(), exclusions };
}

const where = ({ from }: ImportedRow): string => `${from.file}${from.line === undefined ? '' : `, line ${from.line}`}`;

function onePatientAnImage(rows: readonly ImportedRow[], leaveOut: LeaveOut): void {
  for (const ofImage of Map.groupBy(rows, (row) => row.absolutePath).values()) {
    const ids = [...new Set(ofImage.map((row) => row.patientId))];
    if (ids.length === 1) continue;
    for (const row of ofImage) leaveOut(row, `the image is listed for patients ${ids.join(' and ')}`);
  }
}

/** Patients told apart, or together, by PatientID and PatientSex of their files. */
function oneIdAPatient(
  rows: readonly ImportedRow[],
  patients: ReadonlyMap<string, PatientFacts>,
  leaveOut: LeaveOut,
): void {
  const ids = new Map<string, Set<string>>();
  for (const [patientId, ofPatient] of Map.groupBy(rows, (row) => row.patientId)) {
    const facts = ofPatient.map(({ absolutePath }) => patients.get(absolutePath) ?? {});
    for (const [key, name] of [
      ['PatientID', 'PatientID'],
      ['PatientSex', 'PatientSex'],
    ] as const) {
      const values = new Set(facts.flatMap((fact) => fact[key]?.trim() || []));
      if (values.size <= 1) continue;
      const reason = `two patients with one ID: the files of patient ${patientId} carry ${values.size} values of ${name}`;
      for (const row of ofPatient) leaveOut(row, reason);
    }
    const [id] = facts.flatMap((fact) => fact.PatientID?.trim() || []);
    if (id !== undefined) ids.set(id, (ids.get(id) ?? new Set()).add(patientId));
  }
  const several = [...ids.values()].filter((owners) => owners.size > 1);
  for (const owners of several) {
    const reason = `one patient with ${owners.size} IDs: the files of patients ${[...owners].join(' and ')} carry one PatientID`;
    for (const row of rows) if (owners.has(row.patientId)) leaveOut(row, reason);
  }
}

function oneImage(rows: readonly ImportedRow[], leaveOut: LeaveOut): void {
  const [first] = rows as [ImportedRow];
  const seen = new Map<string, ImportedRow>();
  for (const row of rows) {
    const other = (['studyId', 'modality', 'laterality', 'view', 'publishedSplit'] as const).find(
      (key) => row[key] !== first[key],
    );
    const identity = JSON.stringify([row.lesionId, row.box, row.sliceFirst, row.sliceLast]);
    const earlier = seen.get(identity);
    if (other !== undefined) {
      leaveOut(
        row,
        `${other} is ${row[other] ?? 'empty'} and was ${first[other] ?? 'empty'} for the same image (${where(first)})`,
      );
    } else if (earlier) {
      const what = earlier.label === row.label ? 'repeats' : `says ${row.label} where`;
      const said = earlier.label === row.label ? '' : ` says ${earlier.label}`;
      leaveOut(row, `the row ${what} ${where(earlier)}${said}`);
    } else if (row.label !== first.label && !(isLesion(row) && isLesion(first))) {
      leaveOut(row, `the image is ${row.label} here and ${first.label} in ${where(first)}, without a lesion in both`);
    } else seen.set(identity, row);
  }
}

const isLesion = ({ box, lesionId }: ImportedRow): boolean => box !== undefined || lesionId !== undefined;

/** The published test images stay clean: a patient who is also trained on leaves training. */
function oneSplitAPatient(rows: readonly ImportedRow[], leaveOut: LeaveOut): void {
  const order = ['test', 'val', 'train'] as const;
  for (const [patientId, ofPatient] of Map.groupBy(rows, (row) => row.patientId)) {
    const splits = order.filter((split) => ofPatient.some((row) => row.publishedSplit === split));
    const [kept] = splits;
    if (splits.length <= 1) continue;
    for (const row of ofPatient) {
      if (row.publishedSplit !== kept)
        leaveOut(
          row,
          `patient ${patientId} is in the published splits ${splits.join(' and ')}: the rows of ${kept} stay`,
        );
    }
  }
}
