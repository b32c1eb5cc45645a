import { mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { writeAside } from '@mammoscope/files';
import {
  type DynamicImage,
  drawContactSheet,
  dynamicImage,
  openImage,
  type Plane,
  stackFrames,
  writePng8,
} from '@mammoscope/imaging';
import { Command, InvalidArgumentError } from 'commander';
import { jsonOption, positiveNumber, print } from '../options.ts';

interface DynamicFlags {
  readonly out: string;
  readonly approximate?: boolean;
  readonly lambda: number;
  readonly maxSide?: number;
  readonly json?: boolean;
}

/** `image dynamic <dbt>` */
export function imageDynamicCommand(): Command {
  return new Command('dynamic')
    .description(
      'make one image of how the slices of a tomosynthesis change, by rank pooling, and draw it beside two others',
    )
    .argument('<dbt>', 'DICOM, NIfTI, NumPy or AVI, or a folder with an image a slice')
    .requiredOption(
      '--out <folder>',
      'folder for dynamic.png, 8 bits, and beside.png with the middle slice and the maximum projection',
    )
    .option('--lambda <number>', 'weight of the first term of Equation 1 of Liang et al. 2019', aboveZero, 1)
    .option('--approximate', 'take the closed-form weights of approximate rank pooling in place of the exact ones')
    .option('--max-side <px>', 'shrink frames to this longer side first', positiveNumber)
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  ./mammoscope image dynamic breast.dcm --out dynamic')
    .action(dynamic);
}

function aboveZero(text: string): number {
  const value = Number(text);
  if (!(value > 0 && Number.isFinite(value))) throw new InvalidArgumentError(`"${text}" is not above 0.`);
  return value;
}

async function dynamic(file: string, { out, approximate, lambda, maxSide, json }: DynamicFlags): Promise<void> {
  const stack = await openImage(file);
  try {
    const middleSlice = Math.floor(stack.depth / 2);
    let middle: Plane | undefined;
    let brightest: Plane | undefined;
    const frames = stackFrames(stack, {
      ...(maxSide !== undefined && { maxSidePx: maxSide }),
      onFrame: (frame, slice) => {
        if (slice === middleSlice) middle = frame;
        brightest = brightest ? brighter(brightest, frame) : frame;
      },
    });
    const image = await dynamicImage(frames, { method: approximate ? 'approximate' : 'exact', lambda });
    const { width, height, data, weights, exact } = image;
    const plane = { width, height, data: Float32Array.from(data) };
    await mkdir(out, { recursive: true });
    await writePng8(join(out, 'dynamic.png'), plane.data, width, height);
    const tiles = [
      { plane, caption: `dynamic image, ${approximate ? 'approximate' : `lambda ${lambda}`}`, gamma: 1 },
      ...(middle ? [{ plane: middle, caption: `slice ${middleSlice} of 0 to ${stack.depth - 1}`, gamma: 1 }] : []),
      ...(brightest ? [{ plane: brightest, caption: 'maximum of all slices', gamma: 1 }] : []),
    ];
    await writeAside(join(out, 'beside.png'), await drawContactSheet(tiles, { sidePx: 640, columns: 3 }));
    const { format, depth: slices } = stack;
    print(
      json,
      { file, format, width, height, slices, ...exact, weights: [...weights] },
      describe(basename(file), image),
    );
  } finally {
    await stack.close();
  }
}

function brighter(a: Plane, b: Plane): Plane {
  return { ...a, data: a.data.map((value, i) => Math.max(value, b.data[i] as number)) };
}

function describe(name: string, { width, height, weights, exact }: DynamicImage): string {
  const how = exact
    ? `Equation 1 solved: objective ${exact.objective.toPrecision(6)}, duality gap ${exact.dualityGap.toPrecision(2)}, lambda ${exact.lambda}`
    : 'approximate rank pooling: the closed-form weights, not the minimum of Equation 1';
  return `${name}: ${weights.length} slices as one image of ${width} x ${height}\n${how}`;
}
