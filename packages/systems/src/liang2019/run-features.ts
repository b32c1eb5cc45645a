/** The frozen backbones of a run's members, each put into the engine once. */
import type { Engine } from '@mammoscope/runtime';
import { FeatureSource } from './features.ts';
import { backboneOf } from './frozen-backbone.ts';
import type { Backbone, Member, Recipe } from './recipe.ts';

/** Where the features of members come from. */
export interface RunFeatures {
  readonly of: (member: Member) => FeatureSource;
  readonly sources: readonly FeatureSource[];
  readonly release: () => Promise<void>;
}

/** What they are opened with. */
export interface RunFeaturesOptions {
  readonly engine: Engine;
  readonly recipe: Recipe;
  readonly members: readonly Member[];
  readonly seed: number;
  /** File of a network's weights; drawn from the seed where there is none. */
  readonly weightsOf: (network: Backbone) => string | undefined;
  readonly cacheFolder: string;
  readonly onNote?: ((note: string) => void) | undefined;
}

/** Opens the backbones that members read. Throws as FeatureSource.open. Release them after use. */
export async function openRunFeatures({ members, weightsOf, ...options }: RunFeaturesOptions): Promise<RunFeatures> {
  const { recipe } = options;
  const keyOf = (member: Member) => JSON.stringify(backboneOf(recipe, member));
  const sources = new Map<string, FeatureSource>();
  const release = async () => {
    for (const source of sources.values()) await source.release();
  };
  try {
    for (const member of members) {
      if (sources.has(keyOf(member))) continue;
      const backbone = backboneOf(recipe, member);
      sources.set(
        keyOf(member),
        await FeatureSource.open({ ...options, backbone, weights: weightsOf(backbone.network) }),
      );
    }
  } catch (error) {
    await release();
    throw error;
  }
  return { of: (member) => sources.get(keyOf(member)) as FeatureSource, sources: [...sources.values()], release };
}
