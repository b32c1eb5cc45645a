/** The networks that Xiao et al. 2021 train, each with what it sees of a lesion. */
import type { ClassifierName } from '@mammoscope/nn';

/** What a network sees: the focus slice, the projection of all slices, `count` slices around the focus slice, or the focus slice and after it these. */
export type LesionInput =
  | { readonly kind: 'focus slice' }
  | { readonly kind: 'projection' }
  | { readonly kind: 'slices' | 'focus slice and slices'; readonly count: number };

/** A network of the comparison. */
export interface Member {
  readonly network: ClassifierName;
  readonly input: LesionInput;
  /** The table of the paper that it is first in. */
  readonly table: 2 | 3 | 4 | 5 | 7;
}

const focus = (network: ClassifierName, table: 2 | 7): Member => ({ network, input: { kind: 'focus slice' }, table });
const slices = (network: ClassifierName, count: number, table: 3 | 4 | 7): Member => ({
  network,
  input: { kind: 'slices', count },
  table,
});

const joined = (count: number): Member => ({
  network: 'xiao2021_joined',
  input: { kind: 'focus slice and slices', count },
  table: 5,
});

/** Members by their names in a run. */
export const MEMBERS = {
  'focus-resnet18': focus('resnet18', 2),
  'focus-resnet34': focus('resnet34', 2),
  'focus-resnet50': focus('resnet50', 2),
  'anisotropic-4': slices('anisotropic_resnet34', 4, 3),
  'anisotropic-6': slices('anisotropic_resnet34', 6, 3),
  'anisotropic-8': slices('anisotropic_resnet34', 8, 3),
  'anisotropic-10': slices('anisotropic_resnet34', 10, 3),
  'anisotropic-12': slices('anisotropic_resnet34', 12, 3),
  'isotropic-8': slices('isotropic_resnet34', 8, 4),
  /** "Feature-Ensemble": the features of focus-resnet34 and anisotropic-8, concatenated; with other N not in the paper. */
  'joined-4': joined(4),
  'joined-6': joined(6),
  'joined-8': joined(8),
  'joined-10': joined(10),
  'joined-12': joined(12),
  /** "Samala et al. designed a CNN with 4 convolutional layers to classify MCs in MIP of DBT." */
  samala: { network: 'samala2016', input: { kind: 'projection' }, table: 7 },
  /** "Method B and D are DM-based methods, and the focus slice of DBT volume is used as the input." */
  wang: focus('wang2018', 7),
  /** "Wichakam et al. used a 3D CNN with 8 convolutional layers." */
  wichakam: slices('wichakam2018', 8, 7),
  shu: focus('shu2020_region', 7),
} as const satisfies Record<string, Member>;

export type MemberName = keyof typeof MEMBERS;

/** True for the name of a member. */
export const isMemberName = (name: string): name is MemberName => Object.hasOwn(MEMBERS, name);

/** A member by its name. */
export const memberOf = (name: MemberName): Member => MEMBERS[name];

/** True for networks of volumes, which have a batch and a learning rate of their own. */
export const seesSlices = (name: MemberName): boolean => 'count' in memberOf(name).input;

/** What a member sees, for a reader. */
export function inputWords(name: MemberName): string {
  const { input } = memberOf(name);
  switch (input.kind) {
    case 'focus slice':
      return 'the focus slice';
    case 'projection':
      return 'the maximum intensity projection';
    case 'slices':
      return `${input.count} slices around the focus slice`;
    case 'focus slice and slices':
      return `the focus slice and, after it, ${input.count} slices around it`;
  }
}
