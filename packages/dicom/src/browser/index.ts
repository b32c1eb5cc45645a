/** What a browser reads DICOM with: the same header, frames and decoders as in Node, over Blobs, in the thread that calls. */
import { CodestreamError } from '../codecs/codestream-error.ts';
import { decodeFrame } from '../codecs/decode-frame.ts';
import type { FrameDecoder } from '../codecs/protocol.ts';
import type { LoadLibrary } from '../codecs/wasm-decoder.ts';
import { type DicomFile, openDicomSource } from '../dicom-file.ts';
import { DicomError } from '../errors.ts';
import { blobSource, inflatedSource } from './blob-source.ts';
import { type SentFrame, webImage } from './web-image.ts';

export type { Factory, LoadLibrary, WasmLibrary } from '../codecs/wasm-decoder.ts';
export type { DicomFile, Frame } from '../dicom-file.ts';
export { DicomError } from '../errors.ts';
export type { DataSet, Identity } from '../header/attributes.ts';
export type { StoredValues } from '../pixels/stored-values.ts';
export type { SentFrame } from './web-image.ts';

/**
 * Opens an image of a Blob; frames are decoded in this thread, so call it in a worker of the page. `load` brings the WebAssembly of a
 * codec from the page's own server. DicomError as openDicom.
 */
export function openDicomBlob(blob: Blob, name: string, load: LoadLibrary): Promise<DicomFile> {
  return openDicomSource(blobSource(blob, name), { decoder: ownThread(load), inflate: inflatedSource });
}

/** An image at a DICOMweb server, of its metadata in DICOM JSON; `ask` brings a frame, counted from 0, as it is stored. DicomError as openDicom. */
export const openDicomWeb = (
  name: string,
  metadata: object,
  load: LoadLibrary,
  ask: (frame: number) => Promise<SentFrame>,
): DicomFile => webImage(name, metadata, ownThread(load), ask);

const ownThread = (load: LoadLibrary): FrameDecoder => ({
  workers: 1,
  async decode(request, where) {
    const { encoding, bytes, image } = await request();
    try {
      return await decodeFrame(encoding, bytes, image, load);
    } catch (error) {
      const fault =
        error instanceof CodestreamError ? error.message : `decoding failed: ${String(error).slice(0, 200)}`;
      throw new DicomError('frame-corrupt', `${where} cannot be decoded: ${fault}`);
    }
  },
});
