import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { arch, cpus, platform } from 'node:os';
import { dirname } from 'node:path';
import { userCache, writeAside } from '@mammoscope/files';
import { applicableWays, type Graph, type GraphNode } from '@mammoscope/nn';
import * as ort from 'onnxruntime-node';
import type { Engine } from '../session/engine.ts';
import { type TimedChoice, timeWays, undecidedNodes } from './timing.ts';
import { type Undecided, worthTiming } from './worth-timing.ts';

/** Where timings are remembered: the user's cache folder, one file a machine. */
export const choicesFile = (engine: Engine): string => userCache(`lowerings-${machineKey(engine)}.json`);

/** What timings depend on: processor, cores used, device, ONNX Runtime's version, and the version of the ways. */
function machineKey({ threads, device, target }: Engine): string {
  const processor = cpus()[0]?.model ?? 'unknown';
  const text = [
    WAYS_VERSION,
    platform(),
    arch(),
    processor,
    threads,
    device,
    target.blockSize,
    ort.env.versions.node ?? '',
  ].join('|');
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

/** Raised when a way is added or written differently, so that old timings are not believed. */
const WAYS_VERSION = 7;

/** How choices are made. */
export interface ChoiceOptions {
  /** Choices of an earlier session of the same run, which win: a resumed run must compute the same bytes. */
  readonly fixed?: ReadonlyMap<string, string>;
  /** Called before each timing. */
  readonly onTiming?: (done: number, total: number) => void;
}

/**
 * A way for every undecided node of the graphs: the fixed one, else the one remembered for this machine, else the fastest of
 * a timing made now, which is then remembered; where a timing would gain little (see worthTiming), the preferred one.
 */
export async function chooseWays(
  engine: Engine,
  graphs: readonly Graph[],
  { fixed = new Map(), onTiming }: ChoiceOptions = {},
): Promise<Map<string, string>> {
  const undecided = undecidedNodes(graphs, engine.target);
  const file = choicesFile(engine);
  const remembered = await readChoices(file);
  const missing = worthTiming(undecided).filter((key) => !fixed.has(key) && !remembered.has(key));
  let saved = performance.now();
  for (const [done, key] of missing.entries()) {
    if (performance.now() - saved > SAVE_EVERY_MS) {
      await remember(file, remembered); // an interrupted start goes on from here
      saved = performance.now();
    }
    onTiming?.(done, missing.length);
    remembered.set(key, await timeWays(engine, (undecided.get(key) as Undecided).node));
  }
  if (missing.length > 0) await remember(file, remembered);
  const preferred = (node: GraphNode) => (applicableWays(node, engine.target)[0] as { readonly name: string }).name;
  return new Map(
    [...undecided].map(([key, { node }]) => [key, fixed.get(key) ?? remembered.get(key)?.way ?? preferred(node)]),
  );
}

/** How long timings may be lost. */
const SAVE_EVERY_MS = 10_000;

/** A cache that cannot be read is an empty one: it only saves time. */
async function readChoices(file: string): Promise<Map<string, TimedChoice>> {
  try {
    const entries = Object.entries(JSON.parse(await readFile(file, 'utf8')) as Record<string, TimedChoice>);
    return new Map(entries.filter(([, choice]) => typeof choice?.way === 'string'));
  } catch {
    return new Map();
  }
}

async function remember(file: string, choices: ReadonlyMap<string, TimedChoice>): Promise<void> {
  try {
    await mkdir(dirname(file), { recursive: true });
    await writeAside(file, `${JSON.stringify(Object.fromEntries(choices), null, 1)}\n`);
  } catch {
    // A cache that cannot be written costs the next run some seconds; the run at hand goes on.
  }
}
