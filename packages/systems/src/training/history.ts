/** history.csv: a line an epoch, numbers written so that they are read back unchanged. */
import { readFile } from 'node:fs/promises';
import { writeAside } from '@mammoscope/files';
import { bestOf, type EpochRecord } from '@mammoscope/runtime';
import { parse } from 'csv-parse/sync';
import { type RunRecord, runFiles } from '../run/run-record.ts';

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

/** Epochs trained and the best one of each network of a run. */
export async function trainingSummary(run: string, { system, seed, members }: RunRecord): Promise<TrainingSummary> {
  const histories = await Promise.all(members.map((network) => readHistory(runFiles(run).member(network).history)));
  return {
    system,
    seed,
    members: members.map((network, i) => {
      const history = histories[i] as EpochRecord[];
      const { epoch, valAuc, valLoss } = bestOf(history) as EpochRecord;
      return { network, epochs: history.length, bestEpoch: epoch, valAuc, valLoss };
    }),
  };
}
