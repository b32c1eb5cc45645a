import type { DicomFile, RowRange, StoredValues } from '@mammoscope/dicom';
import type { Plane } from '../plane.ts';
import type { StoredRows } from './image-stack.ts';

/** Rows of a frame of one sample a pixel. DicomError as `frame`. */
export async function dicomRows(file: DicomFile, frame: number, rows: RowRange): Promise<StoredRows> {
  const { columns, rows: height, data } = await file.frame(frame, rows);
  return { width: columns, height, data: asBits(data) };
}

/** The stored values of a frame. DicomError as `frame`. */
export async function dicomPlane(file: DicomFile, frame: number): Promise<Plane> {
  const { columns, rows, data } = await file.frame(frame);
  return { width: columns, height: rows, data: new Float32Array(data) };
}

/** Whether the rows of its frames are read from where they lie. */
export const isReadByRow = ({ transferSyntax }: DicomFile): boolean =>
  transferSyntax.compression === 'none' && !transferSyntax.deflated;

/** The same memory without its sign, so that a value is the index of its grey level. */
function asBits(data: StoredValues): StoredRows['data'] {
  const { buffer, byteOffset, length } = data;
  if (data instanceof Int8Array) return new Uint8Array(buffer, byteOffset, length);
  return data instanceof Int16Array ? new Uint16Array(buffer, byteOffset, length) : data;
}
