/** A DICOM image that is open: its attributes, and its frames one at a time. */
import type { DecodedFrame } from './codecs/decode-frame.ts';
import type { FrameDecoder } from './codecs/protocol.ts';
import { DicomError } from './errors.ts';
import { type FrameMeta, frameMetaOf } from './functional-groups.ts';
import { type DataSet, type Identity, named } from './header/attributes.ts';
import { ByteCursor } from './header/byte-cursor.ts';
import type { ByteSource } from './header/byte-source.ts';
import { type HeaderDataSet, readDataSet, readFileMeta, readIdentity } from './header/data-set-reader.ts';
import { checkPreamble, PREAMBLE_END } from './header/preamble.ts';
import { allRows, type RowRange, requireRows, rowBytes, rowsOf } from './pixels/frame-rows.ts';
import { type Extent, type FrameExtents, locateFrames, requirePixelData } from './pixels/frame-table.ts';
import { type ImagePixel, readImagePixel } from './pixels/image-pixel.ts';
import { interleave, type StoredValues, storedValues, swapWords } from './pixels/stored-values.ts';
import { type TransferSyntax, transferSyntaxOf } from './transfer-syntax.ts';

/** A frame as it is stored: no LUT, no window, no orientation applied. Row-major, samples of a pixel together. */
export interface Frame {
  readonly rows: number;
  readonly columns: number;
  readonly samplesPerPixel: 1 | 3;
  readonly data: StoredValues;
  readonly bitsStored: number;
  /** 0 unsigned, 1 two's complement. */
  readonly pixelRepresentation: 0 | 1;
  /** Of `data`: RGB where a codec undid its own colour transform. */
  readonly photometricInterpretation: string;
}

/** What opening a source takes beside its bytes, which differs between Node and a browser. */
export interface SourceOptions {
  /** Where frames are decoded. */
  readonly decoder: FrameDecoder;
  /** The data set of a deflated file from an offset on. */
  readonly inflate: (source: ByteSource, start: number) => Promise<ByteSource>;
}

/** Options of a walk over all frames. */
export interface FramesOptions {
  /**
   * Frees the memory of a frame when the next is asked for, instead of whenever a collection comes: a frame that is kept
   * longer is then empty. For walks that must hold little.
   */
  readonly release?: boolean;
}

/** An open image. Frames are counted from 0. */
export interface DicomFile extends AsyncDisposable {
  readonly path: string;
  readonly transferSyntax: TransferSyntax;
  /** The attributes of the object that are read, by keyword. */
  readonly meta: DataSet;
  readonly image: ImagePixel;
  readonly frameCount: number;
  /** The attributes of a frame: functional groups over those of the object. */
  frameMeta(frame: number): DataSet;
  /**
   * Whose image it is and of which study, for objects that are to be filed with it. Read when asked, and not kept. DicomError 'value-invalid' where a text is of a
   * character set that is not read.
   */
  identity(): Promise<Identity>;
  /**
   * Decodes a frame; what is read and held is that frame, or of one that is not compressed the rows that are asked for. DicomError
   * 'frame-corrupt', 'frame-timeout', 'truncated'; RangeError for rows that it does not have.
   */
  frame(frame: number, rows?: RowRange): Promise<Frame>;
  /** The compressed bytes of a frame as they are; null where the syntax compresses nothing. */
  codestream(frame: number): Promise<Uint8Array | null>;
  /** All frames in order, decoded ahead on every core. */
  frames(options?: FramesOptions): AsyncGenerator<Frame, void, undefined>;
  close(): Promise<void>;
}

/** A compressed frame is smaller than its pixels; noise may grow by a little, and headers by kilobytes. */
const compressedLimit = (frameBytes: number): number => 2 * frameBytes + 2 ** 20;

