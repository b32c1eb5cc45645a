import { type ClassifierName, classifiers, isClassifierName } from '@mammoscope/nn';
import {
  download,
  importWeights,
  type LoadReport,
  openWeights,
  PUBLISHED_FILES,
  PUBLISHED_INPUTS,
  publishedFolder,
  writeSafetensors,
} from '@mammoscope/runtime';
import { SystemError } from '@mammoscope/systems';
import { Command, Option } from 'commander';
import { jsonOption, positiveNumber, print, wholeNumber } from '../options.ts';
import { formatTable } from '../table.ts';

/** `weights show`, `weights import`, `weights fetch`. */
export function weightsCommand(): Command {
  const weights = new Command('weights')
    .description('read weights of PyTorch, safetensors and ONNX files, and download published ones')
    .addHelpText('after', '\nExample:\n  ./mammoscope weights show resnet34.pth');
  weights
    .command('show')
    .description('names, shapes and element types of the tensors of a file')
    .argument('<file>', 'a .pt, .pth, .safetensors or .onnx file')
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  ./mammoscope weights show resnet34.pth')
    .action((file: string, { json }: { json?: boolean }) => show(file, json));
  weights
    .command('import')
    .description('fit the weights of a file to a network, tell what became of each, and write them as safetensors')
    .argument('<file>', 'a .pt, .pth, .safetensors or .onnx file')
    .requiredOption('--model <model>', 'name of the network (see model list)')
    .option('--outputs <n>', "classes; another number than the file's replaces the classifier", positiveNumber)
    .addOption(
      new Option(
        '--channels <n>',
        'channels of the images; 1 sums a first convolution for 3, 3 shares out one for 1',
      ).choices(['1', '3']),
    )
    .option('--seed <n>', 'seed of what is initialised fresh', wholeNumber, 0)
    .option('--out <file>', 'the .safetensors file to write; without it nothing is written')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExample:\n  ./mammoscope weights import resnet34.pth --model resnet34 --outputs 2 --channels 1 --out resnet34.safetensors',
    )
    .action((file: string, flags: ImportFlags) => importFile(file, flags));
  weights
    .command('fetch')
    .description('download the published weights of a network; the only command that uses the network')
    .argument('<model>', `one of ${[...PUBLISHED_FILES.keys()].join(', ')}`)
    .option('--to <folder>', "where to put the file (the user's cache folder unless given)")
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  ./mammoscope weights fetch resnet34')
    .action((model: string, flags: { to?: string; json?: boolean }) => fetchFile(model, flags));
  return weights;
}

async function show(path: string, json: boolean | undefined): Promise<void> {
  await using file = await openWeights(path);
  const tensors = [...file.entries].map(([name, { dtype, shape }]) => ({ name, shape, dtype }));
  const elements = tensors.reduce((sum, { shape }) => sum + shape.reduce((product, extent) => product * extent, 1), 0);
  const lines = tensors.map(({ name, shape, dtype }) => [name, shape.join(' x ') || 'scalar', dtype]);
  const text = `${formatTable(['tensor', 'shape', 'type'], lines)}\n${tensors.length} tensors, ${elements.toLocaleString('en')} elements`;
  print(json, { file: path, tensors, elements }, text);
}

interface ImportFlags {
  readonly model: string;
  readonly outputs?: number;
  readonly channels?: '1' | '3';
  readonly seed: number;
  readonly out?: string;
  readonly json?: boolean;
}

async function importFile(path: string, { model, outputs, channels, seed, out, json }: ImportFlags): Promise<void> {
  const network = classifierName(model);
  if (out !== undefined && !out.endsWith('.safetensors'))
    throw new SystemError(
      'option-invalid',
      `--out ${out}: weights are written as safetensors; end the name in .safetensors`,
    );
  const imported = await importWeights(path, {
    network,
    seed,
    ...(outputs !== undefined && { outputs }),
    ...(channels !== undefined && { channels: channels === '1' ? 1 : 3 }),
  });
  if (out !== undefined) await writeSafetensors(out, imported.tensors, new Map([['model', network]]));
  const { report } = imported;
  const title = `${network} with ${imported.outputs} outputs for ${imported.channels} channels, from ${path}${out === undefined ? ' (not written: no --out)' : `, in ${out}`}`;
  const { outputs: classes, channels: planes } = imported;
  const input = PUBLISHED_INPUTS.get(network) ?? null;
  print(
    json,
    { file: path, model, outputs: classes, channels: planes, ...report, input, out: out ?? null },
    [title, describe(report), ...(input === null ? [] : [`input: ${input}`])].join('\n'),
  );
}

/** What each list of a report means, in the order in which they are shown. */
const MEANINGS: Readonly<Record<keyof LoadReport, string>> = {
  loaded: 'taken as they are',
  adapted: 'first convolution, of 3 channels summed for 1, or of 1 shared out over 3',
  replaced: 'classifier for another number of outputs, initialised fresh',
  missing: 'not in the file, initialised fresh',
  unexpected: 'in the file and not in the network, left out',
  ignored: "PyTorch's counters of batches, left out",
};
/** Names of a list that are shown; --json has all. */
const NAMES_SHOWN = 6;

function describe(report: LoadReport): string {
  const lists = Object.entries(MEANINGS) as [keyof LoadReport, string][];
  return lists
    .filter(([list]) => report[list].length > 0)
    .map(([list, meaning]) => {
      const names = report[list];
      const more = names.length > NAMES_SHOWN ? `, and ${names.length - NAMES_SHOWN} more` : '';
      const listed =
        list === 'loaded' || list === 'ignored' ? '' : `: ${names.slice(0, NAMES_SHOWN).join(', ')}${more}`;
      return `${String(names.length).padStart(5)} ${list.padEnd(10)} (${meaning})${listed}`;
    })
    .join('\n');
}

async function fetchFile(
  model: string,
  { to, json }: { readonly to?: string; readonly json?: boolean },
): Promise<void> {
  const published = PUBLISHED_FILES.get(model);
  if (!published)
    throw new SystemError(
      'option-invalid',
      `no weights of "${model}" are published: use ${[...PUBLISHED_FILES.keys()].join(', ')}`,
    );
  const terminal = process.stderr.isTTY === true;
  const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1);
  const onProgress = (done: number, total: number | null) => {
    if (terminal)
      process.stderr.write(`\r\u001b[K${megabytes(done)}${total === null ? '' : ` of ${megabytes(total)}`} MB`);
  };
  process.stderr.write(`${published.address}\n`);
  const { path, sha256, cached } = await download(published, to ?? publishedFolder(), { onProgress });
  if (terminal) process.stderr.write('\r\u001b[K');
  print(
    json,
    { model, ...published, path, cached, sha256 },
    `${path}${cached ? ' (there already)' : ''}\nSHA-256 ${sha256}, ${published.sha256.length < 64 ? `of which ${published.sha256} is published; later downloads are held to all of it` : 'as pinned'}`,
  );
}

function classifierName(name: string): ClassifierName {
  if (!isClassifierName(name))
    throw new SystemError(
      'option-invalid',
      `there is no network "${name}": use ${Object.keys(classifiers).join(', ')}`,
    );
  return name;
}
