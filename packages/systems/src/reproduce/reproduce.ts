/** A paper's comparison from beginning to end: cohorts, runs trained and evaluated by several processes, one report. */
import { availableParallelism } from 'node:os';
import { basename, join, resolve } from 'node:path';
import type { Manifest } from '@mammoscope/imaging';
import type { NetworkName } from '@mammoscope/nn';
import { SystemError } from '../errors.ts';
import { reproductionOf, systemOf } from '../registry.ts';
import { makeFolder } from '../run/make-folder.ts';
import { holdsFile, runFiles } from '../run/run-record.ts';
import type { Job, PartEvent, RunPlan } from './job.ts';
import { JobPool } from './job-pool.ts';
import { beginOrGoOn } from './plan.ts';
import { byFold, bySeed, type PlannedRepetition, writeFolds } from './repetitions.ts';
import type { EvaluatedRepetition, PlannedRun } from './reproduction.ts';
import { writeComparison } from './results.ts';
import { settled, trainMembers } from './train-members.ts';

/** What to compare, on what, and where. */
export interface ReproduceOptions {
  readonly system: string;
  readonly preset: string;
  /** "key=value" */
  readonly settings: readonly string[];
  readonly seeds: readonly number[];
  /** The user's images; a phantom is drawn where absent. */
  readonly data?: Manifest;
  /** Folds of the user's images instead of one split a seed. */
  readonly folds?: number;
  /** Files that networks start from. */
  readonly weights: readonly (readonly [network: NetworkName, file: string])[];
  /** At a time; half of the cores, two where there are two, unless given. */
  readonly processes?: number;
  /** Of each process; the cores divided among the processes unless given. */
  readonly threads?: number;
  readonly out: string;
  /** Canonical: without folders. */
  readonly command: string;
  readonly signal?: AbortSignal;
  readonly onEvent?: (part: string, event: PartEvent) => void;
}

/** Where the results are. */
export interface ReproduceSummary {
  readonly report: string;
  readonly tables: string;
  /** Of every repetition and run. */
  readonly runs: readonly string[];
}

/**
 * Makes every run of a comparison and writes reproduction.html, tables.csv and tables.json into `out`. Whatever is complete there
 * is kept: the same call goes on with what was interrupted. Throws as `train` and `evaluate` do, SystemError 'run-mismatch'
 * where the folder holds another comparison.
 */
export async function reproduce(options: ReproduceOptions): Promise<ReproduceSummary> {
  const { system, preset, settings, seeds, data, folds, weights, signal, command } = options;
  const reproduction = reproductionOf(system);
  const plans = reproduction.runs(preset);
  for (const plan of plans) systemOf({ system }).plan(preset, [...plan.settings, ...settings]);
  requireNetworks(system, plans, weights);
  const processes = options.processes ?? Math.max(Math.min(2, availableParallelism()), availableParallelism() >> 1);
  const threads = options.threads ?? Math.max(1, Math.floor(availableParallelism() / processes));
  const dealt = data && folds !== undefined ? byFold(data, folds, seeds[0] ?? 0) : undefined;
  const out = resolve(options.out);
  await makeFolder(out);
  await beginOrGoOn(out, {
    ...{ format: 'mammoscope-reproduction-1', system, preset, threads, command },
    settings: [...settings],
    seeds: [...seeds],
    folds: folds ?? 0,
    data: data ? { name: basename(data.path), sha256: data.sha256 } : null,
    classes: [...(data?.classes ?? [])],
    weights: weights.map(([network, file]) => `${network}=${basename(file)}`),
  });
  const repetitions = dealt ? await writeFolds(dealt, join(out, 'folds')) : bySeed(seeds, data?.path);
  const pool = new JobPool({ processes, signal });
  const made = new MadeRuns(options, { out, threads, pool });
  const evaluated = await settled(
    repetitions.map(async (repetition, rank): Promise<EvaluatedRepetition> => {
      const manifest = repetition.manifest ?? (await made.cohort(repetition, rank));
      const runs = await settled(plans.map((plan) => made.run(repetition, plan, manifest, rank)));
      return { name: repetition.name, runs: Object.fromEntries(runs) };
    }),
  );
  return writeComparison(reproduction, { ...options, out }, evaluated);
}

/** SystemError 'option-invalid' for weights of a network that no run reads. */
function requireNetworks(
  system: string,
  runs: readonly PlannedRun[],
  weights: readonly (readonly [network: NetworkName, file: string])[],
): void {
  const read = runs.flatMap(({ networks = [] }) => networks);
  const idle = weights.find(([network]) => runs.every(({ networks }) => networks?.includes(network) === false));
  if (idle)
    throw new SystemError(
      'option-invalid',
      `--weights ${idle[0]}=...: the runs of ${system} read ${[...new Set(read)].join(', ')}; name one of these`,
    );
}

/** The parts of a comparison as files of its folder, made where they are missing. */
class MadeRuns {
  readonly #options: ReproduceOptions;
  readonly #place: { readonly out: string; readonly threads: number; readonly pool: JobPool };

  constructor(
    options: ReproduceOptions,
    place: { readonly out: string; readonly threads: number; readonly pool: JobPool },
  ) {
    this.#options = options;
    this.#place = place;
  }

  /** The manifest of a repetition's phantom. */
  async cohort({ name, seed }: PlannedRepetition, rank: number): Promise<string> {
    const { system, preset } = this.#options;
    const out = join(this.#place.out, name, 'cohort');
    const manifest = join(out, reproductionOf(system).cohort(preset, seed).manifest);
    if (!(await holdsFile(manifest)))
      await this.#job(`${name} cohort`, { kind: 'cohort', system, preset, seed, out }, rank);
    return manifest;
  }

  /** A run's name and folder, once it is trained and evaluated. */
  async run(
    { name, seed }: PlannedRepetition,
    planned: PlannedRun,
    manifest: string,
    rank: number,
  ): Promise<[string, string]> {
    const { system, preset, settings, weights, command, data } = this.#options;
    const out = join(this.#place.out, name, planned.name);
    const part = `${name} ${planned.name}`;
    const plan: RunPlan = {
      ...{ system, preset, seed, manifest, out, command, threads: this.#place.threads },
      weights: weights.filter(([network]) => planned.networks?.includes(network) ?? true),
      settings: [...planned.settings, ...settings],
      ...(data ? { classes: data.classes } : {}),
    };
    await trainMembers(this.#place.pool, plan, {
      rank,
      onEvent: (member, event) => this.#options.onEvent?.(`${part} ${member}`, event),
    });
    if (!(await holdsFile(runFiles(out).report)))
      await this.#job(`${part} evaluation`, { ...plan, kind: 'evaluate' }, rank);
    return [planned.name, out];
  }

  async #job(part: string, job: Job, rank: number): Promise<void> {
    await this.#place.pool.run(job, rank, (event) => this.#options.onEvent?.(part, event));
  }
}
