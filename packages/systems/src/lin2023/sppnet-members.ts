/** The networks of SPPNet's form that a run of this system has: of films, and of patches around malignant lesions. */
import type { ManifestRow } from '@mammoscope/imaging';
import type { SplitRow } from '../data/training-images.ts';
import { filmsToRead } from './films.ts';
import { balancedWeights, PATCH_TASKS, type PatchTask, type PatchTaskName } from './pathology.ts';
import { CLASSES } from './recipe.ts';
import type { SppnetSubject } from './sppnet-recipe.ts';

/** 'sppnet' scores films; the others are the tasks of table 4. */
export type SppnetMemberName = 'sppnet' | PatchTaskName;

/** One network: what it sees, and which of two classes it says. */
export interface SppnetMember {
  readonly name: SppnetMemberName;
  readonly subject: SppnetSubject;
  /** Scores are the probability of the second. */
  readonly classes: readonly [string, string];
  /** What it is trained and measured on: one row an image or patch, labelled by a class. SystemError for a cell that says neither. */
  readonly rowsOf: <Row extends ManifestRow>(rows: readonly Row[]) => Row[];
}

/** One row a film: malignant where a row of it is, "SPPNet used image-level binary tags as ground truth". */
function filmRows<Row extends ManifestRow>(rows: readonly Row[]): Row[] {
  return filmsToRead(rows).map(({ row, malignant }) => {
    const { box: _, lesionId: __, ...film } = row as Row; // filmsToRead gives the rows themselves
    return { ...film, label: CLASSES[malignant ? 1 : 0] } as Row;
  });
}

/** The malignant lesions with a box of which a task's class is known. */
function patchRows<Row extends ManifestRow>(task: PatchTask, rows: readonly Row[]): Row[] {
  return rows.flatMap((row) => {
    if (row.box === undefined || row.label.trim().toLowerCase() !== 'malignant') return [];
    const index = task.classOf(row[task.column] ?? '', `line ${row.line}`);
    return index === undefined ? [] : [{ ...row, label: task.classes[index] }];
  });
}

const ofTask = (name: PatchTaskName): SppnetMember => ({
  name,
  subject: 'patch',
  classes: PATCH_TASKS[name].classes,
  rowsOf: (rows) => patchRows(PATCH_TASKS[name], rows),
});

/** Every network by its name. */
export const SPPNET_MEMBERS: Readonly<Record<SppnetMemberName, SppnetMember>> = {
  sppnet: { name: 'sppnet', subject: 'film', classes: CLASSES, rowsOf: filmRows },
  'invasive-or-pure-dcis': ofTask('invasive-or-pure-dcis'),
  'invasive-or-dcis': ofTask('invasive-or-dcis'),
  'er-status': ofTask('er-status'),
};

/** Index of the class of each row that a member's rowsOf gave. */
export const classesOf = ({ classes }: SppnetMember, rows: readonly ManifestRow[]): (0 | 1)[] =>
  rows.map(({ label }) => (label === classes[1] ? 1 : 0));

/** How often an epoch has a training row of each class, so that both count alike: 1 for the commoner. SystemError where a class has none. */
export function balancedCopies(classes: readonly (0 | 1)[]): readonly [number, number] {
  const [first, second] = balancedWeights(classes);
  const least = Math.min(first, second);
  return [Math.round(first / least), Math.round(second / least)];
}

/** Why a member cannot be trained on split rows, as the end of a sentence; undefined where it can. */
export function obstacleTo(
  member: SppnetMember,
  rows: readonly SplitRow[],
  { batch }: { readonly batch: number },
): string | undefined {
  for (const split of ['train', 'val'] as const) {
    const own = classesOf(
      member,
      rows.filter((row) => row.split === split),
    );
    const second = own.filter((label) => label === 1).length;
    if (second === 0 || second === own.length)
      return `of ${own.length} ${split === 'train' ? 'training' : 'validation'} ${member.subject === 'film' ? 'films' : 'patches'} ${own.length - second} are of class "${member.classes[0]}" and ${second} of "${member.classes[1]}", and both are needed`;
    if (split === 'train' && own.length < batch)
      return `${own.length} training ${member.subject === 'film' ? 'films' : 'patches'} do not fill one batch of ${batch}`;
  }
  return undefined;
}
