import { stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { writeAside } from '@mammoscope/files';
import { exportRun, PREPROCESSING_PLACES, type PreprocessingPlace, SystemError } from '@mammoscope/systems';
import { Command, Option } from 'commander';
import { jsonOption, print } from '../options.ts';

interface ExportFlags {
  readonly out: string;
  readonly network?: string;
  readonly preprocessing: PreprocessingPlace;
  readonly licence?: string;
  readonly json?: boolean;
}

/** `export <run> --out model.onnx` */
export function exportCommand(): Command {
  return new Command('export')
    .description("write a run as one ONNX file of standard ops that gives the run's scores, for any number of images")
    .argument('<run>', 'run folder that train wrote')
    .requiredOption('--out <file>', 'the .onnx file to write')
    .option('--network <name>', "one of the run's networks (all, averaged, unless given)")
    .addOption(
      new Option(
        '--preprocessing <place>',
        "normalisation of each image: described in the file's metadata and left to the caller, or inside the graph; resampling is the caller's in both",
      )
        .choices([...PREPROCESSING_PLACES])
        .default('metadata'),
    )
    .option('--licence <text>', 'licence of the weights, for the metadata of the file')
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  ./mammoscope export run --out model.onnx --preprocessing graph')
    .action((run: string, flags: ExportFlags) => writeExport(resolve(run), flags));
}

async function writeExport(run: string, { out, network, preprocessing, licence, json }: ExportFlags): Promise<void> {
  await requirePlace(out);
  const { bytes, ...exported } = await exportRun(run, {
    preprocessing,
    ...(network === undefined ? {} : { network }),
    ...(licence === undefined ? {} : { licence }),
  });
  await writeAside(resolve(out), bytes);
  const { networks, classes, inputs, cutoff } = exported;
  const finite = Number.isFinite(cutoff) ? cutoff : null;
  const text = [
    `${out}: ${networks.join(', ')}${networks.length > 1 ? ', averaged' : ''}, ${(bytes.length / 2 ** 20).toFixed(1)} MiB`,
    ...Object.entries(inputs).map(
      ([name, sizePx]) =>
        `${name}: N x ${sizePx} x ${sizePx}, ${preprocessing === 'graph' ? 'stored values; the model normalises them' : "to be normalised as the file's metadata says"}; images of another size are to be resampled before`,
    ),
    `score: probability of ${classes.slice(1).join(' or ')}, ${finite === null ? 'no cut-off beats chance on the validation images' : `cut-off ${finite.toFixed(4)} from the validation images`}`,
    'Not a medical device. For research only.',
  ].join('\n');
  print(json, { out, bytes: bytes.length, preprocessing, ...exported, cutoff: finite }, text);
}

/** SystemError where a file of that name cannot be written, before anything is read. */
async function requirePlace(out: string): Promise<void> {
  const refuse = (what: string) => {
    throw new SystemError('option-invalid', `--out ${out}: ${what}`);
  };
  if (!out.endsWith('.onnx')) refuse('models are written as ONNX; end the name in .onnx');
  const folder = dirname(resolve(out));
  const isFolder = (path: string) =>
    stat(path).then(
      (found) => found.isDirectory(),
      () => false,
    );
  if (!(await isFolder(folder))) refuse(`there is no folder ${folder}; make it first`);
  if (await isFolder(out)) refuse('this is a folder; name a file in it');
}
