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

/** The flow of images and patients of a run, from its manifest to the splits, with what was left out and why (STARD 2015, item 19). */
export function flowOf({ rows, exclusions, classes, manifest }: RunRecord): Flow {
  const reasons = Map.groupBy(exclusions, ({ reason }) => reason);
  return {
    stages: [
      { name: `Images in ${manifest.name}`, ...countOf([...rows, ...exclusions]) },
      {
        name: 'Included',
        ...countOf(rows),
        excluded: [...reasons].map(([reason, left]) => ({ reason, ...countOf(left) })),
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
