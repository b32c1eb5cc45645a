import type { Flow } from '@mammoscope/report';
import type { RunRecord } from './run-record.ts';

const SPLITS = [
  ['train', 'Training'],
  ['val', 'Validation'],
  ['test', 'Test'],
] as const;

type Row = { readonly patientId: string };

const countOf = (rows: readonly Row[]) => ({
  images: rows.length,
  patients: new Set(rows.map(({ patientId }) => patientId)).size,
});

/** Images of another manifest than the run's. */
export interface OtherImages {
  readonly manifest: string;
  readonly rows: readonly (Row & { readonly label: string })[];
  readonly exclusions: readonly (Row & { readonly reason: string })[];
}

/** Those left out, by reason. */
const excluded = (exclusions: OtherImages['exclusions']) =>
  [...Map.groupBy(exclusions, ({ reason }) => reason)].map(([reason, left]) => ({ reason, ...countOf(left) }));

/** The flow of the images of another manifest, on which a run is evaluated whole. */
export function otherFlowOf({ manifest, rows, exclusions }: OtherImages, classes: readonly string[]): Flow {
  return {
    stages: [
      { name: `Images in ${manifest}`, ...countOf([...rows, ...exclusions]) },
      { name: 'Evaluated', ...countOf(rows), excluded: excluded(exclusions) },
    ],
    parts: classes.map((label) => ({ name: label, ...countOf(rows.filter((row) => row.label === label)) })),
  };
}

/** The flow of what was evaluated: of the run's own images, or of those of another manifest. */
export const evaluatedFlow = (
  record: RunRecord,
  { manifest, rows, exclusions }: Omit<OtherImages, 'manifest'> & { readonly manifest: RunRecord['manifest'] },
): Flow =>
  manifest.sha256 === record.manifest.sha256
    ? flowOf(record)
    : otherFlowOf({ manifest: manifest.name, rows, exclusions }, record.classes);

/** The flow of images and patients of a run, from its manifest to the splits, with what was left out and why (STARD 2015, item 19). */
export function flowOf({ rows, exclusions, classes, manifest }: RunRecord): Flow {
  return {
    stages: [
      { name: `Images in ${manifest.name}`, ...countOf([...rows, ...exclusions]) },
      {
        name: 'Included',
        ...countOf(rows),
        excluded: excluded(exclusions),
      },
    ],
    parts: SPLITS.map(([split, name]) => {
      const part = rows.filter((row) => row.split === split);
      return {
        name,
        ...countOf(part),
        detail: classes.map((label) => `${part.filter((row) => row.label === label).length} ${label}`),
      };
    }),
  };
}
