/** Saliency of images as fractional segmentations: of Park et al. 2022, which says how likely a breast has cancer and where it looked, but names no lesion. */
import { join } from 'node:path';
import { type Reading, resultObjects, type Saliency, type SourceImage } from '@mammoscope/dicom';
import { writeAside } from '@mammoscope/files';
import { type BoxPx, openImage } from '@mammoscope/imaging';
import { SystemError } from '../errors.ts';
import type { ParkPrediction } from '../park2022/predict.ts';
import { SYSTEM as PARK2022 } from '../park2022/recipe.ts';
import { onRaster } from '../park2022/saliency-planes.ts';
import { makeFolder } from '../run/make-folder.ts';
import { imagesByStudy } from './result-sources.ts';
import type { DicomResultsRequest } from './write-dicom-results.ts';

/** Whether what is written of a system's predictions is where it looked, and not findings. */
export const saysSaliency = (system: string): boolean => system === PARK2022.name;

/**
 * Writes an object an image, study-1/saliency-1.dcm on: the malignant saliency of the ensemble in every slice that a patch was taken from and in the
 * one where it is highest, each with its reference to the frame. No report is written: without lesions it would say that none was found. An
 * image without malignant saliency has no object. Returns the paths, in the folder. SystemError 'option-invalid' without the folder of the predictions.
 */
export async function writeSaliencyResults(request: DicomResultsRequest): Promise<readonly string[]> {
  const { summary, sources, folder } = request;
  const predictions = new Map((summary.predictions as readonly ParkPrediction[]).map((each) => [each.path, each]));
  const byFile = new Map(sources.rows.map((row) => [row.absolutePath, predictions.get(row.path)]));
  await makeFolder(folder);
  const written: string[] = [];
  for (const [i, paths] of imagesByStudy(sources, new Set(predictions.keys())).entries()) {
    const study = `study-${i + 1}`;
    await makeFolder(join(folder, study));
    let number = 0;
    for (const path of paths) {
      const [prediction, source] = [byFile.get(path), sources.images.get(path)];
      if (!prediction || !source) continue;
      const saliency = await saliencyOf(prediction, source, request);
      if (saliency.length === 0) continue;
      const name = join(study, `saliency-${++number}.dcm`);
      await writeAside(join(folder, name), saliencyBytes(source, saliency, request));
      written.push(name);
    }
  }
  return written;
}

/** One image at a time: the masks of a volume are megabytes each. */
function saliencyBytes(
  source: SourceImage,
  saliency: readonly Saliency[],
  { record, summary, maker, time }: DicomResultsRequest,
): Iterable<Uint8Array> {
  const reading: Reading = {
    images: [source],
    algorithm: {
      name: record.system,
      version: maker.softwareVersion,
      parameters: [`preset ${record.preset}`, `seed ${record.seed}`, ...(summary.rule ? [summary.rule] : [])],
    },
    task: 'classification',
    looksFor: ['mass', 'calcification-cluster'],
    ...{ findings: [], lesions: [], operatingPoints: [], failed: [] },
    cutoff: Infinity,
  };
  const objects = resultObjects({ reading, maker, time, saliency, pictures: [] });
  return objects.flatMap((object) => (object.name.startsWith('saliency') ? [...object.bytes()] : []));
}

/** The maps of the slices that are worth a look, each over its whole frame. */
async function saliencyOf(
  { saliency, saliencyBox, patches, mostSuspiciousSlice }: ParkPrediction,
  { rows: height, columns: width }: SourceImage,
  { predictions, record }: DicomResultsRequest,
): Promise<Saliency[]> {
  if (predictions === undefined)
    throw new SystemError('option-invalid', `saliency of ${record.system} is in files: say where the predictions are`);
  if (mostSuspiciousSlice === null) return [];
  const frames = new Set([mostSuspiciousSlice, ...patches.map(({ slice }) => slice)]);
  const stack = await openImage(join(predictions, saliency.malignant));
  try {
    const maps: Saliency[] = [];
    for (const frame of [...frames].sort((a, b) => a - b)) {
      const { data, width: columns, height: rows } = await stack.slice(frame);
      const grid = { box: saliencyBox as unknown as BoxPx, rows, columns, slices: stack.depth };
      maps.push({ image: 0, frame, values: onRaster(data, grid, { width, height, step: 1 }) });
    }
    return maps.filter(({ values }) => values.some((value) => value > 0));
  } finally {
    await stack.close();
  }
}
