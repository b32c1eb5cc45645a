/** From the compressed bytes of a frame to stored values: chooses the decoder, and holds its answer to the data set. */
import type { ImagePixel } from '../pixels/image-pixel.ts';
import { clampedValues, interleave, type StoredValues, samplesOf, storedValues } from '../pixels/stored-values.ts';
import type { Compression } from '../transfer-syntax.ts';
import { type CodestreamHeader, readJpeg2000Header, readJpegHeader } from './codestream.ts';
import { CodestreamError } from './codestream-error.ts';
import { decodeJpegHuffman } from './jpeg-huffman.ts';
import { decodeRle } from './rle.ts';
import { decodeWasm, type LoadLibrary } from './wasm-decoder.ts';

/** A frame, decoded. */
export interface DecodedFrame {
  readonly data: StoredValues;
  readonly photometricInterpretation: string;
}

/** How a frame was compressed. */
export interface FrameEncoding {
  readonly compression: Exclude<Compression, 'none'>;
  readonly lossy: boolean;
}

/** The samples of a codestream, interleaved, one or two bytes each. */
interface Samples {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly sampleBytes: 1 | 2;
}

const EXTENDED = 1;
const LOSSLESS = 3;
const JPEG_LS = 55;

/** Decodes a frame; `load` brings libraries where the program runs. CodestreamError when its bytes are not those of the image. */
export async function decodeFrame(
  { compression, lossy }: FrameEncoding,
  bytes: Uint8Array,
  image: ImagePixel,
  load: LoadLibrary,
): Promise<DecodedFrame> {
  const { rows, columns, samplesPerPixel, bitsAllocated, photometricInterpretation } = image;
  if (compression === 'rle') {
    const unpacked = decodeRle(bytes, rows * columns, samplesPerPixel, bitsAllocated / 8);
    return { data: storedValues(unpacked, image), photometricInterpretation };
  }
  const header =
    compression === 'jpeg-2000' || compression === 'htj2k' ? readJpeg2000Header(bytes) : readJpegHeader(bytes);
  checkHeader(header, image);
  const samples = await decodeSamples(compression, bytes, header, image, load);
  const expected = rows * columns * samplesPerPixel * samples.sampleBytes;
  if (samples.bytes.length !== expected)
    throw new CodestreamError(`its decoder gave ${samples.bytes.length} bytes where the image has ${expected}`);
  return {
    data: stored(compression, lossy, header, allocated(samples, image), image),
    photometricInterpretation: decodedInterpretation(compression, header, image),
  };
}

/** What the codestream says of its image has to be what the data set says. */
function checkHeader({ rows, columns, components, precision }: CodestreamHeader, image: ImagePixel): void {
  if (rows !== image.rows || columns !== image.columns)
    throw new CodestreamError(
      `it is ${columns} x ${rows} pixels, and the header says ${image.columns} x ${image.rows}`,
    );
  if (components.length !== image.samplesPerPixel)
    throw new CodestreamError(`it has ${components.length} components, and the header says ${image.samplesPerPixel}`);
  if (precision < 2 || precision > image.bitsAllocated)
    throw new CodestreamError(`it has samples of ${precision} bits, and ${image.bitsAllocated} are allocated`);
}

async function decodeSamples(
  compression: 'jpeg' | 'jpeg-ls' | 'jpeg-2000' | 'htj2k',
  bytes: Uint8Array,
  header: CodestreamHeader,
  image: ImagePixel,
  load: LoadLibrary,
): Promise<Samples> {
  const { process, precision, components } = header;
  if (compression === 'jpeg') {
    if (process === LOSSLESS || (process === EXTENDED && precision === 12))
      return { bytes: new Uint8Array(decodeJpegHuffman(bytes, header).buffer), sampleBytes: 2 };
    if (process === null || process > 2 || precision !== 8)
      throw new CodestreamError(`JPEG with the frame header SOF${process} and ${precision} bits is not read`);
    if (components.length === 3 && image.photometricInterpretation === 'RGB' && header.adobeTransform !== 0)
      throw new CodestreamError('its colours are RGB by the header and YCbCr by JPEG');
  } else if ((process === JPEG_LS) !== (compression === 'jpeg-ls'))
    throw new CodestreamError(`it is of another format than its transfer syntax says (SOF${process})`);
  else if (process === null && components.some(({ h, v }) => h !== 1 || v !== 1))
    throw new CodestreamError('components of different resolutions are not read');
  const decoded = await decodeWasm(compression, bytes, load);
  if (decoded.rows !== image.rows || decoded.columns !== image.columns || decoded.components !== image.samplesPerPixel)
    throw new CodestreamError('its decoder gave another image than its header describes');
  const sampleBytes = decoded.bits > 8 ? 2 : 1;
  const planes = compression === 'jpeg-ls' && image.samplesPerPixel === 3 && decoded.interleaveMode === 0;
  return { bytes: planes ? interleave(decoded.bytes, sampleBytes) : decoded.bytes, sampleBytes };
}

/** Samples in as many bytes as the data set allocates. */
function allocated({ bytes, sampleBytes }: Samples, { bitsAllocated }: ImagePixel): Uint8Array<ArrayBuffer> {
  if (sampleBytes * 8 === bitsAllocated) return bytes;
  if (sampleBytes === 1) return new Uint8Array(Uint16Array.from(bytes).buffer);
  return Uint8Array.from(new Uint16Array(bytes.buffer)); // the precision was found to be 8 bits or less
}

function stored(
  compression: Compression,
  lossy: boolean,
  { precision }: CodestreamHeader,
  bytes: Uint8Array<ArrayBuffer>,
  image: ImagePixel,
): StoredValues {
  // OpenJPEG keeps to the precision, so that a pass over 14 million values is spared
  const inRange = compression === 'jpeg-2000' && image.pixelRepresentation === 0 && precision <= image.bitsStored;
  if (inRange) return samplesOf(bytes, image);
  return lossy ? clampedValues(bytes, image, precision) : storedValues(bytes, image, image.bitsStored - 1);
}

/** Codecs undo their own colour transforms; what a data set calls YBR of a transform is then RGB (PS3.5 8.2). */
function decodedInterpretation(
  compression: Compression,
  { process }: CodestreamHeader,
  { samplesPerPixel, photometricInterpretation }: ImagePixel,
): string {
  if (samplesPerPixel === 1) return photometricInterpretation;
  if (compression === 'jpeg') return process === LOSSLESS ? photometricInterpretation : 'RGB';
  return photometricInterpretation === 'YBR_RCT' || photometricInterpretation === 'YBR_ICT'
    ? 'RGB'
    : photometricInterpretation;
}
