/** A small study of one breast, written as DICOM and opened as sources of results: two mammograms and a tomosynthesis. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import {
  dicomBytes,
  type Examination,
  mammogram,
  openDicom,
  type Reading,
  type ResultObject,
  type ResultRequest,
  type SourceImage,
  sourceImage,
  tomosynthesis,
  uidOf,
  type WrittenDataSet,
} from '@mammoscope/dicom';

export const ROWS = 61;
export const COLUMNS = 43;
export const SLICES = 5;

/** Who was imaged, in which study. */
export function examinationOf({ patient, study }: { readonly patient: string; readonly study: string }): Examination {
  return {
    patient: {
      name: 'ODD^ZOË',
      id: patient,
      issuer: 'HOSPITAL',
      birthDate: '19600102',
      age: '062Y',
      comments: 'nobody',
    },
    study: { uid: study, id: 'study-9', date: '20220304', time: '101112', description: 'Screening' },
    equipment: {
      manufacturer: 'maker',
      model: 'model',
      softwareVersion: '1',
      serialNumber: 'serial',
      station: 'station',
      institution: 'institution',
      address: 'address',
    },
    comments: 'a test',
    operator: 'NOBODY',
  };
}
const examination = examinationOf({ patient: 'patient-7', study: '1.2.3.4' });

/** A beam. */
export const EXPOSURE = {
  kvp: 29,
  tubeCurrentMa: 100,
  timeMs: 1000,
  anode: 'TUNGSTEN',
  filter: 'RHODIUM',
  filterMm: 0.05,
  focalSpotMm: 0.3,
  halfValueLayerMm: 0.55,
  entranceDoseMgy: 5,
  organDoseMgy: 1,
  thicknessMm: 50,
  compressionN: 100,
  sourceToDetectorMm: 650,
  sourceToBreastMm: 650,
  hasGrid: true,
} as const;

/** A temporary folder that is removed when the tests of the file have run. */
export async function temporaryFolder(name: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), name));
  after(() => rm(folder, { recursive: true }));
  return folder;
}

/** L CC and L MLO as mammograms, L CC as a tomosynthesis, in this order. `change` edits a data set before it is written. */
export async function studyOf(
  folder: string,
  change: (dataSet: WrittenDataSet) => WrittenDataSet = (dataSet) => dataSet,
): Promise<readonly SourceImage[]> {
  const grid = { rows: ROWS, columns: COLUMNS, spacingMm: 0.1, bitsStored: 12 };
  const series = (number: number) => ({ uid: `1.2.3.4.${number}`, number, description: 'images' });
  const views = (['CC', 'MLO'] as const).map((view, i) => ({
    position: { laterality: 'L', view, obliqueDeg: 45 } as const,
    instance: { sopInstanceUid: `1.2.3.4.1.${i + 1}`, number: i + 1, series: series(1) },
  }));
  const flat = views.map((view) =>
    mammogram({
      ...view,
      examination,
      grid,
      exposure: EXPOSURE,
      irradiationEventUid: uidOf('event'),
      intent: 'FOR PRESENTATION',
      processing: 'none',
      rawInstanceUid: '1.2.3.4.9',
    }),
  );
  const volume = tomosynthesis({
    examination,
    instance: { sopInstanceUid: '1.2.3.4.2.1', number: 1, series: series(2) },
    position: { laterality: 'L', view: 'CC', obliqueDeg: 0 },
    grid: { ...grid, slices: SLICES, sliceMm: 1 },
    exposure: EXPOSURE,
    irradiationEventUid: uidOf('event'),
    frameOfReferenceUid: '1.2.3.4.2.9',
    projections: 9,
    arcDeg: 15,
    reconstruction: 'none',
  });
  const plane = Uint16Array.from({ length: ROWS * COLUMNS }, (_, i) => i % 4096);
  const written = [...flat, volume].map(async (dataSet, i) => {
    const path = join(folder, `source-${i}.dcm`);
    const planes = Array.from({ length: i === 2 ? SLICES : 1 }, () => plane);
    await writeFile(path, Buffer.concat([...dicomBytes(change(dataSet), planes)]));
    await using file = await openDicom(path);
    return sourceImage(file);
  });
  return Promise.all(written);
}

/** A reading with one of everything: a lesion in two views, a cluster in a slice, a point, a finding below the cut-off and one below all. */
export function readingOf(images: readonly SourceImage[]): Reading {
  return {
    images,
    algorithm: { name: 'odd 2020', version: '1.2', parameters: ['cut-off 0.5', 'seed 7'] },
    task: 'detection',
    looksFor: ['mass', 'calcification-cluster'],
    cutoff: 0.5,
    operatingPoints: [
      { cutoff: 0.5, sensitivity: 0.8, falseMarksPerImage: 0.1 },
      { cutoff: 0.3, sensitivity: 0.9, falseMarksPerImage: 0.5 },
    ],
    failed: [],
    lesions: [{ name: 'A', probability: 0.875 }],
    findings: [
      { image: 0, frame: 0, place: { boxPx: [4, 5, 14.5, 25] }, kind: 'mass', probability: 0.75, lesion: 'A' },
      { image: 1, frame: 0, place: { boxPx: [6, 7, 16, 27] }, kind: 'mass', probability: 0.25, lesion: 'A' },
      {
        image: 2,
        frame: 3,
        place: {
          outlinePx: [
            [10, 10],
            [20, 12],
            [15, 30],
          ],
        },
        kind: 'calcification-cluster',
        probability: 0.9,
        calcifications: 12,
      },
      { image: 2, frame: 1, place: { pointPx: [30.5, 40] }, kind: 'mass', probability: 0.625 },
      { image: 1, frame: 0, place: { boxPx: [20, 20, 30, 30] }, kind: 'mass', probability: 0.375 },
      { image: 1, frame: 0, place: { boxPx: [20, 40, 30, 50] }, kind: 'mass', probability: 0.125 },
    ],
  };
}

/** The reading with saliency of a mammogram and of two slices, and pictures of a mammogram and of a slice. */
export function requestOf(images: readonly SourceImage[], changes: Partial<Reading> = {}): ResultRequest {
  const values = Float32Array.from({ length: ROWS * COLUMNS }, (_, i) => (i % 11) / 10);
  const greys = Uint8Array.from({ length: ROWS * COLUMNS }, (_, i) => i % 200);
  return {
    reading: { ...readingOf(images), ...changes },
    maker: {
      institution: 'institution',
      address: 'address',
      department: 'department',
      station: 'station',
      serialNumber: '0001',
      softwareVersion: '0.1.0',
    },
    time: { date: '20220305', time: '090807' },
    saliency: [
      { image: 0, frame: 0, values },
      { image: 2, frame: 3, values },
      { image: 2, frame: 1, values },
    ],
    pictures: [
      { image: 0, frame: 0, greys },
      { image: 2, frame: 3, greys },
    ],
  };
}

/** Writes objects to a folder; their paths by their names. */
export async function writtenObjects(
  objects: readonly ResultObject[],
  folder: string,
): Promise<ReadonlyMap<string, string>> {
  const paths = new Map<string, string>();
  for (const { name, bytes } of objects) {
    const path = join(folder, `${name}.dcm`);
    await writeFile(path, Buffer.concat([...bytes()]));
    paths.set(name, path);
  }
  return paths;
}
