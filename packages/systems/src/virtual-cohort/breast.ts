/** One breast of a virtual woman, drawn and written: two views, each as DM and DBT. */
import { join } from 'node:path';
import { type CsvCells, writePng8, writePng16 } from '@mammoscope/imaging';
import {
  BREAST_VIEWS,
  type BreastSide,
  type BreastView,
  drawBreastImages,
  drawTextures,
  drawWoman,
  PHANTOM_PRESETS,
  type PhantomBox,
  type Woman,
  withSeenLesion,
} from '@mammoscope/phantom';
import { writeViewAsDicom } from './dicom-view.ts';
import type { PhantomBreastTask } from './making.ts';
import { viewPaths } from './paths.ts';
import { writeViewAsPng } from './png-view.ts';
import { categoryStream, drawCategory, Synthetic2d } from './screened-breast.ts';

/** Truth of one view as truth.json has it; paths are relative to the cohort's folder. */
export interface PhantomViewRecord {
  readonly laterality: BreastSide;
  readonly view: BreastView;
  readonly dm: { readonly path: string; readonly raw?: string; readonly box?: PhantomBox; readonly mask?: string };
  /** A file, or the folder of one file a slice. */
  readonly dbt: ({ readonly path: string } | { readonly folder: string }) & {
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

const VIEW_WRITERS = { png: writeViewAsPng, dicom: writeViewAsDicom } as const;

/** Draws a breast and writes its images, of 16 bits, and masks, 8-bit PNG of 0 and 255. */
export async function writePhantomBreast(task: PhantomBreastTask): Promise<PhantomBreastRecord> {
  const { seed, patient, difficulty, density, side, preset, raw } = task;
  const drawn = drawWoman(patient, { seed, difficulty, ...(density ? { density } : {}) });
  const woman = task.screening ? withSeenLesion(drawn, PHANTOM_PRESETS[preset]) : drawn;
  const textures = drawTextures(woman, side, PHANTOM_PRESETS[preset]);
  const rows: CsvCells[] = [];
  const views: PhantomViewRecord[] = [];
  for (const view of BREAST_VIEWS) {
    const images = drawBreastImages(woman, { side, view, preset, textures, raw });
    const written = await writeView(task, woman, view, images);
    rows.push(...written.rows);
    views.push(written.record);
  }
  return { rows, views };
}

async function writeView(
  task: PhantomBreastTask,
  woman: Woman,
  view: BreastView,
  images: ReturnType<typeof drawBreastImages>,
): Promise<{ readonly rows: readonly CsvCells[]; readonly record: PhantomViewRecord }> {
  const { out, preset, side, format, screening } = task;
  const { dm, dbt } = PHANTOM_PRESETS[preset];
  const paths = viewPaths(woman.patientId, side, view, format);
  const { truth } = images;
  if (screening) {
    const synthetic = new Synthetic2d(dbt.widthPx * dbt.heightPx);
    const slices = () => synthetic.through(images.slices());
    await VIEW_WRITERS[format]({ task, woman, view, images: { ...images, slices }, paths });
    await writePng16(join(out, paths.synthetic2d), synthetic.plane(), dbt.widthPx, dbt.heightPx);
  } else await VIEW_WRITERS[format]({ task, woman, view, images, paths });
  if (truth) {
    await writeMask(join(out, paths.dmMask), truth.dm.mask, dm);
    await writeMask(join(out, paths.dbtMask), truth.dbt.mask, dbt);
  }
  const { focusSlice, sliceFirst, sliceLast } = truth?.dbt ?? {};
  const shared = { patient_id: woman.patientId, laterality: side, view };
  const shows = woman.lesion?.side === side ? woman.label : 'normal';
  const birads = drawCategory(shows, categoryStream(task.seed, woman.patient, side));
  const screened = (mask: string): CsvCells => (screening ? { birads, mask: truth ? mask : undefined } : {});
  const described = { density: woman.density, lesion: truth && woman.lesion ? woman.lesion.kind : 'none' };
  const row = (
    modality: 'DM' | 'DBT' | 'SYNTHETIC2D',
    path: string,
    box: PhantomBox | undefined,
    more: CsvCells,
  ): CsvCells => ({
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
        ...screened(paths.dmMask),
      }),
      row('DBT', paths.dbt, truth?.dbt.box, {
        spacing_mm: dbt.spacingMm,
        slices: dbt.slices,
        slice_mm: dbt.sliceMm,
        focus_slice: focusSlice,
        ...screened(paths.dbtMask),
      }),
      ...(screening
        ? [
            row('SYNTHETIC2D', paths.synthetic2d, truth?.dbt.box, {
              spacing_mm: dbt.spacingMm,
              ...screened(paths.dbtMask),
            }),
          ]
        : []),
    ],
    record: {
      laterality: side,
      view,
      dm: {
        path: paths.dm,
        ...(images.raw ? { raw: paths.raw } : {}),
        ...(truth ? { box: truth.dm.box, mask: paths.dmMask } : {}),
      },
      dbt: {
        ...(paths.slices ? { folder: paths.slices } : { path: paths.dbt }),
        ...(truth ? { box: truth.dbt.box, mask: paths.dbtMask, focusSlice, sliceFirst, sliceLast } : {}),
      },
    },
  };
}

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
