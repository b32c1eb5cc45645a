/** Tables II to V of an evaluation, laid out as the paper has them. */
import type { Estimate, FigureTable, TableFigure } from '@mammoscope/report';
import { combinationName, type EvaluatedUnits, MODALITY_NAMES } from './evaluated-units.ts';
import { ITERATIONS, type ParkMeasure } from './measures.ts';
import { IMAGE_WISE, type PublishedRows, TABLE_2, TABLE_3, TABLE_4, TABLE_5 } from './published.ts';
import type { Architecture, Finding, ParkModality } from './scored-cases.ts';
import type { MeanOfMembers, SegmentationFigures } from './segmentation.ts';

type Cell = FigureTable['rows'][number]['cells'][number];

/** Malignant first, as in the paper. */
const COLUMN_FINDINGS: readonly Finding[] = ['malignant', 'benign'];

/** A cell of ours and, where asked for, of the paper's. */
export const cellOf = (here: TableFigure | undefined, published: TableFigure | undefined): Cell => ({
  ...(here ? { here } : {}),
  ...(published ? { published } : {}),
});

/** The key of a combination among the published rows. */
export const publishedKey = (modalities: readonly ParkModality[]): string => modalities.join('+');

const counted = ({ units }: EvaluatedUnits, one: string): string => {
  const positives = (finding: Finding) => units.filter(({ labels }) => labels[finding]).length;
  return `${units.length} ${one}s, ${positives('malignant')} malignant, ${positives('benign')} benign`;
};

const BOOTSTRAP = `95 % intervals: ${ITERATIONS.toLocaleString('en')} bootstrap resamples of patients.`;

/** What the left columns hold: the global module of the same networks, or networks trained without a local module. */
export interface GlobalOnly {
  readonly name: string;
  readonly figureOf: (
    modalities: readonly ParkModality[],
    finding: Finding,
    measure: ParkMeasure,
  ) => Estimate | undefined;
}

/** The global module of networks that were trained with both. */
export const globalModule = (breasts: readonly EvaluatedUnits[]): GlobalOnly => ({
  name: 'global module',
  figureOf: (modalities, finding, measure) =>
    breasts.find((each) => publishedKey(each.modalities) === publishedKey(modalities))?.measured.global[finding][
      measure
    ],
});

function breastTable(
  {
    number,
    caption,
    measure,
    published,
  }: {
    readonly number: string;
    readonly caption: string;
    readonly measure: ParkMeasure;
    readonly published: PublishedRows;
  },
  breasts: readonly EvaluatedUnits[],
  globalOnly: GlobalOnly,
  withPublished: boolean,
): FigureTable {
  return {
    ...{ number, caption },
    columns: [globalOnly.name, 'full'].flatMap((name) => COLUMN_FINDINGS.map((finding) => `${name}, ${finding}`)),
    rows: breasts.map((each) => {
      const { modalities, measured } = each;
      const theirs = withPublished ? published[publishedKey(modalities)] : undefined;
      const ours = [
        ...COLUMN_FINDINGS.map((finding) => globalOnly.figureOf(modalities, finding, measure)),
        ...COLUMN_FINDINGS.map((finding) => measured.full[finding][measure]),
      ];
      return {
        label: combinationName(modalities),
        detail: counted(each, 'breast'),
        cells: ours.map((figure, i) => cellOf(figure, theirs?.[i])),
      };
    }),
    remark: BOOTSTRAP,
  };
}

