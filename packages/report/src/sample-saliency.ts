/** Tables and examples of a run that never was, for tests and for looking at the report. */
import type { FigureTable, ReportData } from './report-data.ts';

const svgUri = (width: number, height: number, content: string) =>
  `data:image/svg+xml;base64,${Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${content}</svg>`).toString('base64')}`;

const SLICES = 12;
const [WIDTH, HEIGHT] = [420, 220];

/** A dot that grows and shrinks over the slices of a half disc. */
const slicesUri = svgUri(
  WIDTH,
  HEIGHT * SLICES,
  Array.from({ length: SLICES }, (_, i) => {
    const breast = (x: number) => `<circle cx="${x}" cy="${HEIGHT * (i + 0.5)}" r="100" fill="#777"/>`;
    const radius = Math.max(0, 12 - 3 * Math.abs(i - 7));
    const dot = (x: number, colour: string) =>
      `<circle cx="${x}" cy="${HEIGHT * i + 90}" r="${radius}" fill="${colour}"/>`;
    return `${breast(0)}${breast(140)}${breast(280)}${dot(50, '#fff')}${dot(190, '#0a0')}${dot(330, '#d00')}`;
  }).join(''),
);
const panelUri = (colour: string) =>
  svgUri(
    140,
    HEIGHT,
    `<rect width="140" height="220"/><circle cx="0" cy="110" r="100" fill="#777"/><circle cx="50" cy="90" r="12" fill="${colour}"/>`,
  );

const panels = [
  { caption: 'image, slice 8 of 12', dataUri: panelUri('#fff') },
  { caption: '6 patches of all slices', dataUri: panelUri('#48f') },
  { caption: 'benign: saliency up to 0.21; p 0.104', dataUri: panelUri('#0a0') },
  { caption: 'malignant: saliency up to 0.84; p 0.812', dataUri: panelUri('#d00') },
];

const table: FigureTable = {
  number: 'Table II',
  caption: 'Breast-wise AUC',
  columns: ['global module, malignant', 'full, malignant', 'DSC, malignant'],
  rows: [
    {
      label: 'FFDM',
      detail: '60 breasts, 12 malignant',
      cells: [
        { here: { value: 0.812, interval: [0.7, 0.9] }, published: { value: 0.802, interval: [0.734, 0.864] } },
        { here: { value: null, undefinedReason: 'there is no positive case' } },
        { here: { value: 0.193, deviation: 0.019 } },
      ],
    },
    { label: 'DBT', cells: [{ published: { value: -0.005, interval: [-0.02, 0.04] } }, {}, {}] },
  ],
  remark: '95 % intervals: 1,000 bootstrap resamples of patients.',
};

/** What SAMPLE_REPORT has of a system that makes saliency maps of volumes. */
export const SAMPLE_SALIENCY: Required<Pick<ReportData, 'tables' | 'saliency'>> = {
  tables: [table],
  saliency: [
    {
      title: 'The surest malignant breast',
      text: 'Patient woman-0007, left, CC.',
      rows: [
        { name: 'FFDM', panels: panels.map(({ caption, ...panel }) => ({ ...panel, caption: `FFDM ${caption}` })) },
        {
          name: 'DBT',
          panels,
          film: {
            slices: SLICES,
            widthPx: WIDTH,
            heightPx: HEIGHT,
            dataUri: slicesUri,
            columns: ['slice and patches', 'benign', 'malignant'],
            marked: [
              { slice: 8, reason: 'highest saliency' },
              { slice: 9, reason: 'patch, attention 0.31' },
            ],
          },
        },
      ],
    },
  ],
};
