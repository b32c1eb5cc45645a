import { timeFilm, timeVolume } from '@mammoscope/systems';
import type { Command } from 'commander';
import { print } from '../options.ts';
import { formatTable } from '../table.ts';
import { type BenchFlags, timedCommand } from './bench-options.ts';

interface DicomBenchFlags extends BenchFlags {
  readonly film?: string;
}

/** `bench dicom` */
export function benchDicomCommand(): Command {
  return timedCommand(
    'dicom',
    'a tomosynthesis of 60 frames in JPEG 2000, read frame by frame, and a film against native OpenJPEG',
    'times that the film is decoded',
  )
    .option('--film <file>', 'a JPEG 2000 image, decoded by turns here and by opj_decompress')
    .action(benchDicom);
}

async function benchDicom({ film: path, steps, json }: DicomBenchFlags): Promise<void> {
  const film = path === undefined ? undefined : await timeFilm(path, steps);
  const { digests: _, ...volume } = await timeVolume();
  const { rows, columns, frames, seconds, coresUsed, workers, peakMiB } = volume;
  const figures = [seconds.toFixed(1), (frames / seconds).toFixed(2), coresUsed.toFixed(2), `${workers}`];
  const volumeTable = formatTable(
    ['tomosynthesis, JPEG 2000 lossless', 'seconds', 'frames/s', 'cores used', 'of', 'peak MiB'],
    [[`${columns} x ${rows} x ${frames}`, ...figures, peakMiB.toFixed(0)]],
  );
  const times = film && [film.leastMs, film.processorMs, film.nativeMs].map((ms) => ms.toFixed(0));
  const filmTable =
    film &&
    formatTable(
      ['film, JPEG 2000', 'least ms', 'processor ms', 'opj_decompress ms', 'ratio'],
      [[`${film.columns} x ${film.rows}`, ...(times ?? []), film.ratio.toFixed(2)]],
    );
  print(json, { ...(film && { film }), volume }, [...(filmTable ? [filmTable] : []), volumeTable].join('\n\n'));
}
