/** A DICOM file as pieces of bytes, so that a volume is written frame by frame and never held. */
import { DicomError } from '../errors.ts';
import { swapWords } from '../pixels/stored-values.ts';
import { elementHeader, encodeDataSet, type WrittenDataSet } from './data-set.ts';
import { uidOf } from './uid.ts';

const EXPLICIT_LITTLE_ENDIAN = '1.2.840.10008.1.2.1';
const PIXEL_DATA = 0x7fe00010;
const IS_BIG_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 0;

/** Native pixels: a frame, or any part of the pixel data, in order. */
export type PixelPiece = Uint8Array | Uint16Array | Int16Array;

/**
 * Preamble, file meta information (PS3.10 7.1), the data set, and the native pixel data of `frames`, explicit VR little endian. Each
 * piece is taken when the one before it was written, so its memory may be used again. Without `frames` the object has no pixel data.
 * Throws DicomError: 'value-invalid'; 'image-invalid' where frames are not what Rows, Columns and NumberOfFrames say.
 */
export function* dicomBytes(dataSet: WrittenDataSet, frames?: Iterable<PixelPiece>): Generator<Uint8Array, void> {
  yield fileHead(dataSet);
  yield encodeDataSet(dataSet);
  if (!frames) return;
  const { BitsAllocated: bits } = dataSet;
  const expected = pixelBytes(dataSet);
  yield elementHeader(PIXEL_DATA, Number(bits) > 8 ? 'OW' : 'OB', expected + (expected % 2));
  let written = 0;
  for (const frame of frames) {
    if (Number(bits) > 8 !== frame.BYTES_PER_ELEMENT > 1)
      throw contradiction(`${bits} bits are allocated, and a frame has samples of ${8 * frame.BYTES_PER_ELEMENT} bits`);
    written += frame.byteLength;
    if (written > expected) break;
    yield littleEndian(frame);
  }
  if (written !== expected)
    throw contradiction(
      `${expected} bytes of pixels were announced, and frames gave ${written > expected ? 'more' : written}`,
    );
  if (expected % 2) yield new Uint8Array(1);
}

/** Preamble and file meta information, before a data set of that transfer syntax. DicomError 'value-invalid'. */
export function fileHead(
  { SOPClassUID, SOPInstanceUID }: Pick<WrittenDataSet, 'SOPClassUID' | 'SOPInstanceUID'>,
  transferSyntax: string = EXPLICIT_LITTLE_ENDIAN,
): Buffer {
  if (!SOPClassUID || !SOPInstanceUID)
    throw new DicomError('value-invalid', 'an object needs a SOPClassUID and a SOPInstanceUID before it is written');
  const meta = encodeDataSet({
    FileMetaInformationVersion: Uint8Array.of(0, 1),
    MediaStorageSOPClassUID: SOPClassUID,
    MediaStorageSOPInstanceUID: SOPInstanceUID,
    TransferSyntaxUID: transferSyntax,
    ImplementationClassUID: uidOf('mammoscope', 'implementation'),
    ImplementationVersionName: 'MAMMOSCOPE',
  });
  const preamble = Buffer.alloc(132);
  preamble.write('DICM', 128, 'latin1');
  return Buffer.concat([preamble, encodeDataSet({ FileMetaInformationGroupLength: meta.length }), meta]);
}

/** Bytes of the pixel data; samples of 1 bit are packed across frames (PS3.5 8.1.1). */
function pixelBytes({ Rows, Columns, SamplesPerPixel = 1, BitsAllocated, NumberOfFrames = 1 }: WrittenDataSet): number {
  const bytes = Math.ceil(
    (Number(Rows) * Number(Columns) * Number(SamplesPerPixel) * Number(BitsAllocated) * Number(NumberOfFrames)) / 8,
  );
  if (Number.isFinite(bytes)) return bytes;
  throw contradiction('frames need Rows, Columns and BitsAllocated');
}

function littleEndian(frame: PixelPiece): Uint8Array {
  const bytes = new Uint8Array(frame.buffer, frame.byteOffset, frame.byteLength);
  if (!IS_BIG_ENDIAN || frame.BYTES_PER_ELEMENT === 1) return bytes;
  const swapped = bytes.slice();
  swapWords(swapped);
  return swapped;
}

const contradiction = (sentence: string) =>
  new DicomError('image-invalid', `the object cannot be written: ${sentence}; make attributes and frames agree`);