/** Opens an image whose bytes are at hand and reads its header, not its pixels. DicomError for whatever is wrong with it; then the source is closed. */
export async function openDicomSource(bytes: ByteSource, { decoder, inflate }: SourceOptions): Promise<DicomFile> {
  const { path } = bytes;
  let source = bytes;
  try {
    await checkPreamble(bytes);
    const metaCursor = new ByteCursor(bytes, PREAMBLE_END);
    const { TransferSyntaxUID } = await readFileMeta(metaCursor);
    if (TransferSyntaxUID === undefined)
      throw new DicomError('not-dicom', `${path}: ${named('TransferSyntaxUID')} is missing, so nothing can be read`);
    const syntax = transferSyntaxOf(TransferSyntaxUID, path);
    if (syntax.deflated) source = await inflate(bytes, metaCursor.offset);
    const start = syntax.deflated ? 0 : metaCursor.offset;
    const header = await readDataSet(cursorAt(source, start, syntax), syntax.explicit);
    requirePixelData(header, path);
    const image = readImagePixel(header.dataSet, path);
    const extents = await locateFrames(source, header, syntax, image);
    const frameMeta = frameMetaOf(header.dataSet, image.frameCount, path);
    return new OpenFile(source, syntax, { ...header, start }, image, extents, frameMeta, decoder);
  } catch (error) {
    await source.close();
    throw error;
  }
}

function cursorAt(source: ByteSource, offset: number, { littleEndian }: TransferSyntax): ByteCursor {
  const cursor = new ByteCursor(source, offset);
  cursor.littleEndian = littleEndian;
  return cursor;
}

class OpenFile implements DicomFile {
  readonly path: string;
  readonly transferSyntax: TransferSyntax;
  readonly meta: DataSet;
  readonly image: ImagePixel;
  readonly frameCount: number;
  readonly #source: ByteSource;
  readonly #start: number;
  readonly #wordSwapped: boolean;
  readonly #extents: FrameExtents;
  readonly #frameMeta: FrameMeta;
  readonly #decoder: FrameDecoder;
  readonly #reading = new Set<Promise<unknown>>();
  #closed = false;

  constructor(
    source: ByteSource,
    syntax: TransferSyntax,
    { dataSet, pixelData, start }: HeaderDataSet & { readonly start: number },
    image: ImagePixel,
    extents: FrameExtents,
    frameMeta: FrameMeta,
    decoder: FrameDecoder,
  ) {
    this.path = source.path;
    this.transferSyntax = syntax;
    this.meta = dataSet;
    this.image = image;
    this.frameCount = image.frameCount;
    this.#source = source;
    this.#start = start;
    // OW is swapped by words whatever the samples are (PS3.5 A.3)
    this.#wordSwapped = !syntax.littleEndian && (image.bitsAllocated === 16 || pixelData?.vr === 'OW');
    this.#extents = extents;
    this.#frameMeta = frameMeta;
    this.#decoder = decoder;
  }

  frameMeta(frame: number): DataSet {
    this.#check(frame);
    return this.#frameMeta(frame);
  }

  async identity(): Promise<Identity> {
    this.#checkOpen();
    const cursor = cursorAt(this.#source, this.#start, this.transferSyntax);
    return this.#counted(readIdentity(cursor, this.transferSyntax.explicit));
  }

  async frame(frame: number, rows: RowRange = allRows(this.image)): Promise<Frame> {
    this.#check(frame);
    requireRows(rows, this.image, this.path);
    return this.#counted(this.#read(frame, rows));
  }

  /** Closing waits for what is being read. */
  async #counted<Result>(reading: Promise<Result>): Promise<Result> {
    this.#reading.add(reading);
    try {
      return await reading;
    } finally {
      this.#reading.delete(reading);
    }
  }

  async codestream(frame: number): Promise<Uint8Array | null> {
    this.#check(frame);
    if (this.transferSyntax.compression === 'none') return null;
    return this.#counted(this.#compressed(this.#extents(frame), frame));
  }

