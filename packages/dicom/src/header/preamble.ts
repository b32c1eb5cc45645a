/** The first 132 bytes of a file (PS3.10 section 7.1): a preamble that may be anything, and the prefix DICM. */
import { DicomError } from '../errors.ts';
import type { ByteSource } from './byte-source.ts';

/** Where the file meta information begins. */
export const PREAMBLE_END = 132;

/** How programs begin; PS3.10 section 7.5 tells of files that are an image to one reader and a program to another. */
const PROGRAMS: readonly (readonly [name: string, bytes: readonly number[]])[] = [
  ['a Windows program (MZ)', [0x4d, 0x5a]],
  ['a Linux program (ELF)', [0x7f, 0x45, 0x4c, 0x46]],
  ['a script (#!)', [0x23, 0x21]],
  ['a macOS program (Mach-O)', [0xcf, 0xfa, 0xed, 0xfe]],
  ['a macOS program (Mach-O)', [0xce, 0xfa, 0xed, 0xfe]],
  ['a macOS program (Mach-O)', [0xfe, 0xed, 0xfa, 0xce]],
  ['a macOS program (Mach-O)', [0xfe, 0xed, 0xfa, 0xcf]],
  ['a macOS program or Java class', [0xca, 0xfe, 0xba, 0xbe]],
];

/** Checks preamble and prefix. DicomError 'not-dicom', 'file-executable'. */
export async function checkPreamble(source: ByteSource): Promise<void> {
  const { path } = source;
  const bytes = await source.read(0, Math.min(PREAMBLE_END, source.size));
  const prefix = String.fromCharCode(...bytes.subarray(128, 132));
  if (prefix !== 'DICM')
    throw new DicomError('not-dicom', `${path} is no DICOM file: bytes 128 to 131 are not the prefix DICM of PS3.10`);
  const program = PROGRAMS.find(([, magic]) => magic.every((byte, index) => bytes[index] === byte));
  if (!program) return;
  const sentence = `its preamble makes it ${program[0]} as well as an image`;
  throw new DicomError(
    'file-executable',
    `${path} is not read: ${sentence}; ask where it comes from and do not run it`,
  );
}