/** Tables II to IV, and the image-wise AUCs of section VII-B. */
export function classificationTables(
  { breasts, images }: { readonly breasts: readonly EvaluatedUnits[]; readonly images: readonly EvaluatedUnits[] },
  {
    globalOnly = globalModule(breasts),
    published: withPublished = false,
  }: { readonly globalOnly?: GlobalOnly; readonly published?: boolean } = {},
): FigureTable[] {
  const parts = [
    { number: 'Table II', caption: 'Breast-wise AUC', measure: 'auc', published: TABLE_2 },
    {
      number: 'Table III',
      caption: 'Breast-wise specificity at 90 % sensitivity',
      measure: 'specificity',
      published: TABLE_3,
    },
    {
      number: 'Table IV',
      caption: 'Breast-wise Matthews correlation at 90 % sensitivity',
      measure: 'mcc',
      published: TABLE_4,
    },
  ] as const;
  const architectures: readonly Architecture[] = ['global', 'full'];
  return [
    ...parts.map((part) => breastTable(part, breasts, globalOnly, withPublished)),
    {
      number: 'Section VII-B',
      caption: 'Image-wise AUC',
      columns: architectures.flatMap((name) =>
        COLUMN_FINDINGS.map((finding) => `${name === 'global' ? 'global module' : name}, ${finding}`),
      ),
      rows: images
        .filter(({ modalities }) => modalities.length === 1)
        .map((each) => ({
          label: combinationName(each.modalities),
          detail: counted(each, 'image'),
          cells: architectures.flatMap((architecture) =>
            COLUMN_FINDINGS.map((finding, i) => {
              const isPublished = withPublished && architecture === 'full' && each.modalities[0] === 'DBT';
              return cellOf(each.measured[architecture][finding].auc, isPublished ? IMAGE_WISE[i] : undefined);
            }),
          ),
        })),
      remark: BOOTSTRAP,
    },
  ];
}

/** Table V: mean and standard deviation of the members, their ensemble, and the baseline that the paper has not. */
export function segmentationTable(figures: readonly SegmentationFigures[], withPublished = false): FigureTable {
  const modalities = [...new Set(figures.map(({ modality }) => modality))];
  const measures = ['dsc', 'pxap'] as const;
  const rowsOf = (modality: ParkModality) => {
    const of = (finding: Finding) => figures.find((each) => each.modality === modality && each.finding === finding);
    const cells = (
      figure: (own: SegmentationFigures, measure: 'dsc' | 'pxap') => TableFigure,
      published?: readonly TableFigure[],
    ) =>
      measures.flatMap((measure, m) =>
        COLUMN_FINDINGS.map((finding, f) => {
          const own = of(finding);
          return cellOf(own && figure(own, measure), published?.[2 * m + f]);
        }),
      );
    const name = modality === 'DBT' ? 'DBT max-projected' : MODALITY_NAMES[modality];
    const theirs = withPublished ? TABLE_5[modality] : undefined;
    const images = COLUMN_FINDINGS.map((finding) => `${of(finding)?.images ?? 0} ${finding}`).join(', ');
    return [
      {
        label: name,
        detail: `images: ${images}`,
        cells: cells((own, measure) => meanFigure(own.members[measure]), theirs?.members),
      },
      {
        label: `${name} ensemble`,
        cells: cells((own, measure) => ({ value: own.ensemble[measure] }), theirs?.ensemble),
      },
      { label: `${name}, centre of the breast`, cells: cells((own, measure) => ({ value: own.baseline[measure] })) },
      {
        label: `${name} ensemble less the centre`,
        cells: [...COLUMN_FINDINGS.map((finding) => cellOf(of(finding)?.gain, undefined)), {}, {}],
      },
    ];
  };
  return {
    number: 'Table V',
    caption: 'Weakly supervised segmentation by saliency',
    columns: ['DSC', 'PxAP'].flatMap((measure) => COLUMN_FINDINGS.map((finding) => `${measure}, ${finding}`)),
    rows: modalities.flatMap(rowsOf),
    remark:
      'Means over the images with a visible lesion of the label; ± standard deviation over the models of the ensemble. The centre of the breast is a baseline that the paper has not: a disc of the area of the lesion around the centroid of the breast, and for PxAP the pixels by their nearness to it; the difference of DSCs has a bootstrap interval over patients.',
  };
}

const meanFigure = ({ mean, deviation }: MeanOfMembers): TableFigure =>
  Number.isFinite(mean) ? { value: mean, ...(deviation === null ? {} : { deviation }) } : { value: null };
