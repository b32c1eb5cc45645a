/** A scan of lossless JPEG, process 14 (ITU-T T.81 annex H). */
import { CodestreamError } from './codestream-error.ts';
import type { EntropyReader, HuffmanTable } from './huffman.ts';

/** What a scan decodes. */
export interface LosslessScan {
  readonly rows: number;
  readonly columns: number;
  readonly precision: number;
  /** Predictor, 1 to 7 (table H.1). */
  readonly selection: number;
  readonly pointTransform: number;
  /** MCUs between restart markers, 0 for none. */
  readonly restartInterval: number;
  /** The components of the scan: where each begins in a pixel of `samples`, and its table. */
  readonly components: readonly { readonly offset: number; readonly table: HuffmanTable }[];
  /** Samples between pixels. */
  readonly stride: number;
}

/** Decodes into interleaved samples. */
export function decodeLosslessScan(reader: EntropyReader, scan: LosslessScan, samples: Uint16Array): void {
  const { rows, columns, precision, selection, pointTransform, restartInterval, components, stride } = scan;
  if (selection < 1 || selection > 7)
    throw new CodestreamError(`the scan has the predictor ${selection}; 1 to 7 exist`);
  if (pointTransform >= precision)
    throw new CodestreamError(`the scan shifts by ${pointTransform} of ${precision} bits`);
  if (restartInterval % columns !== 0)
    throw new CodestreamError(`restart markers every ${restartInterval} samples are not at the ends of lines`);
  const middle = 1 << (precision - pointTransform - 1);
  const line = columns * stride;
  const restartRows = restartInterval / columns;
  let restarts = 0;
  let first = true; // the next line has none above it: the first, and each after a restart
  for (let row = 0; row < rows; row++) {
    if (restartRows > 0 && row > 0 && row % restartRows === 0) {
      reader.restart(restarts++);
      first = true;
    }
    for (let column = 0; column < columns; column++)
      for (const { offset, table } of components) {
        const at = row * line + column * stride + offset;
        let prediction: number;
        if (first) prediction = column === 0 ? middle : (samples[at - stride] as number);
        else if (column === 0) prediction = samples[at - line] as number;
        else {
          const left = samples[at - stride] as number;
          const above = samples[at - line] as number;
          const corner = samples[at - line - stride] as number;
          prediction = predict(selection, left, above, corner);
        }
        const size = reader.decode(table);
        if (size > 16) throw new CodestreamError(`a difference of ${size} bits`);
        const difference = size === 0 ? 0 : size === 16 ? 32768 : reader.difference(size);
        samples[at] = prediction + difference; // modulo 2^16, as H.1.2.1 has it
      }
    first = false;
  }
  if (pointTransform > 0)
    for (const { offset } of components)
      for (let at = offset; at < samples.length; at += stride) samples[at] = (samples[at] as number) << pointTransform;
}

function predict(selection: number, left: number, above: number, corner: number): number {
  switch (selection) {
    case 1:
      return left;
    case 2:
      return above;
    case 3:
      return corner;
    case 4:
      return left + above - corner;
    case 5:
      return left + ((above - corner) >> 1);
    case 6:
      return above + ((left - corner) >> 1);
    default:
      return (left + above) >> 1;
  }
}
