import { createHash } from 'node:crypto';
import { lower, type TensorData } from '@mammoscope/nn';
import { chooseWays, type Engine, float32Tensor, type Session, type StateDict } from '@mammoscope/runtime';
import { startingWeights } from '../classifier/starting-weights.ts';
import { FeatureCache, type FeatureKey } from './feature-cache.ts';
import { backboneGraph, PORTS } from './head-graphs.ts';
import { backboneInput, imageDigest, imageRecipe, planeOf, rowOf, type Side } from './pair-images.ts';
import type { PairRow } from './pairs.ts';
import { BACKBONES, type Recipe } from './recipe.ts';

/** Maps that are held in memory; beyond it they are read from the cache each time. */
const MEMORY_BYTES = 1 << 29;

/** What a source of features is made from. */
export interface FeatureOptions {
  readonly engine: Engine;
  readonly recipe: Recipe;
  readonly seed: number;
  /** Of the backbone; its weights are drawn from the seed where there is none. */
  readonly weights: string | undefined;
  readonly cacheFolder: string;
  readonly onNote?: ((note: string) => void) | undefined;
}

/** Feature maps of pairs through the frozen backbone, each computed once and kept on disk. */
export class FeatureSource {
  /** [C, H, W] */
  readonly map: readonly number[];
  /** How many maps were computed, not found. */
  computed = 0;
  /** The weights of the backbone that its map takes. */
  readonly backbone: StateDict;
  readonly #session: Session;
  readonly #recipe: Recipe;
  readonly #cache: FeatureCache;
  readonly #weights: string;
  readonly #digests = new Map<string, Promise<string>>();
  readonly #memory = new Map<string, Float32Array>();
  #memoryBytes = 0;

  private constructor(
    session: Session,
    recipe: Recipe,
    map: readonly number[],
    weights: string,
    cache: FeatureCache,
    backbone: StateDict,
  ) {
    this.#session = session;
    this.backbone = backbone;
    this.#recipe = recipe;
    this.map = map;
    this.#weights = weights;
    this.#cache = cache;
  }

  /** Puts the backbone into an engine. WeightsError and SystemError for a weights file that does not fit. Release it after use. */
  static async open({ engine, recipe, seed, weights, cacheFolder, onNote }: FeatureOptions): Promise<FeatureSource> {
    const spec = { network: recipe.backbone, outputs: 2, channels: 3, sizePx: recipe.sizePx } as const;
    const { values, note } = await startingWeights(spec, seed, weights);
    if (note) onNote?.(note);
    const { graph, map, declarations } = backboneGraph(recipe, 1);
    const ways = await chooseWays(engine, [graph], {});
    const hash = createHash('sha256');
    const own = new Map<string, Float32Array>();
    for (const [name] of [...declarations].sort(([a], [b]) => (a < b ? -1 : 1))) {
      if (!graph.parameters.has(name)) continue;
      const data = values.get(name) as Float32Array;
      own.set(name, data);
      hash.update(name).update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    }
    const lowered = lower(graph, engine.target, ways);
    const session = await engine.load(lowered);
    const backbone: StateDict = new Map(
      lowered.parameters.map(({ name, shape }) => [name, float32Tensor(shape, own.get(name) as Float32Array)]),
    );
    await engine.put(
      new Map(
        [...backbone].map(([name, { shape }]) => [
          name,
          { dtype: 'float32', shape, data: own.get(name) as Float32Array },
        ]),
      ),
    );
    const cache = new FeatureCache(cacheFolder, recipe.cacheGiB * 2 ** 30);
    return new FeatureSource(session, recipe, map, hash.digest('hex'), cache, backbone);
  }

  /** The map of a side of a pair, in one of its variants, [C * H * W]. Throws what its image throws. */
  async of(pair: PairRow, side: Side, variant: number): Promise<Float32Array> {
    const key = await this.#key(pair, side, variant);
    const name = JSON.stringify(key);
    const held = this.#memory.get(name) ?? (await this.#cache.read(key));
    const features = held ?? (await this.#compute(pair, side, [variant])).get(variant);
    if (!features) throw new RangeError(`variant ${variant} was not computed`);
    this.#hold(name, features);
    return features;
  }

  /** Computes what is missing of all variants of a side, the image being decoded once. */
  async prepare(pair: PairRow, side: Side, variants: number): Promise<void> {
    const missing: number[] = [];
    for (let variant = 0; variant < variants; variant++) {
      const key = await this.#key(pair, side, variant);
      const name = JSON.stringify(key);
      const found = this.#memory.get(name) ?? (await this.#cache.read(key));
      if (found) this.#hold(name, found);
      else missing.push(variant);
    }
    if (missing.length > 0) await this.#compute(pair, side, missing);
  }

  async release(): Promise<void> {
    await this.#session.release();
  }

  async #compute(pair: PairRow, side: Side, variants: readonly number[]): Promise<Map<number, Float32Array>> {
    const plane = await planeOf(pair, side, this.#recipe);
    const results = new Map<number, Float32Array>();
    for (const variant of variants) {
      const input = new Map<string, TensorData>([[PORTS.image, backboneInput(plane, variant)]]);
      const features = (await this.#session.run(input)).get(`out:${PORTS.features}`) as Float32Array;
      const key = await this.#key(pair, side, variant);
      await this.#cache.write(key, features);
      this.#hold(JSON.stringify(key), features);
      this.computed++;
      results.set(variant, features);
    }
    return results;
  }

  #hold(name: string, features: Float32Array): void {
    if (this.#memory.has(name) || this.#memoryBytes + features.byteLength > MEMORY_BYTES) return;
    this.#memory.set(name, features);
    this.#memoryBytes += features.byteLength;
  }

  async #key(pair: PairRow, side: Side, variant: number): Promise<FeatureKey> {
    const row = rowOf(pair, side);
    const known = this.#digests.get(row.absolutePath) ?? imageDigest(row);
    this.#digests.set(row.absolutePath, known);
    const { backbone } = this.#recipe;
    return {
      recipe: `${backbone} to ${BACKBONES[backbone]}, ${imageRecipe(this.#recipe, side)}, ${side}`,
      weights: this.#weights,
      image: await known,
      variant,
    };
  }
}
