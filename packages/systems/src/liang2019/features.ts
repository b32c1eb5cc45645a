import { createHash } from 'node:crypto';
import type { Plane } from '@mammoscope/imaging';
import { foldedWeights, foldNormalisation, type Graph, liveNodes, lower, type TensorData } from '@mammoscope/nn';
import { chooseWays, type Engine, float32Tensor, type Session, type StateDict } from '@mammoscope/runtime';
import { startingWeights } from '../classifier/starting-weights.ts';
import { FeatureCache, type FeatureKey } from './feature-cache.ts';
import type { FrozenBackbone } from './frozen-backbone.ts';
import { backboneGraph, type MapSide, PORTS } from './head-graphs.ts';
import { backboneInput, imageDigest, imageRecipe, planeOf, slicePlanes } from './pair-images.ts';
import { type PairRow, rowOf } from './pairs.ts';
import type { Recipe } from './recipe.ts';

/** Maps that are held in memory; beyond it they are read from the cache each time. */
const MEMORY_BYTES = 1 << 29;

/** What a source of features is made from. */
export interface FeatureOptions {
  readonly engine: Engine;
  readonly recipe: Recipe;
  readonly backbone: FrozenBackbone;
  readonly seed: number;
  /** Of the backbone; its weights are drawn from the seed where there is none. */
  readonly weights: string | undefined;
  readonly cacheFolder: string;
  readonly onNote?: ((note: string) => void) | undefined;
}

/** Feature maps of pairs through a frozen backbone, each computed once and kept on disk. */
export class FeatureSource {
  readonly backbone: FrozenBackbone;
  /** [C, H, W] */
  readonly map: readonly number[];
  /** How many maps were computed, not found. */
  computed = 0;
  /** The weights of the backbone that its map takes, by the network's own names. */
  readonly weights: StateDict;
  readonly #session: Session;
  readonly #recipe: Recipe;
  readonly #cache: FeatureCache;
  readonly #digest: string;
  readonly #digests = new Map<string, Promise<string>>();
  readonly #memory = new Map<string, Float32Array>();
  #memoryBytes = 0;

  private constructor(
    session: Session,
    { recipe, backbone }: FeatureOptions,
    map: readonly number[],
    digest: string,
    cache: FeatureCache,
    weights: StateDict,
  ) {
    this.#session = session;
    this.backbone = backbone;
    this.weights = weights;
    this.#recipe = recipe;
    this.map = map;
    this.#digest = digest;
    this.#cache = cache;
  }

  /** Puts the backbone into an engine. WeightsError and SystemError for a weights file that does not fit. Release it after use. */
  static async open(options: FeatureOptions): Promise<FeatureSource> {
    const { engine, recipe, backbone, seed, weights: file, cacheFolder, onNote } = options;
    const { network } = backbone;
    const spec = { network, outputs: 2, channels: 3, sizePx: recipe.sizePx } as const;
    const { values, note } = await startingWeights(spec, seed, file);
    if (note) onNote?.(note);
    const { graph: whole, map } = backboneGraph(backbone, recipe);
    const { graph, folded } = foldNormalisation(whole);
    const lowered = lower(graph, engine.target, await chooseWays(engine, [graph], {}));
    const own = (resident: string) => resident.slice(network.length + 1);
    const residents = new Map(
      parametersOf(whole).map((name) => [name, values.get(own(name)) as Float32Array] as const),
    );
    const weights: StateDict = new Map(
      [...residents].map(([name, data]) => [own(name), float32Tensor(whole.parameters.get(name)?.shape ?? [], data)]),
    );
    const hash = createHash('sha256');
    for (const [name, { data }] of weights)
      hash.update(name).update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    const session = await engine.load(lowered);
    const put = foldedWeights(folded, residents);
    await engine.put(
      new Map(
        lowered.parameters.map(({ name, shape }) => [
          name,
          { dtype: 'float32' as const, shape, data: put.get(name) as Float32Array },
        ]),
      ),
    );
    const cache = new FeatureCache(cacheFolder, recipe.cacheGiB * 2 ** 30);
    return new FeatureSource(session, options, map, hash.digest('hex'), cache, weights);
  }

