/** The images of manifests as sources of DICOM results, read before anything is predicted. */
import { openDicom, type SourceImage, sourceImage, type Task } from '@mammoscope/dicom';
import { type ManifestRow, openManifestImage, readManifest, stretchedTo8Bits } from '@mammoscope/imaging';
import { SystemError } from '../errors.ts';

/** Rows of manifests with the DICOM files that they name, by their absolute paths. */
export interface ResultSources {
  readonly rows: readonly ManifestRow[];
  readonly images: ReadonlyMap<string, SourceImage>;
}

/**
 * Reads what the images say of themselves. A system that judges needs manifests with the boxes of lesions, one that finds also takes images. Throws SystemError
 * 'option-invalid' where a place is missing, DicomError for an image that is no DICOM file.
 */
export async function readResultSources(files: readonly string[], task: Task): Promise<ResultSources> {
  const rows: ManifestRow[] = [];
  for (const file of files) rows.push(...(await rowsOf(file, task)));
  const images = new Map<string, SourceImage>();
  for (const row of rows) {
    if (images.has(row.absolutePath)) continue;
    await using file = await openDicom(row.absolutePath);
    if (row.modality === 'DBT' && file.frameCount === 1)
      throw new SystemError(
        'option-invalid',
        `${row.path} is one slice of a series, and --dicom writes results of tomosyntheses in one file: join its slices before`,
      );
    images.set(row.absolutePath, await sourceImage(file));
  }
  return { rows, images };
}

/** Images by the study that they are of, in the order of the manifest. */
export function imagesByStudy({ rows, images }: ResultSources, predicted: ReadonlySet<string>): readonly string[][] {
  const paths = new Set(rows.filter(({ path }) => predicted.has(path)).map(({ absolutePath }) => absolutePath));
  return [...Map.groupBy(paths, (path) => images.get(path)?.identity.StudyInstanceUID ?? '').values()];
}

async function rowsOf(file: string, task: Task): Promise<readonly ManifestRow[]> {
  if (/\.csv$/i.test(file)) {
    const { rows } = await readManifest(file, { unlabelled: true });
    const bare = task === 'classification' ? rows.find(({ box }) => !box) : undefined;
    if (!bare) return rows;
    throw new SystemError(
      'option-invalid',
      `line ${bare.line}: ${bare.path} has no box, and --dicom writes where lesions are: fill x1, y1, x2 and y2`,
    );
  }
  if (task === 'detection')
    return [{ path: file, absolutePath: file, modality: 'DM', line: 0, patientId: '', label: '', other: {} }];
  throw new SystemError(
    'option-invalid',
    `${file}: --dicom needs to know where lesions are; give a manifest (CSV) with their boxes, of DICOM images`,
  );
}

/** A frame as it is to be seen, in the frame of its stored pixels, 0 to 255: grey levels and polarity as the tags say, nothing turned or cut. */
export async function frameGreys(row: ManifestRow, frame: number): Promise<Uint8Array> {
  const image = await openManifestImage({ ...row, modality: 'PATCH', sliceFirst: frame, sliceLast: frame });
  try {
    return stretchedTo8Bits((await image.seen(frame)).data);
  } finally {
    await image.close();
  }
}

/** The middle of the slices of a row; 0 for a mammogram. */
export function middleSlice({ sliceFirst, sliceLast }: ManifestRow): number {
  return sliceFirst === undefined || sliceLast === undefined ? 0 : Math.floor((sliceFirst + sliceLast) / 2);
}
