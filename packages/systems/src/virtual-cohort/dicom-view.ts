/** A view of a virtual woman as DICOM objects. Everything in them follows from the seed: there is no clock and no chance. */
import { join } from 'node:path';
import {
  type BreastPosition,
  dicomBytes,
  type Examination,
  type Exposure,
  type Instance,
  type Mammogram,
  mammogram,
  tomosynthesis,
  uidOf,
} from '@mammoscope/dicom';
import { writeAside } from '@mammoscope/files';
import {
  BREAST_VIEWS,
  bodyOf,
  HALF_ANGLE_DEG,
  type ImageGrid,
  PHANTOM_PRESETS,
  PROJECTIONS,
} from '@mammoscope/phantom';
import type { DrawnView, PhantomMaking } from './making.ts';

/** To be raised when the same seed gives other images: it is part of their identity. */
const PHANTOM_VERSION = '1';

const STATEMENT = 'Synthetic image of a virtual breast. No patient. Not a medical device.';

/** Series of a study: each kind of image has one. */
const SERIES = {
  dm: { number: 1, description: 'Synthetic mammograms' },
  dbt: { number: 2, description: 'Synthetic tomosyntheses' },
  raw: { number: 3, description: 'Synthetic mammograms, for processing' },
} as const;
type Kind = keyof typeof SERIES;

/**
 * What a clinical system would have reported. The phantom computes one energy and parallel rays, so these are nominal values, and the
 * source is written as far from the breast as from the detector, which is a magnification of 1.
 */
const NOMINAL = {
  kvp: 29,
  anode: 'TUNGSTEN',
  filter: 'RHODIUM',
  filterMm: 0.05,
  focalSpotMm: 0.3,
  halfValueLayerMm: 0.55,
  compressionN: 100,
  sourceToDetectorMm: 650,
  sourceToBreastMm: 650,
} as const;
const DM_BEAM = { tubeCurrentMa: 120, timeMs: 800, entranceDoseMgy: 5.5, organDoseMgy: 1.4, hasGrid: true } as const;
const DBT_BEAM = { tubeCurrentMa: 80, timeMs: 900, entranceDoseMgy: 6.5, organDoseMgy: 1.7, hasGrid: false } as const;

/** Writes the images of a view: a mammogram for presentation, one for processing where it was drawn, and a tomosynthesis. */
export async function writeViewAsDicom(drawn: DrawnView): Promise<void> {
  const { task, woman, view, images, paths } = drawn;
  const { dm, dbt } = PHANTOM_PRESETS[task.preset];
  const body = bodyOf(woman, task.side);
  const position: BreastPosition = { laterality: task.side, view, obliqueDeg: body.obliqueDeg };
  const thicknessMm = Math.round(10 * body.thicknessMm) / 10;
  const exposure = (beam: typeof DM_BEAM | typeof DBT_BEAM): Exposure => ({ ...NOMINAL, ...beam, thicknessMm });
  const examination = examinationOf(drawn);
  const about = { examination, position };
  const flat = (kind: 'dm' | 'raw', more: Pick<Mammogram, 'intent' | 'processing' | 'rawInstanceUid'>) =>
    mammogram({
      ...about,
      ...more,
      instance: instanceOf(drawn, kind),
      grid: gridOf(dm),
      exposure: exposure(DM_BEAM),
      irradiationEventUid: uid(drawn, 'exposure of', 'dm', task.side, view),
    });
  const shown = flat('dm', {
    intent: 'FOR PRESENTATION',
    processing: 'Logarithm of counted photons, brightened at the rim',
    rawInstanceUid: instanceOf(drawn, 'raw').sopInstanceUid,
  });
  await writeAside(join(task.out, paths.dm), dicomBytes(shown, storedValues([images.dm])));
  if (images.raw) {
    const raw = flat('raw', { intent: 'FOR PROCESSING', processing: 'Counted photons' });
    await writeAside(join(task.out, paths.raw), dicomBytes(raw, storedValues([images.raw])));
  }
  const volume = tomosynthesis({
    ...about,
    instance: instanceOf(drawn, 'dbt'),
    grid: { ...gridOf(dbt), slices: dbt.slices, sliceMm: dbt.sliceMm },
    exposure: exposure(DBT_BEAM),
    irradiationEventUid: uid(drawn, 'exposure of', 'dbt', task.side, view),
    frameOfReferenceUid: uid(drawn, 'compression', task.side, view),
    projections: PROJECTIONS,
    arcDeg: 2 * HALF_ANGLE_DEG,
    reconstruction: 'Shift and add of projections along parallel rays',
  });
  await writeAside(join(task.out, paths.dbt), dicomBytes(volume, storedValues(images.slices())));
}

function examinationOf(drawn: DrawnView): Examination {
  const { woman } = drawn;
  return {
    patient: {
      name: `SYNTHETIC^${woman.patientId.toUpperCase()}`,
      id: woman.patientId,
      issuer: 'MAMMOSCOPE PHANTOM',
      birthDate: '19400101',
      age: '060Y',
      comments: 'A virtual woman who does not exist',
    },
    study: {
      uid: uid(drawn, 'study'),
      id: '1',
      date: '20000101',
      time: '120000',
      description: 'Virtual mammography',
    },
    equipment: {
      manufacturer: 'mammoscope',
      model: 'Virtual breast phantom',
      softwareVersion: PHANTOM_VERSION,
      serialNumber: 'VIRTUAL',
      station: 'VIRTUAL',
      institution: 'None: synthetic images',
      address: 'None: synthetic images',
    },
    operator: 'NOBODY^SYNTHETIC',
    comments: STATEMENT,
  };
}

/** Images of a series are counted through both sides and views. */
function instanceOf(drawn: DrawnView, kind: Kind): Instance {
  const { task, view } = drawn;
  return {
    sopInstanceUid: uid(drawn, kind, task.side, view),
    number: 1 + ['L', 'R'].indexOf(task.side) * BREAST_VIEWS.length + BREAST_VIEWS.indexOf(view),
    series: { uid: uid(drawn, 'series', kind), ...SERIES[kind] },
  };
}

/** All that decides the bytes of an object is part of its identity, so two objects of one name are the same. */
function uid({ task, woman }: DrawnView, ...what: readonly string[]): string {
  const { preset, seed, difficulty, density }: PhantomMaking = task;
  return uidOf(
    'mammoscope phantom',
    PHANTOM_VERSION,
    preset,
    seed,
    difficulty,
    density ?? 'drawn',
    woman.patientId,
    ...what,
  );
}

const gridOf = ({ heightPx, widthPx, spacingMm }: ImageGrid) => ({
  rows: heightPx,
  columns: widthPx,
  spacingMm,
  bitsStored: 16,
});

/** Grey levels rounded to 16 bits, one plane after the other in the same memory. */
function* storedValues(planes: Iterable<Float32Array>): Generator<Uint16Array, void> {
  let values = new Uint16Array(0);
  for (const plane of planes) {
    if (values.length !== plane.length) values = new Uint16Array(plane.length);
    for (let i = 0; i < plane.length; i++) values[i] = (plane[i] as number) + 0.5; // 0 to 65535, cut off
    yield values;
  }
}
