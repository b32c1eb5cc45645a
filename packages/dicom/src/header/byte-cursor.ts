/** Walks forward through a source by chunks, so that elements are parsed without a wait for each. */
import { DicomError } from '../errors.ts';
import type { ByteSource } from './byte-source.ts';

/** What parsing a header may read; values that are skipped cost nothing. */
const READ_LIMIT = 2 ** 26;

export class ByteCursor {
  readonly source: ByteSource;
  /** Of the next byte. */
  offset: number;
  littleEndian = true;
  readonly #chunkBytes: number;
  readonly #limit: number;
  #view = new DataView(new ArrayBuffer(0));
  #viewOffset = 0;
  #read = 0;

  constructor(source: ByteSource, offset: number, chunkBytes = 2 ** 16, limit = READ_LIMIT) {
    this.source = source;
    this.offset = offset;
    this.#chunkBytes = chunkBytes;
    this.#limit = limit;
  }

  get left(): number {
    return this.source.size - this.offset;
  }

  /** Whether the next `length` bytes are in memory. */
  has(length: number): boolean {
    const at = this.offset - this.#viewOffset;
    return at >= 0 && at + length <= this.#view.byteLength;
  }

  /** Brings the next `length` bytes into memory. */
  async fill(length: number): Promise<void> {
    if (this.has(length)) return;
    const chunk = Math.min(Math.max(length, this.#chunkBytes), Math.max(this.left, length));
    this.#read += chunk;
    if (this.#read > this.#limit) {
      const sentence = `more than ${this.#limit} bytes of elements stand before its pixels`;
      throw new DicomError('header-too-large', `${this.source.path} is not read: ${sentence}`);
    }
    const bytes = await this.source.read(this.offset, chunk);
    this.#view = new DataView(bytes.buffer);
    this.#viewOffset = this.offset;
  }

  uint16(): number {
    const value = this.#view.getUint16(this.offset - this.#viewOffset, this.littleEndian);
    this.offset += 2;
    return value;
  }

  uint32(): number {
    const value = this.#view.getUint32(this.offset - this.#viewOffset, this.littleEndian);
    this.offset += 4;
    return value;
  }

  /** A view of the next `length` bytes, which must be in memory. */
  take(length: number): Uint8Array {
    const bytes = new Uint8Array(this.#view.buffer, this.offset - this.#viewOffset, length);
    this.offset += length;
    return bytes;
  }
}
