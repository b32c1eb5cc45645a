/** An image at a DICOMweb server as an open image: attributes from its metadata, frames as they are asked for. */
import type { FrameDecoder } from '../codecs/protocol.ts';
import type { DicomFile, Frame } from '../dicom-file.ts';
import { DicomError } from '../errors.ts';
import { frameMetaOf } from '../functional-groups.ts';
import { READ_ATTRIBUTES, READ_IDENTITY } from '../header/attributes.ts';
import { withSigns } from '../header/data-set-reader.ts';
import { allRows, type RowRange, requireRows, rowsOf } from '../pixels/frame-rows.ts';
import { readImagePixel } from '../pixels/image-pixel.ts';
import { interleave, storedValues } from '../pixels/stored-values.ts';
import { transferSyntaxOf } from '../transfer-syntax.ts';
import { jsonDataSet } from './json-data-set.ts';

/** A frame as a server sends it; explicit VR little endian where it names no syntax (PS3.18 8.7.3). */
export interface SentFrame {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly transferSyntax: string | undefined;
}

const EXPLICIT = '1.2.840.10008.1.2.1';

/** An image of metadata in DICOM JSON. `ask` brings a frame, counted from 0. DicomError as openDicom. */
export function webImage(
  name: string,
  metadata: object,
  decoder: FrameDecoder,
  ask: (frame: number) => Promise<SentFrame>,
): DicomFile {
  const meta = withSigns(jsonDataSet(metadata, READ_ATTRIBUTES, name));
  const image = readImagePixel(meta, name);
  const frameMeta = frameMetaOf(meta, image.frameCount, name);
  const frame = async (index: number, range: RowRange = allRows(image)): Promise<Frame> => {
    requireRows(range, image, name);
    const whole = await wholeFrame(index);
    return { ...whole, rows: range.end - range.first, data: rowsOf(whole.data, range, image) };
  };
  const wholeFrame = async (index: number): Promise<Frame> => {
    const { bytes, transferSyntax = EXPLICIT } = await ask(index);
    const { compression, lossy } = transferSyntaxOf(transferSyntax, name);
    const { rows, columns, samplesPerPixel, bitsStored, pixelRepresentation, photometricInterpretation } = image;
    const shared = { rows, columns, samplesPerPixel, bitsStored, pixelRepresentation };
    if (compression !== 'none') {
      const load = async () => ({ encoding: { compression, lossy }, bytes, image });
      return { ...shared, ...(await decoder.decode(load, `${name}: frame ${index}`)) };
    }
    if (bytes.length < image.frameBytes)
      throw new DicomError(
        'frames-missing',
        `${name}: frame ${index} has ${bytes.length} of ${image.frameBytes} bytes; ask for it again`,
      );
    const native = bytes.slice(0, image.frameBytes);
    const samples = image.planarConfiguration === 1 ? interleave(native, image.bitsAllocated / 8) : native;
    return { ...shared, data: storedValues(samples, image), photometricInterpretation };
  };
  return {
    path: name,
    transferSyntax: transferSyntaxOf(EXPLICIT, name),
    meta,
    image,
    frameCount: image.frameCount,
    frameMeta,
    identity: async () => jsonDataSet(metadata, READ_IDENTITY, name),
    frame,
    codestream: async () => null,
    async *frames() {
      for (let index = 0; index < image.frameCount; index++) yield await frame(index);
    },
    close: async () => undefined,
    [Symbol.asyncDispose]: async () => undefined,
  };
}
