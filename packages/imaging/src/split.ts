import { RandomStream } from '@mammoscope/random';
import { ImagingError } from './errors.ts';
import { SPLITS, type Split } from './manifest-terms.ts';

/** What a split looks at in a row. */
export interface SplitRow {
  readonly patientId: string;
  readonly label: string;
  readonly split?: Split;
}

/** Shares of the patients, each 0 to 1, which sum to 1; train is above 0. */
export type SplitFractions = Readonly<Record<Split, number>>;

/** Seed and shares of a split. */
export interface SplitOptions {
  readonly seed: number;
  readonly fractions: SplitFractions;
}

interface Patient {
  readonly id: string;
  readonly labels: ReadonlySet<string>;
}

/**
 * Assigns every row to train, val or test so that no patient is in two, and returns the rows in their order. Patients
 * are grouped by their composition (the set of labels of their rows), shuffled within it, and dealt group after group to
 * the split that is furthest below its share; then patients are moved until every class is in every split
 * whose fraction is not 0.
 *
 * Rows that carry a split keep it (all or none must). Where they name train and no val, and fractions.val is not 0, val
 * is drawn from the train patients in the proportion val / (train + val); test is left as it is.
 * The result depends on the seed and the set of (patient, label), not on the order of rows.
 * Throws option-invalid for fractions, split-impossible where a class has fewer patients than splits.
 */
export function splitByPatient<T extends SplitRow>(
  rows: readonly T[],
  options: SplitOptions,
): (T & { readonly split: Split })[] {
  const { seed, fractions } = options;
  checkFractions(fractions);
  const carried = rows.filter((row) => row.split !== undefined).length;
  if (carried !== 0 && carried !== rows.length) {
    const message = `${carried} of ${rows.length} rows carry a split: give all rows one, or none`;
    throw new ImagingError('split-impossible', message);
  }
  const kept = carriedSplits(rows);
  const drawsAll = carried === 0;
  const drawsVal = !drawsAll && fractions.val > 0 && ![...kept.values()].includes('val');
  if (!drawsAll && !drawsVal) return rows.map((row) => ({ ...row, split: kept.get(row.patientId) as Split }));
  const pool = drawsAll ? rows : rows.filter((row) => row.split === 'train');
  const shareOfBoth = fractions.train + fractions.val;
  const shares = drawsAll
    ? fractions
    : { train: fractions.train / shareOfBoth, val: fractions.val / shareOfBoth, test: 0 };
  const drawn = dealPatients(
    patientsOf(pool),
    (composition) => new RandomStream(seed, 'split', composition),
    usedParts(shares),
    'set a fraction to 0',
  );
  return rows.map((row) => ({ ...row, split: drawn.get(row.patientId) ?? (row.split as Split) }));
}

function checkFractions(fractions: SplitFractions): void {
  const values = SPLITS.map((split) => fractions[split]);
  const sum = values.reduce((a, b) => a + b, 0);
  if (!values.every((value) => value >= 0) || fractions.train === 0 || Math.abs(sum - 1) > 1e-9) {
    const got = SPLITS.map((split) => `${split} ${fractions[split]}`).join(', ');
    const message = `split fractions must be 0 or more, sum to 1 and leave some for train, got ${got}`;
    throw new ImagingError('option-invalid', message);
  }
}

function carriedSplits(rows: readonly SplitRow[]): Map<string, Split> {
  const splits = new Map<string, Split>();
  for (const { patientId, split } of rows) {
    const earlier = splits.get(patientId);
    if (earlier && earlier !== split) {
      const message = `patient ${patientId} is in split ${earlier} and in ${split}: keep a patient in one split`;
      throw new ImagingError('split-impossible', message);
    }
    if (split) splits.set(patientId, split);
  }
  return splits;
}

