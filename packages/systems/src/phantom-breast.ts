/** One breast of a virtual woman, drawn and written: two views, each as DM and DBT. */
import { join } from 'node:path';
import { type CsvCells, writePng8, writePng16 } from '@mammoscope/imaging';
import {
  BREAST_VIEWS,
  type BreastDensity,
  type BreastSide,
  type BreastView,
  drawBreastImages,
  drawTextures,
  drawWoman,
  PHANTOM_PRESETS,
  type PhantomBox,
  type PhantomPresetName,
  type Woman,
} from '@mammoscope/phantom';

/** Slices that may wait for the disk while the next are drawn. */
const WRITES_AT_ONCE = 6;

/** What a worker thread is asked to draw; the rest follows from the seed. */
export interface PhantomBreastTask {
  /** The cohort's folder, absolute. The folders of the breast's files exist. */
  readonly out: string;
  readonly preset: PhantomPresetName;
  readonly seed: number;
  readonly patient: number;
  readonly side: BreastSide;
  readonly difficulty: number;
  readonly density?: BreastDensity;
}

/** Truth of one view as truth.json has it; paths are relative to the cohort's folder. */
export interface PhantomViewRecord {
  readonly laterality: BreastSide;
  readonly view: BreastView;
  readonly dm: { readonly path: string; readonly box?: PhantomBox; readonly mask?: string };
  readonly dbt: {
    readonly folder: string;
    readonly box?: PhantomBox;
    readonly mask?: string;
    readonly focusSlice?: number;
    readonly sliceFirst?: number;
    readonly sliceLast?: number;
  };
}

/** What was written of a breast. */
export interface PhantomBreastRecord {
  readonly rows: readonly CsvCells[];
  readonly views: readonly PhantomViewRecord[];
}

/** Paths of the files of one view, relative to the cohort's folder. */
export function viewPaths(patientId: string, side: BreastSide, view: BreastView) {
  const name = `${side}-${view}`;
  return {
    dm: `images/${patientId}/${name}.png`,
    slices: `images/${patientId}/${name}-dbt`,
    dmMask: `masks/${patientId}/${name}.png`,
    dbtMask: `masks/${patientId}/${name}-dbt.png`,
  };
}

/** Draws a breast and writes its images, 16-bit PNG, and masks, 8-bit PNG of 0 and 255. */
export async function writePhantomBreast(task: PhantomBreastTask): Promise<PhantomBreastRecord> {
  const { seed, patient, difficulty, density, side, preset } = task;
  const woman = drawWoman(patient, { seed, difficulty, ...(density ? { density } : {}) });
  const textures = drawTextures(woman, side, PHANTOM_PRESETS[preset]);
  const rows: CsvCells[] = [];
  const views: PhantomViewRecord[] = [];
  for (const view of BREAST_VIEWS) {
    const written = await writeView(task, woman, view, drawBreastImages(woman, { side, view, preset, textures }));
    rows.push(...written.rows);
    views.push(written.record);
  }
  return { rows, views };
}

async function writeView(
  { out, preset, side }: PhantomBreastTask,
  woman: Woman,
  view: BreastView,
  images: ReturnType<typeof drawBreastImages>,
): Promise<{ readonly rows: readonly CsvCells[]; readonly record: PhantomViewRecord }> {
  const { dm, dbt } = PHANTOM_PRESETS[preset];
  const paths = viewPaths(woman.patientId, side, view);
  const { truth } = images;
  await writePng16(join(out, paths.dm), images.dm, dm.widthPx, dm.heightPx);
  let slice = 0;
  const writing = new Set<Promise<void>>();
  for (const plane of images.slices()) {
    // writePng16 has taken the values before it returns, so the next slice can be drawn while some are written.
    const write = writePng16(join(out, slicePath(paths.slices, slice++)), plane, dbt.widthPx, dbt.heightPx);
    writing.add(write);
    write.then(
      () => writing.delete(write),
      () => undefined,
    ); // a failed one stays, and is met below
    if (writing.size >= WRITES_AT_ONCE) await Promise.race(writing);
  }
  await Promise.all(writing);
  if (truth) {
    await writeMask(join(out, paths.dmMask), truth.dm.mask, dm);
    await writeMask(join(out, paths.dbtMask), truth.dbt.mask, dbt);
  }
  const { focusSlice, sliceFirst, sliceLast } = truth?.dbt ?? {};
  const shared = { patient_id: woman.patientId, laterality: side, view };
  const described = { density: woman.density, lesion: truth && woman.lesion ? woman.lesion.kind : 'none' };
  const row = (modality: 'DM' | 'DBT', path: string, box: PhantomBox | undefined, more: CsvCells): CsvCells => ({
    ...shared,
    path,
    modality,
    label: truth ? woman.label : 'normal',
    lesion_id: truth ? `${woman.patientId}-1` : undefined,
    ...corners(box),
    slice_first: modality === 'DBT' ? sliceFirst : undefined,
    slice_last: modality === 'DBT' ? sliceLast : undefined,
    bit_depth: 16,
    ...described,
    ...more,
  });
  return {
    rows: [
      row('DM', paths.dm, truth?.dm.box, {
        spacing_mm: dm.spacingMm,
        slices: undefined,
        slice_mm: undefined,
        focus_slice: undefined,
      }),
      row('DBT', slicePath(paths.slices, 0), truth?.dbt.box, {
        spacing_mm: dbt.spacingMm,
        slices: dbt.slices,
        slice_mm: dbt.sliceMm,
        focus_slice: focusSlice,
      }),
    ],
    record: {
      laterality: side,
      view,
      dm: { path: paths.dm, ...(truth ? { box: truth.dm.box, mask: paths.dmMask } : {}) },
      dbt: {
        folder: paths.slices,
        ...(truth ? { box: truth.dbt.box, mask: paths.dbtMask, focusSlice, sliceFirst, sliceLast } : {}),
      },
    },
  };
}

/** slice-00.png is nearest to the detector. */
const slicePath = (folder: string, slice: number): string => `${folder}/slice-${String(slice).padStart(2, '0')}.png`;

function corners(box: PhantomBox | undefined): CsvCells {
  const [x1, y1, x2, y2] = box ?? [];
  return { x1, y1, x2, y2 };
}

async function writeMask(
  path: string,
  mask: Uint8Array,
  { widthPx, heightPx }: { readonly widthPx: number; readonly heightPx: number },
): Promise<void> {
  const plane = new Float32Array(mask.length);
  for (let i = 0; i < mask.length; i++) plane[i] = mask[i] === 1 ? 255 : 0;
  await writePng8(path, plane, widthPx, heightPx);
}
