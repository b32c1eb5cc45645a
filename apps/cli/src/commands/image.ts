import { mkdir, stat } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { writeAside } from '@mammoscope/files';
import {
  type Decision,
  drawContactSheet,
  type Explanation,
  explanationPage,
  explanationTiles,
  ImagingError,
  imagesBelow,
  LATERALITIES,
  type Laterality,
  openImage,
  type PixelSpacingMm,
  type Preferences,
  type PreparedImage,
  type PrepareOptions,
  prepareImage,
  type Tile,
  VIEWS,
  type View,
  type VoiChoice,
} from '@mammoscope/imaging';
import { Command, InvalidArgumentError, Option } from 'commander';
import { jsonOption, positiveNumber, preference, print, wholeNumber } from '../options.ts';
import { imageDynamicCommand } from './image-dynamic.ts';

/** Tiles on one contact sheet: more cannot be judged by eye. */
const SHEET_TILES = 60;

/** `image explain` and `image mask`. */
export function imageCommand(): Command {
  const image = new Command('image')
    .description('what is done to an image before a network sees it')
    .addHelpText('after', '\nExample:\n  ./mammoscope image explain film.dcm --out explained');
  image
    .command('explain')
    .description('print and draw every decision from stored values to what a network sees, with reason and evidence')
    .argument(
      '<file>',
      'DICOM, PNG, JPEG, TIFF, PGM, NIfTI, NumPy or AVI, or a folder of the slices of one DICOM series',
    )
    .option('--slice <k>', 'slice of a stack, counted from 0', wholeNumber, 0)
    .option('--prefer <step=source...>', 'which source wins where two disagree, such as laterality=tag', preference)
    .addOption(new Option('--laterality <side>', 'the breast shown, as you know it').choices(LATERALITIES))
    .addOption(new Option('--view <view>', 'the view, where no tag says it').choices(VIEWS))
    .addOption(
      new Option('--breast <what>', 'find it, or take the whole image (patches, test patterns)')
        .choices(['found', 'whole'])
        .default('found'),
    )
    .option('--voi <choice>', 'window:K, table:K or none; K counted from 0', voiChoice)
    .option('--spacing <mm>', 'mm between rows, or "rows,columns"', spacingMm)
    .option('--resample <mm>', 'resample to this spacing', millimetres)
    .addOption(
      new Option('--chest-wall <side>', 'where it is to be').choices(['left', 'right', 'stored']).default('left'),
    )
    .option('--out <folder>', 'folder for explanation.html and explanation.png')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExample:\n  ./mammoscope image explain film.dcm --prefer laterality=pixels --out explained',
    )
    .action(explain);
  image
    .command('mask')
    .description('draw a contact sheet with the breast that is found in each image')
    .argument('<files...>', 'images, or folders of images')
    .requiredOption('--out <sheet>', 'PNG to write; more sheets get numbers')
    .option('--columns <n>', 'images in a row', positiveNumber, 10)
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  ./mammoscope image mask mini-mias/ --out masks.png')
    .action(mask);
  image.addCommand(imageDynamicCommand());
  return image;
}

interface ExplainFlags {
  readonly slice: number;
  readonly prefer?: Preferences;
  readonly laterality?: Laterality;
  readonly view?: View;
  readonly breast: NonNullable<PrepareOptions['breast']>;
  readonly voi?: VoiChoice;
  readonly spacing?: PixelSpacingMm;
  readonly resample?: number;
  readonly chestWall: NonNullable<PrepareOptions['chestWall']>;
  readonly out?: string;
  readonly json?: boolean;
}

async function explain(file: string, flags: ExplainFlags): Promise<void> {
  const explanation = await explained(file, flags);
  const { format, size, slice, prepared } = explanation;
  if (flags.out !== undefined) {
    await mkdir(flags.out, { recursive: true });
    await writeAside(join(flags.out, 'explanation.html'), await explanationPage(explanation));
    const sheet = await drawContactSheet(explanationTiles(explanation), { sidePx: 480, columns: 3 });
    await writeAside(join(flags.out, 'explanation.png'), sheet);
  }
  const { decisions, laterality, view, modifiers, placement } = prepared;
  const { width, height } = prepared.plane;
  print(
    flags.json,
    { file, format, size, slice, laterality, view, modifiers, placement, prepared: { width, height }, decisions },
    [`${file}: ${format}, ${size.join(' x ')}, slice ${slice}`, ...decisions.map(describe)].join('\n\n'),
  );
}

