/** The transfer syntaxes that are read (PS3.5 section 10, PS3.6 annex A). */
import { DicomError } from './errors.ts';

/** How the bytes of a frame are packed. */
export type Compression = 'none' | 'rle' | 'jpeg' | 'jpeg-ls' | 'jpeg-2000' | 'htj2k';

/** A transfer syntax: the data set's encoding and the pixels'. */
export interface TransferSyntax {
  readonly uid: string;
  readonly name: string;
  readonly explicit: boolean;
  readonly littleEndian: boolean;
  readonly deflated: boolean;
  readonly compression: Compression;
  /** Whether decoded values may differ from those that were encoded. */
  readonly lossy: boolean;
}

const ROOT = '1.2.840.10008.1.2';
const LOSSY: ReadonlySet<string> = new Set(['.4.50', '.4.51', '.4.81', '.4.91', '.4.203']);
const COMPRESSED: readonly (readonly [suffix: string, name: string, compression: Compression])[] = [
  ['.4.50', 'JPEG baseline (process 1)', 'jpeg'],
  ['.4.51', 'JPEG extended (processes 2 and 4)', 'jpeg'],
  ['.4.57', 'JPEG lossless (process 14)', 'jpeg'],
  ['.4.70', 'JPEG lossless (process 14, selection value 1)', 'jpeg'],
  ['.4.80', 'JPEG-LS lossless', 'jpeg-ls'],
  ['.4.81', 'JPEG-LS near-lossless', 'jpeg-ls'],
  ['.4.90', 'JPEG 2000 lossless', 'jpeg-2000'],
  ['.4.91', 'JPEG 2000', 'jpeg-2000'],
  ['.4.201', 'High-Throughput JPEG 2000 lossless', 'htj2k'],
  ['.4.202', 'High-Throughput JPEG 2000 lossless, RPCL', 'htj2k'],
  ['.4.203', 'High-Throughput JPEG 2000', 'htj2k'],
  ['.5', 'RLE lossless', 'rle'],
];
const native = { explicit: true, littleEndian: true, deflated: false, compression: 'none', lossy: false } as const;

/** All of them. */
export const TRANSFER_SYNTAXES: readonly TransferSyntax[] = [
  { ...native, uid: ROOT, name: 'implicit VR little endian', explicit: false },
  { ...native, uid: `${ROOT}.1`, name: 'explicit VR little endian' },
  { ...native, uid: `${ROOT}.1.99`, name: 'deflated explicit VR little endian', deflated: true },
  { ...native, uid: `${ROOT}.2`, name: 'explicit VR big endian', littleEndian: false },
  ...COMPRESSED.map(([suffix, name, compression]) => ({
    ...native,
    uid: `${ROOT}${suffix}`,
    name,
    compression,
    lossy: LOSSY.has(suffix),
  })),
];

/** The syntax of a UID. DicomError 'syntax-unknown'. */
export function transferSyntaxOf(uid: string, path: string): TransferSyntax {
  const syntax = TRANSFER_SYNTAXES.find((candidate) => candidate.uid === uid);
  if (syntax) return syntax;
  const shown = /^[0-9.]{1,64}$/.test(uid) ? uid : 'no UID';
  const sentence = `(0002,0010) TransferSyntaxUID is ${shown}, which is not read; convert it with "dcmconv" or "gdcmconv"`;
  throw new DicomError('syntax-unknown', `${path}: ${sentence}`);
}
