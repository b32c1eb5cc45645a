/** Decision-level ensembles: "2D and 3D CNNs made decisions independently, and the final result was obtained by averaging the output of two CNNs." */
import { type MemberName, memberOf } from './members.ts';
import type { Recipe } from './recipe.ts';

/** A weighted mean of two members' probabilities. */
export interface DecisionEnsemble {
  readonly name: string;
  readonly focus: MemberName;
  readonly volume: MemberName;
  /** Of the member that sees the focus slice; the other has the rest. */
  readonly focusWeight: number;
}

/** The ensembles of a recipe, the headline first; none where it lacks one of the two kinds of members. */
export function ensemblesOf({ members, focusWeights }: Pick<Recipe, 'members' | 'focusWeights'>): DecisionEnsemble[] {
  const first = (kind: 'focus slice' | 'slices') => members.find((name) => memberOf(name).input.kind === kind);
  const [focus, volume] = [first('focus slice'), first('slices')];
  if (!focus || !volume) return [];
  return focusWeights.map((focusWeight) => ({
    name: focusWeight === 0.5 ? 'ensemble' : `ensemble-${focusWeight}`,
    focus,
    volume,
    focusWeight,
  }));
}

/** The ensemble's scores from those of its two members. */
export const weightedScores = (
  { focusWeight }: Pick<DecisionEnsemble, 'focusWeight'>,
  focus: readonly number[],
  volume: readonly number[],
): number[] => focus.map((score, i) => focusWeight * score + (1 - focusWeight) * (volume[i] as number));