async function explained(file: string, flags: ExplainFlags): Promise<Explanation> {
  const stack = await openImage(file);
  try {
    const stored = await stack.slice(flags.slice);
    const { prefer, laterality, view, breast, voi, spacing, resample, chestWall } = flags;
    const prepared = preparedFile(file, stored, stack.facts(flags.slice), {
      chestWall,
      breast,
      ...(prefer && { prefer }),
      ...(laterality && { laterality }),
      ...(view && { view }),
      ...(voi && { voi }),
      ...(spacing && { spacing }),
      ...(resample !== undefined && { targetMm: resample }),
    });
    const size = [stack.width, stack.height, stack.depth] as const;
    return { file: basename(file), format: stack.format, size, slice: flags.slice, stored, prepared };
  } finally {
    await stack.close();
  }
}

/** prepareImage, with the name of the file in what it throws: it knows pixels and tags only. */
function preparedFile(file: string, ...[stored, facts, options]: Parameters<typeof prepareImage>): PreparedImage {
  try {
    return prepareImage(stored, facts, options);
  } catch (error) {
    if (!(error instanceof ImagingError) || error.message.includes(file)) throw error;
    throw new ImagingError(error.code, `${file}: ${inFlags(error.message)}`, { cause: error });
  }
}

/** What the package calls an option, as it is typed here. */
const inFlags = (message: string): string =>
  message
    .replace('say so (breast: whole)', 'give --breast whole')
    .replace(/say which wins, for example (.+)$/, 'say which wins, for example --prefer "$1"')
    .replace(/give the spacing in mm$/, 'give --spacing in mm');

const describe = ({ step, choice, reason, evidence }: Decision): string =>
  [
    `${step}: ${choice}`,
    `  because ${reason}`,
    ...evidence.map(({ source, name, value }) => `  ${source} ${name}: ${value}`),
  ].join('\n');

interface MaskFlags {
  readonly out: string;
  readonly columns: number;
  readonly json?: boolean;
}

/** What --json lists of each image. */
interface MaskLine {
  readonly file: string;
  readonly boxPx: readonly number[];
  readonly areaShare: number;
}

async function mask(inputs: readonly string[], { out, columns, json }: MaskFlags): Promise<void> {
  const files = (await Promise.all(inputs.map(imagesOf))).flat();
  if (files.length === 0)
    throw new RangeError(`${inputs.join(', ')} holds no image: give images, or folders of images`);
  const lines: MaskLine[] = [];
  const sheets: string[] = [];
  for (let first = 0; first < files.length; first += SHEET_TILES) {
    const number = first / SHEET_TILES + 1;
    const path = number === 1 ? out : `${out.slice(0, out.length - extname(out).length)}-${number}${extname(out)}`;
    await writeAside(
      path,
      await drawContactSheet(maskTiles(files.slice(first, first + SHEET_TILES), lines), { columns }),
    );
    sheets.push(path);
  }
  print(json, { sheets, images: lines }, [...sheets, `${lines.length} images`].join('\n'));
}

async function* maskTiles(files: readonly string[], lines: MaskLine[]): AsyncGenerator<Tile> {
  for (const file of files) {
    const stack = await openImage(file);
    try {
      const { display, mask: found } = preparedFile(file, await stack.slice(0), stack.facts(0), {
        chestWall: 'stored',
        normalise: 'none',
      });
      const areaShare = found.areaPx / (found.width * found.height);
      lines.push({ file, boxPx: found.boxPx, areaShare });
      yield { plane: display, outline: found, caption: `${basename(file)} ${(100 * areaShare).toFixed(0)} %` };
    } finally {
      await stack.close();
    }
  }
}

async function imagesOf(path: string): Promise<string[]> {
  const isFolder = await stat(path).then(
    (entry) => entry.isDirectory(),
    () => false,
  );
  return isFolder ? imagesBelow(path, { recursive: false }) : [path];
}

function voiChoice(text: string): VoiChoice {
  if (text === 'none') return 'none';
  const [, kind, index] = /^(window|table):(\d+)$/.exec(text) ?? [];
  if (kind === undefined) throw new InvalidArgumentError(`"${text}" is no choice; write window:0, table:0 or none.`);
  return kind === 'window' ? { window: Number(index) } : { table: Number(index) };
}

function millimetres(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value < 100)) throw new InvalidArgumentError(`"${text}" is no distance in mm.`);
  return value;
}

function spacingMm(text: string): PixelSpacingMm {
  const [rowMm = 0, columnMm = rowMm, ...rest] = text.split(',').map(millimetres);
  if (rest.length > 0) throw new InvalidArgumentError(`"${text}" is no spacing; write 0.1 or 0.1,0.1.`);
  return { rowMm, columnMm };
}
