import { open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { openDicom } from '@mammoscope/dicom';
import { ImagingError } from '../errors.ts';
import { decodeAvi, isAvi } from './avi.ts';
import { openDicomFolder } from './dicom-folder-stack.ts';
import { dicomPlane, dicomRows, isReadByRow } from './dicom-rows.ts';
import { openImageFolder } from './image-folder-stack.ts';
import { type ImageStack, requireSlice } from './image-stack.ts';
import { decodeNifti, gunzipped, niftiVersion } from './nifti.ts';
import { decodeNpy, isNpy } from './npy.ts';
import { DEFAULT_MAX_PIXELS, decodeImage, type ReadImageOptions, readBytes } from './read-image.ts';

/**
 * Opens an image of any format that is read, told by its bytes and never by its name: DICOM, NIfTI (.nii, .nii.gz), NumPy,
 * AVI, PNG, JPEG, TIFF, PGM; or a folder with a file a slice, of one DICOM series (openDicomFolder) or, where none is DICOM, of images numbered by
 * their names (openImageFolder). DICOM and folders are read a frame at a time, the others are in memory, a gigabyte at most. Close it after use.
 * Throws ImagingError (file-, format- and image- codes) and, for DICOM, DicomError.
 */
export async function openImage(
  path: string,
  { maxPixels = DEFAULT_MAX_PIXELS }: ReadImageOptions = {},
): Promise<ImageStack> {
  if (await isFolder(path)) return openFolder(path, maxPixels);
  if (await isDicom(path)) return dicomStack(path);
  const bytes = gunzipped(await readBytes(path), path);
  if (niftiVersion(bytes)) return decodeNifti(bytes, path, maxPixels);
  if (isNpy(bytes)) return decodeNpy(bytes, path, maxPixels);
  if (isAvi(bytes)) return decodeAvi(bytes, path, maxPixels);
  const { width, height, data, bitDepth } = await decodeImage(bytes, path, maxPixels);
  return {
    format: `${bitDepth}-bit image`,
    width,
    height,
    depth: 1,
    facts: () => ({ BitsAllocated: bitDepth, BitsStored: bitDepth, PixelRepresentation: 0 }),
    slice: async (slice) => {
      requireSlice(slice, 1, path);
      return { width, height, data };
    },
    close: async () => undefined,
  };
}

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (entry) => entry.isDirectory(),
    () => false,
  );

async function openFolder(folder: string, maxPixels: number): Promise<ImageStack> {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isFile() && !entry.name.startsWith('.')).map(({ name }) => name);
  for (const name of names)
    if (name !== 'DICOMDIR' && (await isDicom(join(folder, name)))) return openDicomFolder(folder);
  return openImageFolder(folder, names, (path) => openImage(path, { maxPixels }));
}

/** Whether the four letters after the preamble are there; what cannot be opened is reported by whoever reads it next. */
export async function isDicom(path: string): Promise<boolean> {
  const file = await open(path).catch(() => undefined);
  if (!file) return false;
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(4), 0, 4, 128);
    return bytesRead === 4 && buffer.toString('latin1') === 'DICM';
  } catch {
    return false;
  } finally {
    await file.close();
  }
}

async function dicomStack(path: string): Promise<ImageStack> {
  const file = await openDicom(path);
  const { rows, columns, samplesPerPixel } = file.image;
  if (samplesPerPixel !== 1) {
    await file.close();
    throw new ImagingError(
      'image-colour',
      `${path} is in colour (${samplesPerPixel} samples a pixel): it is a screenshot, export the grey image`,
    );
  }
  return {
    format: `DICOM, ${file.transferSyntax.name}`,
    width: columns,
    height: rows,
    depth: file.frameCount,
    facts: (slice) => {
      requireSlice(slice, file.frameCount, path);
      return file.frameMeta(slice);
    },
    slice: async (slice) => {
      requireSlice(slice, file.frameCount, path);
      return dicomPlane(file, slice);
    },
    rows: async (slice, wanted) => {
      requireSlice(slice, file.frameCount, path);
      return dicomRows(file, slice, wanted);
    },
    isReadByRow: isReadByRow(file),
    close: () => file.close(),
  };
}
