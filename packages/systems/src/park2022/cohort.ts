/** The rows of a manifest as images with the two labels of section IV and a BI-RADS group. */
import { dirname, resolve } from 'node:path';
import type { Laterality, Manifest, ManifestRow, Split, View } from '@mammoscope/imaging';
import { SystemError } from '../errors.ts';
import {
  FINDINGS,
  type Finding,
  PARK_MODALITIES,
  type ParkModality,
  type PerFinding,
  type ScoredLesion,
} from './scored-cases.ts';

/** "(a) incomplete or high suspicion (BI-RADS category 0, 4, 5), (b) normal (BI-RADS category 1), and (c) benign (BI-RADS category 2 and 3)" */
export const BIRADS_GROUPS = ['suspicious', 'normal', 'benign'] as const;
const GROUP_OF: Readonly<Record<string, number>> = { 0: 0, 4: 0, 5: 0, 1: 1, 2: 2, 3: 2 };

/** An image, which may have several rows, one a lesion. */
export interface ParkImage {
  /** The first of its rows. */
  readonly row: ManifestRow;
  readonly patientId: string;
  readonly studyId?: string;
  readonly laterality: Laterality;
  readonly view: View;
  readonly modality: ParkModality;
  readonly split?: Split;
  readonly labels: PerFinding<boolean>;
  /** Lesions with a box or a mask: a label needs none to be trained on. */
  readonly lesions: readonly ScoredLesion[];
  /** Index of its BI-RADS group; absent where the manifest has no category, or 6. */
  readonly birads?: number;
}

/** Benign and malignant as the networks' targets, 0 or 1. */
export const targetsOf = ({ labels }: Pick<ParkImage, 'labels'>): number[] =>
  FINDINGS.map((finding) => (labels[finding] ? 1 : 0));

/** Whether an image is of a modality that can be trained on. */
export const isParkModality = (modality: string): modality is ParkModality =>
  PARK_MODALITIES.some((each) => each === modality);

/**
 * The images of a manifest's rows, in their order; rows of other modalities are left out. SystemError 'data-unusable', with the line,
 * for an image whose side or view is not named, a label that is neither benign, malignant nor the first class, or an unknown category.
 */
export function parkImages(manifest: Pick<Manifest, 'path' | 'classes'>, rows: readonly ManifestRow[]): ParkImage[] {
  const known = rows.filter(({ modality }) => isParkModality(modality));
  return [...Map.groupBy(known, ({ absolutePath }) => absolutePath).values()].map((own) => imageOf(manifest, own));
}

function imageOf({ path, classes }: Pick<Manifest, 'path' | 'classes'>, rows: readonly ManifestRow[]): ParkImage {
  const [row] = rows as [ManifestRow];
  const { laterality, view, modality, patientId, studyId, split } = row;
  const refuse = (line: number, what: string): never => {
    throw new SystemError('data-unusable', `${path}, line ${line}: ${what}`);
  };
  if (!laterality || !view || !isParkModality(modality))
    return refuse(row.line, 'breasts are judged by all of their views, so laterality and view must be filled');
  const findings = rows.map(({ label, line }) => findingOf(label) ?? negativeOf(label, classes, line, refuse));
  const groups = rows.flatMap(({ birads, line }) => groupOf(birads, (what) => refuse(line, what)));
  return {
    ...{ row, patientId, laterality, view, modality },
    ...(studyId === undefined ? {} : { studyId }),
    ...(split === undefined ? {} : { split }),
    labels: { benign: findings.includes('benign'), malignant: findings.includes('malignant') },
    lesions: rows.flatMap((each, i) => lesionOf(dirname(path), each, findings[i])),
    // A breast's category is that of what is most suspicious in it.
    ...(groups.length > 0 ? { birads: groups.includes(0) ? 0 : Math.max(...groups) } : {}),
  };
}

const findingOf = (label: string): Finding | undefined => FINDINGS.find((finding) => finding === label.toLowerCase());

function negativeOf(
  label: string,
  [negative]: readonly string[],
  line: number,
  refuse: (line: number, what: string) => never,
): undefined {
  // Rows that are only predicted have no classes and any label.
  if (negative === undefined || label === negative) return undefined;
  return refuse(line, `label must be benign, malignant or ${negative}, the first class, got "${label}": rename it`);
}

function groupOf(birads: string | undefined, refuse: (what: string) => never): number[] {
  if (birads === undefined) return [];
  const category = birads.trim().charAt(0);
  if (category === '6') return [];
  const group = /^[0-5](?:$|[^0-9])/.test(birads.trim()) ? GROUP_OF[category] : undefined;
  return [group ?? refuse(`birads must be a category from 0 to 6, got "${birads}": correct or empty the cell`)];
}

function lesionOf(folder: string, row: ManifestRow, finding: Finding | undefined): ScoredLesion[] {
  const { box, sliceFirst, sliceLast, other } = row;
  if (!finding || (!box && !other.mask)) return [];
  return [
    {
      finding,
      ...(box ? { box } : {}),
      ...(other.mask ? { mask: resolve(folder, other.mask) } : {}),
      ...(sliceFirst === undefined ? {} : { sliceFirst }),
      ...(sliceLast === undefined ? {} : { sliceLast }),
    },
  ];
}
