/** The one scan of sequential DCT JPEG of one component, of 12 bits: extended process 4 (ITU-T T.81 annexes A and F). */
import { CodestreamError } from './codestream-error.ts';
import type { EntropyReader, HuffmanTable } from './huffman.ts';

/** What the scan decodes. */
export interface SequentialScan {
  readonly rows: number;
  readonly columns: number;
  readonly precision: number;
  readonly restartInterval: number;
  readonly dc: HuffmanTable;
  readonly ac: HuffmanTable;
  /** In zigzag order. */
  readonly quantization: Uint16Array;
}

/** Row-major position of each coefficient of the zigzag sequence (T.81 figure A.6). */
const ZIGZAG: Uint8Array = (() => {
  const order: { readonly sum: number; readonly along: number; readonly at: number }[] = [];
  for (let at = 0; at < 64; at++) {
    const row = at >> 3;
    const column = at & 7;
    const sum = row + column; // diagonals go up when their number is even
    order.push({ sum, along: sum % 2 === 0 ? column : row, at });
  }
  return Uint8Array.from(order.sort((a, b) => a.sum - b.sum || a.along - b.along).map(({ at }) => at));
})();

/** Decodes a grey image; blocks that reach over its edges are cut. */
export function decodeSequentialScan(reader: EntropyReader, scan: SequentialScan, samples: Uint16Array): void {
  const { rows, columns, precision, restartInterval, quantization } = scan;
  const across = Math.ceil(columns / 8);
  const blocks = across * Math.ceil(rows / 8);
  const middle = 1 << (precision - 1);
  const most = (1 << precision) - 1;
  const coefficients = new Int32Array(64);
  let previous = 0; // DC of the block before
  for (let block = 0; block < blocks; block++) {
    if (restartInterval > 0 && block > 0 && block % restartInterval === 0) {
      reader.restart(block / restartInterval - 1);
      previous = 0;
    }
    coefficients.fill(0);
    const size = reader.decode(scan.dc);
    if (size > 15) throw new CodestreamError(`a DC difference of ${size} bits`);
    previous += size === 0 ? 0 : reader.difference(size);
    coefficients[0] = previous * (quantization[0] as number);
    for (let index = 1; index < 64; index++) {
      const symbol = reader.decode(scan.ac);
      const bits = symbol & 15;
      const run = symbol >> 4;
      if (bits === 0 && run !== 15) break; // end of block
      index += run;
      if (bits === 0) continue; // sixteen zeros: this one and the fifteen of the run
      if (index > 63) throw new CodestreamError('a block has more than 64 coefficients');
      coefficients[ZIGZAG[index] as number] = reader.difference(bits) * (quantization[index] as number);
    }
    inverseDct(coefficients);
    const top = Math.floor(block / across) * 8;
    const left = (block % across) * 8;
    const height = Math.min(8, rows - top);
    const width = Math.min(8, columns - left);
    for (let row = 0; row < height; row++)
      for (let column = 0; column < width; column++) {
        const value = (coefficients[row * 8 + column] as number) + middle;
        samples[(top + row) * columns + left + column] = value < 0 ? 0 : value > most ? most : value;
      }
  }
}

/** Constants of 13 fractional bits, and one bit that is kept between the passes: how decoders of 12 bits commonly round. */
const CONSTANT_BITS = 13;
const KEPT_BITS = 1;
const fixed = (value: number): number => Math.round(value * 2 ** CONSTANT_BITS);

/** The rotations of the factorisation, as sums and differences of c(k) = sqrt(2) cos(k pi / 16). */
const c = (k: number): number => Math.SQRT2 * Math.cos((k * Math.PI) / 16);
const EVEN_BOTH = fixed(c(6));
const EVEN_SIXTH = fixed(-c(2) - c(6));
const EVEN_SECOND = fixed(c(2) - c(6));
const ODD_ALL = fixed(c(3));
const ODD_7 = fixed(-c(1) + c(3) + c(5) - c(7));
const ODD_5 = fixed(c(1) + c(3) - c(5) + c(7));
const ODD_3 = fixed(c(1) + c(3) + c(5) - c(7));
const ODD_1 = fixed(c(1) + c(3) - c(5) - c(7));
const ODD_71 = fixed(c(7) - c(3));
const ODD_53 = fixed(-c(1) - c(3));
const ODD_73 = fixed(-c(3) - c(5));
const ODD_51 = fixed(c(5) - c(3));

/** The inverse DCT in place, columns and then rows: C. Loeffler, A. Ligtenberg, G. Moschytz, ICASSP 1989, eleven multiplications. */
function inverseDct(block: Int32Array): void {
  for (let column = 0; column < 8; column++) inverseDct8(block, column, 8, CONSTANT_BITS - KEPT_BITS);
  for (let row = 0; row < 8; row++) inverseDct8(block, row * 8, 1, CONSTANT_BITS + KEPT_BITS + 3);
}

function inverseDct8(x: Int32Array, from: number, step: number, shift: number): void {
  const at = (index: number): number => x[from + index * step] as number;
  const half = 1 << (shift - 1);
  const even = (at(2) + at(6)) * EVEN_BOTH;
  const e2 = even + at(6) * EVEN_SIXTH;
  const e3 = even + at(2) * EVEN_SECOND;
  const e0 = (at(0) + at(4)) * 2 ** CONSTANT_BITS;
  const e1 = (at(0) - at(4)) * 2 ** CONSTANT_BITS;
  const [a0, a3, a1, a2] = [e0 + e3, e0 - e3, e1 + e2, e1 - e2];

  const [x7, x5, x3, x1] = [at(7), at(5), at(3), at(1)];
  const all = (x7 + x3 + x5 + x1) * ODD_ALL;
  const p71 = (x7 + x1) * ODD_71;
  const p53 = (x5 + x3) * ODD_53;
  const p73 = (x7 + x3) * ODD_73 + all;
  const p51 = (x5 + x1) * ODD_51 + all;
  const b0 = x7 * ODD_7 + p71 + p73;
  const b1 = x5 * ODD_5 + p53 + p51;
  const b2 = x3 * ODD_3 + p53 + p73;
  const b3 = x1 * ODD_1 + p71 + p51;

  x[from] = (a0 + b3 + half) >> shift;
  x[from + 7 * step] = (a0 - b3 + half) >> shift;
  x[from + step] = (a1 + b2 + half) >> shift;
  x[from + 6 * step] = (a1 - b2 + half) >> shift;
  x[from + 2 * step] = (a2 + b1 + half) >> shift;
  x[from + 5 * step] = (a2 - b1 + half) >> shift;
  x[from + 3 * step] = (a3 + b0 + half) >> shift;
  x[from + 4 * step] = (a3 - b0 + half) >> shift;
}
