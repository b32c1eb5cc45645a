/** Where the files of a phantom cohort lie, relative to its folder. */
import type { BreastSide, BreastView } from '@mammoscope/phantom';
import type { PhantomFormat } from './making.ts';

/** The files of one view. */
export interface ViewPaths {
  readonly dm: string;
  /** The mammogram for processing. */
  readonly raw: string;
  /** What a manifest names: the file of the tomosynthesis, or the folder of its slices. */
  readonly dbt: string;
  /** The folder of slices, where each is a file. */
  readonly slices?: string;
  /** The synthetic 2D view, a PNG whatever the format: what vendors make of a tomosynthesis is no object of its own here. */
  readonly synthetic2d: string;
  readonly dmMask: string;
  readonly dbtMask: string;
}

/** Paths of one view of a woman. */
export function viewPaths(patientId: string, side: BreastSide, view: BreastView, format: PhantomFormat): ViewPaths {
  const name = `${patientId}/${side}-${view}`;
  const slices = `images/${name}-dbt`;
  const masks = { dmMask: `masks/${name}.png`, dbtMask: `masks/${name}-dbt.png` };
  const synthetic2d = `images/${name}-s2d.png`;
  return format === 'png'
    ? { dm: `images/${name}.png`, raw: `images/${name}-raw.png`, dbt: slices, slices, synthetic2d, ...masks }
    : { dm: `images/${name}.dcm`, raw: `images/${name}-raw.dcm`, dbt: `${slices}.dcm`, synthetic2d, ...masks };
}

/** slice-00.png is nearest to the detector. */
export function slicePath(folder: string, slice: number): string {
  return `${folder}/slice-${String(slice).padStart(2, '0')}.png`;
}
