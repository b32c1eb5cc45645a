/** Run as a process of its own: reads a file frame by frame on all cores and prints what it took as JSON. */
import { createHash } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { DecoderPool, openDicom } from '@mammoscope/dicom';
import { peakBytesNow } from './peak-memory.ts';

/** What reading a volume took. */
export interface VolumeReading {
  readonly frames: number;
  readonly rows: number;
  readonly columns: number;
  readonly transferSyntax: string;
  readonly workers: number;
  readonly seconds: number;
  /** Processor time over wall time. */
  readonly coresUsed: number;
  readonly peakMiB: number;
  /** SHA-256 of each frame's stored values. */
  readonly digests: readonly string[];
}

async function readThrough(path: string): Promise<VolumeReading> {
  const workers = availableParallelism();
  const pool = new DecoderPool({ workers });
  const file = await openDicom(path, { pool });
  const { rows, columns } = file.image;
  const digests: string[] = [];
  const start = performance.now();
  const before = process.cpuUsage();
  for await (const { data } of file.frames({ release: true }))
    digests.push(createHash('sha256').update(data).digest('hex'));
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(before);
  await file.close();
  await pool.close();
  return {
    frames: file.frameCount,
    rows,
    columns,
    transferSyntax: file.transferSyntax.name,
    workers,
    seconds,
    coresUsed: (user + system) / 1e6 / seconds,
    peakMiB: peakBytesNow() / 2 ** 20,
    digests,
  };
}

const [path] = process.argv.slice(2);
if (path && import.meta.main) process.stdout.write(`${JSON.stringify(await readThrough(path))}\n`);
