/** Options that several commands share, and their parsing. */
import { IMAGE_STEPS, type ImageStep, type Preferences } from '@mammoscope/imaging';
import { chooseDevice, DEVICES, type Device, Engine } from '@mammoscope/runtime';
import { InvalidArgumentError, Option } from 'commander';

/** A whole number, as --seed and --batch take it. */
export function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || text.trim() === '')
    throw new InvalidArgumentError(`"${text}" is no whole number.`);
  return value;
}

/** A whole number above 0, as --threads takes it. */
export function positiveNumber(text: string): number {
  const value = wholeNumber(text);
  if (value < 1) throw new InvalidArgumentError(`"${text}" is not above 0.`);
  return value;
}

/** Extents of a batch of images, N x C x H x W, such as 1x3x224x224, or of volumes, N x C x D x H x W. */
function shapeOption(text: string): number[] {
  const extents = text.split('x').map(Number);
  if (![4, 5].includes(extents.length) || !extents.every((extent) => Number.isInteger(extent) && extent > 0))
    throw new InvalidArgumentError(
      `"${text}" is no shape of images or volumes; write it as 1x3x224x224 or 1x3x16x112x112.`,
    );
  return extents;
}

/** --input of a network; what it is where it is not given depends on what the network takes. */
export function inputOption(images: readonly number[], volumes: readonly number[]): Option {
  const defaults = `images, as NxCxHxW (default: ${images.join('x')}), or volumes, as NxCxDxHxW (default: ${volumes.join('x')})`;
  return new Option('--input <shape>', defaults).argParser(shapeOption);
}

/** Which source of an image wins in a step, as --prefer takes it, several times over. */
export function preference(text: string, earlier: Preferences = {}): Preferences {
  const [step, source] = text.split('=');
  const known = IMAGE_STEPS.find((each): each is ImageStep => each === step);
  if (!known || !source) {
    throw new InvalidArgumentError(
      `"${text}" is no preference; write step=source, the step one of ${IMAGE_STEPS.join(', ')}.`,
    );
  }
  return { ...earlier, [known]: source };
}

/** A comma-separated list. */
export const listOption = (text: string): string[] => text.split(',').map((item) => item.trim());

/** Collects an option that may be given several times. */
export const collect = (value: string, earlier: readonly string[] = []): string[] => [...earlier, value];

export const deviceOption = () =>
  new Option('--device <device>', 'where to compute').choices([...DEVICES, 'auto']).default('cpu');
export const threadsOption = () =>
  new Option('--threads <n>', 'threads inside an operation (all cores unless given)').argParser(positiveNumber);
export const jsonOption = () => new Option('--json', 'print JSON on stdout');

/** An engine on the device asked for; with auto, the choice and its reason are logged. */
export async function openEngine(wanted: Device | 'auto', threads?: number): Promise<Engine> {
  const { device, reason } = await chooseDevice(wanted);
  if (wanted === 'auto') process.stderr.write(`device ${device}: ${reason}\n`);
  return Engine.create({ device, ...(threads ? { threads } : {}) });
}

/** A line on a terminal that counts images; `end` takes it away. */
export function imageProgress(): { readonly onImage: (done: number, total: number) => void; readonly end: () => void } {
  const terminal = process.stderr.isTTY === true;
  return {
    onImage: (done, total) => {
      if (terminal) process.stderr.write(`\r${done} of ${total} images`);
    },
    end: () => {
      if (terminal) process.stderr.write('\r\u001b[K');
    },
  };
}

/** A word as a POSIX shell takes it. */
export const quoted = (word: string) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

/** Words as a line that a POSIX shell takes. */
export const commandLine = (words: readonly string[]): string => words.map(quoted).join(' ');

/** Prints to stdout: JSON when asked, text otherwise. */
export function print(json: boolean | undefined, data: unknown, text: string): void {
  process.stdout.write(json ? `${JSON.stringify(data, null, 2)}\n` : `${text}\n`);
}