/** Patients by id, so that the order of rows has no influence. */
function patientsOf(rows: readonly SplitRow[]): Patient[] {
  const labels = new Map<string, Set<string>>();
  for (const { patientId, label } of rows) labels.set(patientId, (labels.get(patientId) ?? new Set()).add(label));
  return [...labels].map(([id, set]) => ({ id, labels: set })).sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** Seed and number of folds. */
export interface FoldOptions {
  readonly seed: number;
  /** At least 2. */
  readonly folds: number;
}

/**
 * Deals patients to folds 0 to k - 1 as splitByPatient deals them to splits: by composition, seeded, every class in every fold. Rows
 * whose split is test get no fold, so that cross-validation never sees them.
 * Throws option-invalid for the number of folds, split-impossible where a class has fewer patients than folds.
 */
export function foldsByPatient<T extends SplitRow>(
  rows: readonly T[],
  { seed, folds }: FoldOptions,
): (T & { readonly fold?: number })[] {
  if (!Number.isInteger(folds) || folds < 2) {
    throw new ImagingError('option-invalid', `the number of folds must be a whole number of at least 2, got ${folds}`);
  }
  carriedSplits(rows);
  const parts = Array.from({ length: folds }, (_, fold) => [`fold ${fold}`, 1 / folds] as const);
  const pool = rows.filter(({ split }) => split !== 'test');
  const dealt = dealPatients(
    patientsOf(pool),
    (composition) => new RandomStream(seed, 'folds', composition),
    new Map(parts),
    'use fewer folds',
  );
  const foldOf = new Map(parts.map(([name], fold) => [name, fold]));
  return rows.map((row) => {
    const part = dealt.get(row.patientId);
    return part === undefined ? { ...row } : { ...row, fold: foldOf.get(part) as number };
  });
}

/** The splits whose share is not 0. */
function usedParts(shares: SplitFractions): ReadonlyMap<Split, number> {
  return new Map(SPLITS.filter((split) => shares[split] > 0).map((split) => [split, shares[split]]));
}

/**
 * Every patient's part. @param shares of each part, which sum to 1; @param remedy what a user does where a class has too few patients
 */
function dealPatients<P extends string>(
  patients: readonly Patient[],
  streamOf: (composition: string) => RandomStream,
  shares: ReadonlyMap<P, number>,
  remedy: string,
): Map<string, P> {
  const used = [...shares.keys()];
  const strata = Map.groupBy(patients, (patient) => [...patient.labels].sort().join('\u0000'));
  // Rare compositions first: the overall balance is then made up by the common ones.
  const ordered = [...strata].sort(([a, m], [b, n]) => m.length - n.length || (a < b ? -1 : 1));
  const assigned = new Map<string, P>();
  const counts = new Map(used.map((part) => [part, 0]));
  for (const [composition, members] of ordered) {
    for (const { id } of streamOf(composition).shuffle(members)) {
      // A composition starts from a balance within one patient and ends so: it is balanced itself.
      const deficit = (part: P) => (shares.get(part) as number) * (assigned.size + 1) - (counts.get(part) ?? 0);
      const part = used.reduce((best, next) => (deficit(next) > deficit(best) + 1e-12 ? next : best));
      assigned.set(id, part);
      counts.set(part, (counts.get(part) ?? 0) + 1);
    }
  }
  coverClasses(patients, used, assigned, remedy);
  return assigned;
}

/** Moves patients so that every class is in every part; a move never takes a class's last patient from a part. */
function coverClasses<P extends string>(
  patients: readonly Patient[],
  used: readonly P[],
  assigned: Map<string, P>,
  remedy: string,
): void {
  const having = (label: string, part?: P) =>
    patients.filter((patient) => patient.labels.has(label) && (!part || assigned.get(patient.id) === part));
  const labels = [...new Set(patients.flatMap((patient) => [...patient.labels]))].sort(
    (a, b) => having(a).length - having(b).length || (a < b ? -1 : 1),
  );
  for (const label of labels) {
    for (const part of used) {
      if (having(label, part).length > 0) continue;
      const movable = having(label).filter((patient) => {
        const from = assigned.get(patient.id) as P;
        return [...patient.labels].every((each) => having(each, from).length > 1);
      });
      const size = (patient: Patient) => having(label, assigned.get(patient.id)).length;
      movable.sort((a, b) => size(b) - size(a) || a.labels.size - b.labels.size || (a.id < b.id ? -1 : 1));
      const [moved] = movable;
      if (!moved) {
        const message = `class ${label} has ${having(label).length} patients, too few for one in each of ${used.length > 5 ? `${used[0]} to ${used.at(-1)}` : used.join(', ')}: add patients, or ${remedy}`;
        throw new ImagingError('split-impossible', message);
      }
      assigned.set(moved.id, part);
    }
  }
}
