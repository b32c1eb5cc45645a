import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { ResultMaker, ResultTime } from '@mammoscope/dicom';
import { imagesBelow } from '@mammoscope/imaging';
import type { Device } from '@mammoscope/runtime';
import {
  type PredictionSummary,
  readResultSources,
  readRunRecord,
  SystemError,
  sourceTask,
  systemOf,
  writeDicomResults,
} from '@mammoscope/systems';
import { Command } from 'commander';
import { deviceOption, jsonOption, openEngine, print, threadsOption } from '../options.ts';
import { packageVersion } from '../package-version.ts';
import { predictionProgress } from '../progress.ts';
import { formatTable } from '../table.ts';

interface PredictFlags {
  readonly out: string;
  readonly json?: boolean;
  readonly device: Device | 'auto';
  readonly threads?: number;
  readonly dicom?: string;
  readonly institution: string;
  readonly department: string;
  readonly station: string;
}

/** `predict <run> <files or folders> --out folder` */
export function predictCommand(): Command {
  return new Command('predict')
    .description('score images with a run: predictions.csv, predictions.json and overlays that show where it looked')
    .argument('<run>', 'run folder that train wrote')
    .argument(
      '<images...>',
      'image files, folders of them (DICOM included, whatever it is called), or a manifest (CSV) with the boxes of lesions',
    )
    .requiredOption('--out <folder>', 'where to write the results')
    .option('--dicom <folder>', 'also write the findings, or saliency maps, as DICOM objects, a folder a study')
    .option('--institution <name>', 'where the program runs, for DICOM objects', '')
    .option('--department <name>', 'of the institution, for DICOM objects', '')
    .option('--station <name>', 'name of this machine, for DICOM objects', '')
    .addOption(deviceOption())
    .addOption(threadsOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  ./mammoscope predict run images/ --out predictions')
    .action((run: string, images: readonly string[], flags: PredictFlags) => predict(resolve(run), images, flags));
}

async function predict(run: string, images: readonly string[], flags: PredictFlags): Promise<void> {
  const record = await readRunRecord(run);
  const system = systemOf(record);
  const files = (await Promise.all(images.map(imageFiles))).flat();
  const sources = flags.dicom === undefined ? undefined : await readResultSources(files, sourceTask(record.system));
  const engine = await openEngine(
    flags.device,
    flags.threads ?? (record.device === 'cpu' ? record.threads : undefined),
  );
  const { onProgress, end } = predictionProgress(process.stderr);
  try {
    const result = await system.predict({ engine, run, files, out: resolve(flags.out), onProgress });
    if (flags.dicom !== undefined && sources)
      await writeDicomResults({
        ...{ record, summary: result, sources, predictions: resolve(flags.out) },
        folder: resolve(flags.dicom),
        maker: makerOf(flags),
        time: timeOf(new Date()),
      });
    end(); // what is printed takes the line's place
    print(flags.json, result, predictionTable(result));
  } finally {
    end();
    await engine.close();
  }
}

/** The equipment module of DICOM objects. */
function makerOf({ institution, department, station }: PredictFlags): ResultMaker {
  return { institution, address: '', department, station, serialNumber: 'none', softwareVersion: packageVersion() };
}

/** YYYYMMDD and HHMMSS, local time, as DICOM has them. */
function timeOf(now: Date): ResultTime {
  const two = (value: number) => String(value).padStart(2, '0');
  return {
    date: `${now.getFullYear()}${two(now.getMonth() + 1)}${two(now.getDate())}`,
    time: [now.getHours(), now.getMinutes(), now.getSeconds()].map(two).join(''),
  };
}

/** A line an image, and the cut-off that decided. */
function predictionTable({ classes, cutoff, rule: called, predictions }: PredictionSummary): string {
  const table = formatTable(
    ['image', 'score', 'decision'],
    predictions.map(({ path, score, decision }) => [path, score.toFixed(4), decision]),
  );
  if (called !== undefined) return `${table}\ncalled: ${called}`;
  const rule =
    cutoff === null
      ? `none beats chance on the validation images, so every image is called ${classes[0]}`
      : `${classes.slice(1).join(' or ')} from ${cutoff.toFixed(4)} on (largest Youden index on the validation images)`;
  return `${table}\ncut-off: ${rule}`;
}

/** A file itself, or the images of a folder and the folders in it, sorted; named as the user named them. */
async function imageFiles(path: string): Promise<string[]> {
  const found = await stat(path).catch(() => null);
  if (!found) throw new SystemError('option-invalid', `${path} does not exist: give image files or folders`);
  if (!found.isDirectory()) return [path];
  const files = await imagesBelow(path);
  if (files.length > 0) return files;
  throw new SystemError(
    'option-invalid',
    `${path} holds no image (DICOM, PNG, JPEG, TIFF, PGM, NIfTI, NumPy, AVI): give a folder with images`,
  );
}
