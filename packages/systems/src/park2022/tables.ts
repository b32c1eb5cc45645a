/** Tables II to V of an evaluation, laid out as the paper has them. */
import type { FigureTable, TableFigure } from '@mammoscope/report';
import { combinationName, type EvaluatedUnits, MODALITY_NAMES } from './evaluated-units.ts';
import { ITERATIONS, type ParkMeasure } from './measures.ts';
import { IMAGE_WISE, type PublishedRows, TABLE_2, TABLE_3, TABLE_4, TABLE_5 } from './published.ts';
import type { Architecture, Finding, ParkModality } from './scored-cases.ts';
import type { MeanOfMembers, SegmentationFigures } from './segmentation.ts';

type Cell = FigureTable['rows'][number]['cells'][number];

/** Malignant first, as in the paper. */
export const COLUMN_FINDINGS: readonly Finding[] = ['malignant', 'benign'];
/** The paper's "global-only" is here the global module of the same networks (recipe.ts, deviations). */
const COLUMN_ARCHITECTURES: readonly Architecture[] = ['global', 'full'];

/** A cell of ours and, where there is one, of the paper's. */
export const cellOf = (here: TableFigure | undefined, published?: TableFigure): Cell => ({
  ...(here ? { here } : {}),
  ...(published ? { published } : {}),
});

/** The key of a combination among the published rows. */
export const publishedKey = (modalities: readonly ParkModality[]): string => modalities.join('+');

/** What of measured units a table is made of. */
export type TabledUnits = Pick<EvaluatedUnits, 'modalities' | 'measured'>;

/** '60 breasts, 10 malignant, 12 benign' */
export const counted = ({ measured: { full } }: TabledUnits, one: string): string =>
  `${full.malignant.cases} ${one}s, ${full.malignant.positives} malignant, ${full.benign.positives} benign`;

/** How tables are printed. */
export interface TableOptions {
  /** Whether what the paper printed stands beside ours. */
  readonly published?: boolean;
  /** What the intervals are; those of one evaluation unless given. */
  readonly intervals?: string;
}

/** What the intervals of one evaluation are. */
export const BOOTSTRAP = `95 % intervals: ${ITERATIONS.toLocaleString('en')} bootstrap resamples of patients.`;

/** What is measured of which units, and what the paper has of it. */
interface ClassificationTable extends Pick<FigureTable, 'number' | 'caption'> {
  readonly measure: ParkMeasure;
  readonly one: 'breast' | 'image';
  readonly published: PublishedRows;
}

const TABLES: readonly ClassificationTable[] = [
  { number: 'Table II', caption: 'Breast-wise AUC', measure: 'auc', one: 'breast', published: TABLE_2 },
  {
    number: 'Table III',
    caption: 'Breast-wise specificity at 90 % sensitivity',
    ...({ measure: 'specificity', one: 'breast', published: TABLE_3 } as const),
  },
  {
    number: 'Table IV',
    caption: 'Breast-wise Matthews correlation at 90 % sensitivity',
    ...({ measure: 'mcc', one: 'breast', published: TABLE_4 } as const),
  },
  {
    number: 'Section VII-B',
    caption: 'Image-wise AUC',
    ...({
      measure: 'auc',
      one: 'image',
      published: { DBT: [{ value: null }, { value: null }, ...IMAGE_WISE] },
    } as const),
  },
];

/** Tables II to IV, and the image-wise AUCs of section VII-B. */
export function classificationTables(
  { breasts, images }: { readonly breasts: readonly TabledUnits[]; readonly images: readonly TabledUnits[] },
  { published = false, intervals = BOOTSTRAP }: TableOptions = {},
): FigureTable[] {
  return TABLES.map((table) => ({
    ...{ number: table.number, caption: table.caption },
    columns: COLUMN_ARCHITECTURES.flatMap((architecture) =>
      COLUMN_FINDINGS.map((finding) => `${architecture === 'global' ? 'global module' : architecture}, ${finding}`),
    ),
    rows: (table.one === 'breast' ? breasts : images).map((each) => {
      const theirs = published ? table.published[publishedKey(each.modalities)] : undefined;
      const ours = COLUMN_ARCHITECTURES.flatMap((architecture) =>
        COLUMN_FINDINGS.map((finding) => each.measured[architecture][finding][table.measure]),
      );
      return {
        label: combinationName(each.modalities),
        detail: counted(each, table.one),
        cells: ours.map((figure, i) => cellOf(figure, theirs?.[i]?.value === null ? undefined : theirs?.[i])),
      };
    }),
    remark: intervals,
  }));
}

const OVERLAPS = ['dsc', 'pxap'] as const;

/** Table V: mean and standard deviation of the members, their ensemble, and the baseline that the paper has not. */
export function segmentationTable(
  figures: readonly SegmentationFigures[],
  { published = false, intervals = BOOTSTRAP }: TableOptions = {},
): FigureTable {
  const modalities = [...new Set(figures.map(({ modality }) => modality))];
  const rowsOf = (modality: ParkModality) => {
    const of = (finding: Finding) => figures.find((each) => each.modality === modality && each.finding === finding);
    const cells = (
      figureOf: (own: SegmentationFigures, overlap: 'dsc' | 'pxap') => TableFigure,
      theirs?: readonly TableFigure[],
    ) =>
      OVERLAPS.flatMap((overlap, m) =>
        COLUMN_FINDINGS.map((finding, f) => {
          const own = of(finding);
          return cellOf(own && figureOf(own, overlap), theirs?.[2 * m + f]);
        }),
      );
    const name = modality === 'DBT' ? 'DBT max-projected' : MODALITY_NAMES[modality];
    const theirs = published ? TABLE_5[modality] : undefined;
    const images = COLUMN_FINDINGS.map((finding) => `${of(finding)?.images ?? 0} ${finding}`).join(', ');
    return [
      {
        label: name,
        detail: `images: ${images}`,
        cells: cells((own, overlap) => meanFigure(own.members[overlap]), theirs?.members),
      },
      {
        label: `${name} ensemble`,
        cells: cells((own, overlap) => ({ value: own.ensemble[overlap] }), theirs?.ensemble),
      },
      { label: `${name}, centre of the breast`, cells: cells((own, overlap) => ({ value: own.baseline[overlap] })) },
      {
        label: `${name} ensemble less the centre`,
        cells: [...COLUMN_FINDINGS.map((finding) => cellOf(of(finding)?.gain)), {}, {}],
      },
    ];
  };
  return {
    number: 'Table V',
    caption: 'Weakly supervised segmentation by saliency',
    columns: ['DSC', 'PxAP'].flatMap((name) => COLUMN_FINDINGS.map((finding) => `${name}, ${finding}`)),
    rows: modalities.flatMap(rowsOf),
    remark: `Means over the images with a visible lesion of the label; ± standard deviation over the models of the ensemble. The centre of the breast is a baseline that the paper has not: a disc of the area of the lesion around the centroid of the breast, and for PxAP the pixels by their nearness to it. ${intervals}`,
  };
}

const meanFigure = ({ mean, deviation }: MeanOfMembers): TableFigure =>
  Number.isFinite(mean) ? { value: mean, ...(deviation === null ? {} : { deviation }) } : { value: null };