  async *frames({ release = false }: FramesOptions = {}): AsyncGenerator<Frame, void, undefined> {
    const ahead: Promise<Frame>[] = [];
    for (let next = 0, given = 0; given < this.frameCount; given++) {
      for (; next < this.frameCount && ahead.length < this.#decoder.workers; next++) {
        const frame = this.frame(next);
        frame.catch(() => undefined); // it is awaited below, unless another fails before
        ahead.push(frame);
      }
      const frame = await (ahead.shift() as Promise<Frame>);
      yield frame;
      if (release) frame.data.buffer.transfer(0);
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await Promise.allSettled(this.#reading);
    await this.#source.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #checkOpen(): void {
    if (this.#closed) throw new DicomError('file-closed', `${this.path} has been closed: open it again to read frames`);
  }

  #check(frame: number): void {
    this.#checkOpen();
    if (!(Number.isInteger(frame) && frame >= 0 && frame < this.frameCount))
      throw new RangeError(`${this.path} has frames 0 to ${this.frameCount - 1}, got ${frame}`);
  }

  async #read(frame: number, range: RowRange): Promise<Frame> {
    const { columns, samplesPerPixel, bitsStored, pixelRepresentation } = this.image;
    const { data, photometricInterpretation } = await this.#decode(frame, range);
    const rows = range.end - range.first;
    return { rows, columns, samplesPerPixel, data, bitsStored, pixelRepresentation, photometricInterpretation };
  }

  async #decode(frame: number, range: RowRange): Promise<DecodedFrame> {
    const { image } = this;
    const { compression, lossy } = this.transferSyntax;
    const extents = this.#extents(frame);
    if (compression !== 'none') {
      const load = async () => ({
        encoding: { compression, lossy },
        bytes: await this.#compressed(extents, frame),
        image,
      });
      const decoded = await this.#decoder.decode(load, `${this.path}: frame ${frame} of (7fe0,0010) PixelData`);
      return { ...decoded, data: rowsOf(decoded.data, range, image) };
    }
    const { photometricInterpretation } = image;
    const whole = extents[0] as Extent;
    if (image.planarConfiguration === 1) {
      const samples = interleave(await this.#native(whole), image.bitsAllocated / 8);
      return { data: rowsOf(storedValues(samples, image), range, image), photometricInterpretation };
    }
    const { offset, length } = rowBytes(range, image);
    const bytes = await this.#native({ offset: whole.offset + offset, length });
    return { data: storedValues(bytes, image), photometricInterpretation };
  }

  /** The bytes of an uncompressed frame, little-endian. */
  async #native({ offset, length }: Extent): Promise<Uint8Array<ArrayBuffer>> {
    if (!this.#wordSwapped) return this.#source.read(offset, length);
    // frames of an odd number of bytes begin and end inside words
    const shift = offset % 2 === this.#pixelParity() ? 0 : 1;
    const last = Math.min(offset + length + ((shift + length) % 2), this.#source.size);
    const words = await this.#source.read(offset - shift, last - offset + shift);
    swapWords(words);
    return words.slice(shift, shift + length);
  }

  #pixelParity(): number {
    return (this.#extents(0)[0] as Extent).offset % 2;
  }

  async #compressed(extents: readonly Extent[], frame: number): Promise<Uint8Array<ArrayBuffer>> {
    const length = extents.reduce((sum, extent) => sum + extent.length, 0);
    if (length > compressedLimit(this.image.frameBytes)) {
      const sentence = `has ${length} bytes compressed where ${this.image.frameBytes} are its pixels`;
      throw new DicomError('frame-corrupt', `${this.path}: frame ${frame} of (7fe0,0010) PixelData ${sentence}`);
    }
    const [first] = extents;
    if (first && extents.length === 1) return this.#source.read(first.offset, first.length);
    const bytes = new Uint8Array(length);
    let at = 0;
    for (const extent of extents) {
      bytes.set(await this.#source.read(extent.offset, extent.length), at);
      at += extent.length;
    }
    return bytes;
  }
}
