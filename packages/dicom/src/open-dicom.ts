/** Opens DICOM files of this machine. */
import { type DecoderPool, sharedDecoderPool } from './codecs/decoder-pool.ts';
import { type DicomFile, openDicomSource } from './dicom-file.ts';
import { openDeflatedSource, openFileSource } from './header/byte-source.ts';

/** Options of openDicom. */
export interface OpenDicomOptions {
  /** Where frames are decoded; the pool of the process unless given. */
  readonly pool?: DecoderPool;
}

/** Opens an image and reads its header, not its pixels. DicomError for whatever is wrong with it. */
export async function openDicom(
  path: string,
  { pool = sharedDecoderPool() }: OpenDicomOptions = {},
): Promise<DicomFile> {
  return openDicomSource(await openFileSource(path), { decoder: pool, inflate: openDeflatedSource });
}
