import { basename, dirname, relative } from 'node:path';
import type { Manifest } from '@mammoscope/imaging';
import type { Engine } from '@mammoscope/runtime';
import type { SplitRow } from '../data/training-images.ts';
import type { RunRecord } from './run-record.ts';
import { versions } from './versions.ts';

/** What a new run is made from. */
export interface NewRun extends Pick<RunRecord, 'system' | 'preset' | 'command' | 'seed' | 'weights'> {
  readonly engine: Engine;
  readonly manifest: Manifest;
  readonly rows: readonly SplitRow[];
  readonly recipe: object;
  readonly members: readonly string[];
}

/** run.json of a new run but for the lowerings, which are not chosen yet. */
export function newRecord({ engine, manifest, rows, recipe, weights, members, ...run }: NewRun): RunRecord {
  return {
    format: 'mammoscope-run-1',
    system: run.system,
    preset: run.preset,
    command: run.command,
    classes: [...manifest.classes],
    seed: run.seed,
    recipe: { ...recipe },
    device: engine.device,
    threads: engine.threads,
    versions: versions(),
    manifest: { name: basename(manifest.path), sha256: manifest.sha256 },
    weights,
    rows: rows.map((row) => ({
      path: relative(dirname(manifest.path), row.absolutePath),
      patientId: row.patientId,
      label: row.label,
      split: row.split,
      ...(row.lesionId ? { lesionId: row.lesionId } : {}),
    })),
    exclusions: [],
    lowerings: {},
    members: [...members],
  };
}
