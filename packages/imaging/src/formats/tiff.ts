import { ImagingError } from '../errors.ts';
import type { ImageStructure } from './image-structure.ts';

/** True for a little- or big-endian TIFF (TIFF 6.0, section 2). BigTIFF is another format. */
export function isTiff(bytes: Buffer): boolean {
  const start = bytes.toString('latin1', 0, 4);
  return start === 'II*\0' || start === 'MM\0*';
}

/** Fields of a directory that matter here, by their tags. */
const FIELDS = {
  width: 256,
  height: 257,
  bits: 258,
  photometric: 262,
  orientation: 274,
  samples: 277,
  sampleFormat: 339,
} as const;

/**
 * What the first directory of a TIFF says (TIFF 6.0, sections 2 and 8). One page of unsigned grey (or equal red, green and blue)
 * samples of 8 or 16 bits is read; what a decoder would convert on its way is refused: white at zero, floats, several pages.
 * Throws image-truncated, image-corrupt or format-unsupported.
 */
export function tiffStructure(bytes: Buffer, name: string): ImageStructure {
  const little = bytes.toString('latin1', 0, 2) === 'II';
  const short = (at: number) => (little ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at));
  const long = (at: number) => (little ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at));
  const need = (end: number) => {
    if (end > bytes.length) {
      throw new ImagingError('image-truncated', `${name} ends inside the directory of a TIFF: copy or export it again`);
    }
  };
  const refuse = (what: string) =>
    new ImagingError(
      'format-unsupported',
      `${name} is a TIFF with ${what}, which is not read: export one page of 8 or 16 grey bits, black at zero`,
    );
  need(8);
  const directory = long(4);
  need(directory + 2);
  const end = directory + 2 + 12 * short(directory);
  need(end + 4);
  const values = new Map<number, number>();
  for (let at = directory + 2; at < end; at += 12) {
    const [type, count] = [short(at + 2), long(at + 4)];
    // Three shorts do not fit into the entry: the value is where it points to.
    const inline = type !== 3 || count <= 2;
    const where = inline ? at + 8 : long(at + 8);
    need(where + 4);
    values.set(short(at), type === 4 ? long(where) : short(where));
  }
  const {
    width = 0,
    height = 0,
    bits = 1,
    photometric = 1,
    orientation = 1,
    samples = 1,
    sampleFormat = 1,
  } = Object.fromEntries(Object.entries(FIELDS).map(([field, tag]) => [field, values.get(tag)]));
  if (width < 1 || height < 1)
    throw new ImagingError(
      'image-corrupt',
      `${name} is damaged: its size is ${width} x ${height} pixels; export it again`,
    );
  if (long(end) !== 0) throw refuse('several pages');
  if (photometric === 0) throw refuse('white at zero');
  if (photometric !== 1 && photometric !== 2) throw refuse(`photometric interpretation ${photometric}`);
  if (sampleFormat !== 1) throw refuse('samples that are signed or floats');
  if (bits !== 8 && bits !== 16) throw refuse(`${bits} bits a sample`);
  if (samples !== (photometric === 1 ? 1 : 3)) throw refuse(`${samples} samples a pixel`);
  return { width, height, sampleBits: bits, orientation };
}
