/** Huffman codes and the entropy-coded bits of JPEG (ITU-T T.81 annexes C and F.2.2). */
import { CodestreamError } from './codestream-error.ts';

/** For each 16 bits to come: the length of the code that they begin with times 256, plus its value; 0 when none. */
export type HuffmanTable = Uint16Array;

/** Builds a table from the counts of codes of 1 to 16 bits and their values in order. */
export function huffmanTable(counts: Uint8Array, values: Uint8Array): HuffmanTable {
  const table = new Uint16Array(65536);
  let code = 0; // left-aligned in 16 bits
  let next = 0;
  for (let length = 1; length <= 16; length++) {
    const step = 1 << (16 - length);
    for (let left = counts[length - 1] as number; left > 0; left--) {
      if (code + step > 65536) throw new CodestreamError('a Huffman table has more codes than bits allow');
      table.fill((length << 8) | (values[next++] as number), code, code + step);
      code += step;
    }
  }
  return table;
}

/** Reads entropy-coded bits up to the next marker; stuffed zeros are taken out. */
export class EntropyReader {
  /** Of the next byte that was not taken in. */
  #at: number;
  readonly #bytes: Uint8Array;
  #bits = 0;
  #count = 0;
  /** Zero bytes that were taken in for want of data. */
  #padding = 0;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  /** The value of the next code. */
  decode(table: HuffmanTable): number {
    if (this.#count < 16) this.#fill();
    const entry = table[(this.#bits >>> (this.#count - 16)) & 0xffff] as number;
    if (entry === 0) throw new CodestreamError('the codestream has bits that are no Huffman code');
    this.#count -= entry >> 8;
    return entry & 0xff;
  }

  /** A signed difference of `size` bits, 1 to 15 (T.81 F.2.2.1, EXTEND of RECEIVE). */
  difference(size: number): number {
    if (this.#count < size) this.#fill();
    this.#count -= size;
    const value = (this.#bits >>> this.#count) & ((1 << size) - 1);
    return value < 1 << (size - 1) ? value - (1 << size) + 1 : value;
  }

  /** Goes on behind the restart marker of this number. */
  restart(number: number): void {
    this.finish();
    const at = this.#at;
    if (this.#bytes[at] !== 0xff || this.#bytes[at + 1] !== 0xd0 + (number & 7))
      throw new CodestreamError(`the codestream has no restart marker ${number & 7} at byte ${at}`);
    this.#at += 2;
  }

  /** Ends the entropy-coded segment: no bit may have been read that was not there. The offset of the marker behind it. */
  finish(): number {
    if (this.#padding * 8 > this.#count) throw new CodestreamError('the codestream ends before its image');
    this.#bits = 0;
    this.#count = 0;
    this.#padding = 0;
    return this.#at;
  }

  #fill(): void {
    while (this.#count <= 16) {
      let byte: number | undefined = this.#bytes[this.#at];
      if (byte === 0xff) {
        if (this.#bytes[this.#at + 1] === 0) this.#at += 2;
        else byte = undefined; // a marker
      } else if (byte !== undefined) this.#at++;
      if (byte === undefined && ++this.#padding > 4) throw new CodestreamError('the codestream ends before its image');
      this.#bits = ((this.#bits << 8) | (byte ?? 0)) & 0xffffff;
      this.#count += 8;
    }
  }
}