  /** The map of a side of a pair, in one of its variants, [C, H, W]; of slices [C, K, H, W]. Throws what its image throws. */
  async of(pair: PairRow, side: MapSide, variant: number): Promise<Float32Array> {
    const key = await this.#key(pair, side, variant);
    const name = JSON.stringify(key);
    const held = this.#memory.get(name) ?? (await this.#cache.read(key));
    const features = held ?? (await this.#compute(pair, side, [variant])).get(variant);
    if (!features) throw new RangeError(`variant ${variant} was not computed`);
    this.#hold(name, features);
    return features;
  }

  /** Computes what is missing of all variants of a side, the image being decoded once. */
  async prepare(pair: PairRow, side: MapSide, variants: number): Promise<void> {
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

  async #compute(pair: PairRow, side: MapSide, variants: readonly number[]): Promise<Map<number, Float32Array>> {
    const results = new Map<number, Float32Array>();
    const keep = async (variant: number, features: Float32Array) => {
      const key = await this.#key(pair, side, variant);
      await this.#cache.write(key, features);
      this.#hold(JSON.stringify(key), features);
      this.computed++;
      results.set(variant, features);
    };
    if (side === 'slices') await keep(0, await this.#slices(pair));
    else {
      const plane = await planeOf(pair, side, this.#recipe);
      for (const variant of variants) await keep(variant, await this.#run(backboneInput(plane, variant)));
    }
    return results;
  }

  async #run(image: Float32Array): Promise<Float32Array> {
    const outputs = await this.#session.run(new Map<string, TensorData>([[PORTS.image, image]]));
    return outputs.get(`out:${PORTS.features}`) as Float32Array;
  }

  /** The maps of slices side by side, [C, K, H, W]. */
  async #slices(pair: PairRow): Promise<Float32Array> {
    const { slices } = this.#recipe;
    const [channels, rows, columns] = this.map as readonly [number, number, number];
    const area = rows * columns;
    const stacked = new Float32Array(channels * slices * area);
    let k = 0;
    let [last, map]: [Plane | undefined, Float32Array] = [undefined, new Float32Array(0)];
    for await (const plane of slicePlanes(pair.dbt, this.#recipe)) {
      if (plane !== last) map = await this.#run(backboneInput(plane, 0)); // [C, H, W]
      last = plane;
      for (let c = 0; c < channels; c++) stacked.set(map.subarray(c * area, (c + 1) * area), (c * slices + k) * area);
      k++;
    }
    return stacked;
  }

  #hold(name: string, features: Float32Array): void {
    if (this.#memory.has(name) || this.#memoryBytes + features.byteLength > MEMORY_BYTES) return;
    this.#memory.set(name, features);
    this.#memoryBytes += features.byteLength;
  }

  async #key(pair: PairRow, side: MapSide, variant: number): Promise<FeatureKey> {
    const row = rowOf(pair, side);
    const known = this.#digests.get(row.absolutePath) ?? imageDigest(row);
    this.#digests.set(row.absolutePath, known);
    const { network, cut } = this.backbone;
    return {
      recipe: `${network} to ${cut}, ${imageRecipe(this.#recipe, side)}, ${side}`,
      weights: this.#digest,
      image: await known,
      variant,
    };
  }
}

/** The parameters that what a graph gives depends on, by name in order. */
const parametersOf = (graph: Graph): string[] =>
  [
    ...new Set(
      liveNodes(graph)
        .flatMap(({ inputs }) => inputs)
        .flatMap(({ origin }) => (origin.kind === 'parameter' ? [origin.name] : [])),
    ),
  ].sort();
