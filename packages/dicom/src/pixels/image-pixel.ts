/** The Image Pixel module (PS3.3 C.7.6.3), checked as a whole: what follows may rely on it. */

import { DicomError } from '../errors.ts';
import { type AttributeName, type DataSet, named } from '../header/attributes.ts';

/** How the pixels of each frame are stored. */
export interface ImagePixel {
  readonly rows: number;
  readonly columns: number;
  readonly samplesPerPixel: 1 | 3;
  readonly bitsAllocated: 8 | 16;
  readonly bitsStored: number;
  readonly highBit: number;
  /** 0 unsigned, 1 two's complement. */
  readonly pixelRepresentation: 0 | 1;
  /** 1: three planes one after the other. */
  readonly planarConfiguration: 0 | 1;
  readonly photometricInterpretation: string;
  readonly frameCount: number;
  /** Of one frame when it is not compressed. */
  readonly frameBytes: number;
}

/** Detectors of today have 14 megapixels, films that were digitised finely 40. */
const PIXEL_LIMIT = 2 ** 28;
const ONE_SAMPLE: ReadonlySet<string> = new Set(['MONOCHROME1', 'MONOCHROME2', 'PALETTE COLOR']);
const THREE_SAMPLES: ReadonlySet<string> = new Set(['RGB', 'YBR_FULL', 'YBR_FULL_422', 'YBR_RCT', 'YBR_ICT']);

/** Reads and checks the module. DicomError 'image-invalid', 'image-unsupported'. */
export function readImagePixel(dataSet: DataSet, path: string): ImagePixel {
  const invalid = (name: AttributeName, sentence: string) =>
    new DicomError('image-invalid', `${path}: ${named(name)} ${sentence}`);
  const unsupported = (name: AttributeName, sentence: string) =>
    new DicomError('image-unsupported', `${path}: ${named(name)} ${sentence}`);
  const required = <Name extends AttributeName>(name: Name): NonNullable<DataSet[Name]> => {
    const value = dataSet[name];
    if (value === undefined) throw invalid(name, 'is missing, and an image must have it');
    return value as NonNullable<DataSet[Name]>;
  };

  const rows = required('Rows');
  const columns = required('Columns');
  if (rows === 0) throw invalid('Rows', 'is 0, and an image has at least one row');
  if (columns === 0) throw invalid('Columns', 'is 0, and an image has at least one column');
  const bitsAllocated = required('BitsAllocated');
  if (bitsAllocated !== 8 && bitsAllocated !== 16)
    throw unsupported('BitsAllocated', `is ${bitsAllocated}; 8 and 16 are read`);
  const bitsStored = required('BitsStored');
  if (bitsStored < 1 || bitsStored > bitsAllocated)
    throw invalid('BitsStored', `is ${bitsStored} where 1 to ${bitsAllocated} bits are allocated`);
  const highBit = dataSet.HighBit ?? bitsStored - 1;
  if (highBit < bitsStored - 1 || highBit >= bitsAllocated)
    throw invalid('HighBit', `is ${highBit}, which leaves no room for ${bitsStored} of ${bitsAllocated} bits`);
  const pixelRepresentation = required('PixelRepresentation');
  if (pixelRepresentation !== 0 && pixelRepresentation !== 1)
    throw invalid('PixelRepresentation', `is ${pixelRepresentation}; 0 and 1 are allowed`);
  const samplesPerPixel = required('SamplesPerPixel');
  if (samplesPerPixel !== 1 && samplesPerPixel !== 3)
    throw unsupported('SamplesPerPixel', `is ${samplesPerPixel}; 1 and 3 are read`);
  const photometricInterpretation = required('PhotometricInterpretation');
  if (!(samplesPerPixel === 1 ? ONE_SAMPLE : THREE_SAMPLES).has(photometricInterpretation))
    throw unsupported('PhotometricInterpretation', `is not read with ${samplesPerPixel} sample(s) per pixel`);
  const planarConfiguration = samplesPerPixel === 3 ? (dataSet.PlanarConfiguration ?? 0) : 0;
  if (planarConfiguration !== 0 && planarConfiguration !== 1)
    throw invalid('PlanarConfiguration', `is ${planarConfiguration}; 0 and 1 are allowed`);
  const frameCount = dataSet.NumberOfFrames ?? 1;
  if (frameCount < 1) throw invalid('NumberOfFrames', `is ${frameCount}, and an image has at least one frame`);
  const pixels = rows * columns;
  if (pixels > PIXEL_LIMIT)
    throw unsupported('Rows', `makes frames of ${pixels} pixels; up to ${PIXEL_LIMIT} are read`);
  return {
    rows,
    columns,
    samplesPerPixel,
    bitsAllocated,
    bitsStored,
    highBit,
    pixelRepresentation,
    planarConfiguration,
    photometricInterpretation,
    frameCount,
    frameBytes: pixels * samplesPerPixel * (bitsAllocated / 8),
  };
}
