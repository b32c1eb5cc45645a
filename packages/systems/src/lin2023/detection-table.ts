/** Average precision and free-response sensitivity by size of the lesion, as a table. */
import type { FigureTable, TableFigure } from '@mammoscope/report';
import { COCO_SIZES } from '../detection/coco-precision.ts';
import type { Evaluation } from './evaluate.ts';
import { FROC_OVERLAP, FROC_RATES } from './froc.ts';

const COLUMNS = [
  'Average precision',
  'at an overlap of 0.5',
  ...FROC_RATES.map((rate) => `Sensitivity at ${rate} false positives an image`),
];

/** COCO's figures of both classes, and the detector's sensitivity for malignant lesions and for all, of each size that has a lesion. */
export function detectionTable({ froc, precision }: Pick<Evaluation, 'froc' | 'precision'>): FigureTable {
  const rows = COCO_SIZES.flatMap(({ name: size }) =>
    (['malignant', 'benign', 'any'] as const).flatMap((kind) => {
      const found = precision.find((each) => each.class === kind && each.size === size);
      const curve = froc.find((each) => each.lesionsOf === kind && each.size === size);
      const lesions = found?.lesions ?? curve?.lesions;
      if (lesions === undefined) return [];
      const here: readonly (TableFigure | undefined)[] = [
        ...[found?.ap, found?.ap50].map((value) => (value === undefined ? undefined : { value })),
        ...FROC_RATES.map((rate) => {
          const at = curve?.sensitivities.find(({ falsePositives }) => falsePositives === rate);
          return (
            at && { value: at.sensitivity, interval: at.interval && ([at.interval.lower, at.interval.upper] as const) }
          );
        }),
      ];
      return [
        {
          label: `${kind === 'any' ? 'either class' : kind}, ${size}`,
          detail: `${lesions} lesions`,
          cells: here.map((figure) => (figure ? { here: figure } : {})),
        },
      ];
    }),
  );
  return {
    ...{ number: 'Detection', caption: 'Boxes by class and size of the lesion', columns: COLUMNS, rows },
    remark: `Sizes are COCO's, by the square root of a lesion's area in the stored image: small to 32 pixels, large from 96. Average precision is the mean over overlaps of 0.5 to 0.95. For sensitivity a box finds a lesion that it overlaps by at least ${FROC_OVERLAP}; intervals are by a bootstrap of patients.`,
  };
}
