/** history.csv: a line an epoch, numbers written so that they are read back unchanged. */
import { readFile } from 'node:fs/promises';
import { writeAside } from '@mammoscope/files';
import { bestOf, type EpochRecord } from '@mammoscope/runtime';
import { parse } from 'csv-parse/sync';
import { holdsFile, type RunRecord, runFiles } from '../run/run-record.ts';

/** What the training of a run's networks came to. */
export interface TrainingSummary {
  readonly system: string;
  readonly seed: number;
  readonly members: readonly {
    readonly network: string;
    readonly epochs: number;
    /** The epoch whose weights were kept, and its figures on the validation images. */
    readonly bestEpoch: number;
    readonly valAuc: number;
    readonly valLoss: number;
  }[];
}

/** Writes the epochs of one network. */
export async function writeHistory(path: string, history: readonly EpochRecord[]): Promise<void> {
  const lines = history.map(({ epoch, trainLoss, valLoss, valAuc, learningRate }) =>
    [epoch, trainLoss, valLoss, valAuc, learningRate].join(','),
  );
  await writeAside(path, `${['epoch,train_loss,val_loss,val_auc,learning_rate', ...lines].join('\n')}\n`);
}

/** The epochs of one network. */
export async function readHistory(path: string): Promise<EpochRecord[]> {
  const rows = parse(await readFile(path, 'utf8'), { columns: true }) as Record<string, string>[];
  return rows.map((row) => ({
    epoch: Number(row.epoch),
    trainLoss: Number(row.train_loss),
    valLoss: Number(row.val_loss),
    valAuc: Number(row.val_auc),
    learningRate: Number(row.learning_rate),
  }));
}

/** Epochs trained and the best one of each network of a run; a network of which no epoch ended is left out. */
export async function trainingSummary(run: string, { system, seed, members }: RunRecord): Promise<TrainingSummary> {
  const summaries = await Promise.all(
    members.map(async (network) => {
      const path = runFiles(run).member(network).history;
      const history = (await holdsFile(path)) ? await readHistory(path) : [];
      const best = bestOf(history);
      if (!best) return [];
      const { epoch, valAuc, valLoss } = best;
      return [{ network, epochs: history.length, bestEpoch: epoch, valAuc, valLoss }];
    }),
  );
  return { system, seed, members: summaries.flat() };
}
