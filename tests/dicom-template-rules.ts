/**
 * Templates of mammography CAD and of measurement reports as rules: PS3.16 TID 1204, 4000 to 4006, 4010, 4015 to 4021, 4023, 4108, and 1500 with 1002, 1004,
 * 1410, 1419 and 1600. Written from the tables of PS3.16, 2024 and 2026 editions; codes are spelled out here and not taken from the sources.
 */
import { ANY, type Item, ONE, OPTIONAL, type Row, required, SOME, type Templates } from './dicom-content-rules.ts';

const INTENTS = ['DCM 111150', 'DCM 111151', 'DCM 111152'];
const SIDES = ['SCT 80248007', 'SCT 73056007', 'SCT 63762007'];
const VIEWS = ['SCT 399162004', 'SCT 399368009'];
const SINGLE_FINDINGS = ['SCT 129793001', 'SCT 129769006', 'SCT 129792006'];
const COMPOSITE_FEATURES = ['SCT 129788004', 'SCT 129769006', 'SCT 129792006'];
const STATUS = ['DCM 111222', 'DCM 111223', 'DCM 111224', 'DCM 111225'];
const PERCENT = ['UCUM %'];

const percentage = ({ value }: Item) =>
  Number(value) >= 0 && Number(value) <= 100 ? undefined : `${value} is no percentage`;
const whole = ({ value }: Item) => (/^\d+$/.test(value) ? undefined : `${value} is no integer`);
const closed = ({ numbers }: Item) =>
  numbers.length >= 6 && numbers[0] === numbers.at(-2) && numbers[1] === numbers.at(-1)
    ? undefined
    : 'the outline is open';

/** TID 1204. */
const language: Row = {
  relationship: 'HAS CONCEPT MOD',
  valueType: 'CODE',
  concept: 'DCM 121049',
  count: ONE,
  codes: ['RFC5646 en'],
};

/** TID 4019. */
const algorithm = (relationship: string): readonly Row[] => [
  { relationship, valueType: 'TEXT', concept: 'DCM 111001', count: ONE },
  { relationship, valueType: 'TEXT', concept: 'DCM 111003', count: ONE },
  { relationship, valueType: 'TEXT', concept: 'DCM 111002', count: ANY },
];

/** TID 4108. */
const tracking: readonly Row[] = [
  { relationship: 'HAS OBS CONTEXT', valueType: 'TEXT', concept: 'DCM 112039', count: OPTIONAL },
  { relationship: 'HAS OBS CONTEXT', valueType: 'UIDREF', concept: 'DCM 112040', count: ONE },
];

/** TID 4020, rows 2 to 12: the images of the test have all of them, but for PatientOrientation, which volumes lack. */
const libraryEntry = ({ children }: Item): readonly Row[] => {
  const acquired = (valueType: string, concept: string, more: Partial<Row> = {}): Row => ({
    relationship: 'HAS ACQ CONTEXT',
    valueType,
    concept,
    count: ONE,
    ...more,
  });
  const hasOrientation = children.some(({ concept }) => concept === 'DCM 111044');
  return [
    acquired('CODE', 'DCM 111027', { codes: SIDES }),
    acquired('CODE', 'DCM 111031', { codes: VIEWS }),
    acquired('TEXT', 'DCM 111044', { count: required(hasOrientation) }),
    acquired('TEXT', 'DCM 111043', { count: required(hasOrientation) }),
    acquired('DATE', 'DCM 111060'),
    acquired('TIME', 'DCM 111061'),
    acquired('DATE', 'DCM 111018'),
    acquired('TIME', 'DCM 111019'),
    acquired('NUM', 'DCM 111026', { codes: ['UCUM mm', 'UCUM um'] }),
    acquired('NUM', 'DCM 111066', { codes: ['UCUM mm', 'UCUM um'] }),
  ];
};

/** TID 4021. */
const geometry: readonly Row[] = [
  ['DCM 111010', 'POINT', ONE, ({ numbers }: Item) => (numbers.length === 2 ? undefined : 'no single point')] as const,
  ['DCM 111041', 'POLYLINE', OPTIONAL, closed] as const,
].map(([concept, graphic, count, holds]) => ({
  relationship: 'HAS PROPERTIES',
  valueType: 'SCOORD',
  concept,
  graphic,
  count,
  holds,
  rows: () => [{ relationship: 'SELECTED FROM', valueType: 'IMAGE', count: ONE, isReference: true }],
}));

/** TID 4006. */
const singleImageFinding = (relationship: string, count: Row['count']): Row => ({
  relationship,
  valueType: 'CODE',
  concept: 'DCM 111059',
  count,
  codes: SINGLE_FINDINGS,
  rows: ({ code }) => [
    {
      relationship: 'HAS CONCEPT MOD',
      valueType: 'CODE',
      concept: 'DCM 111056',
      count: ONE,
      codes: INTENTS,
      rows: (intent) => [
        {
          relationship: 'HAS PROPERTIES',
          valueType: 'NUM',
          concept: 'DCM 111071',
          count: required(intent.code === 'DCM 111151'),
          codes: ['UCUM {1:1}'],
          holds: whole,
        },
      ],
    },
    ...tracking,
    ...algorithm('HAS PROPERTIES'),
    {
      relationship: 'HAS PROPERTIES',
      valueType: 'NUM',
      concept: 'DCM 111047',
      count: OPTIONAL,
      codes: PERCENT,
      holds: percentage,
    },
    ...geometry,
    // TID 4010
    ...(code === 'SCT 129769006'
      ? [
          {
            relationship: 'HAS PROPERTIES',
            valueType: 'NUM',
            concept: 'DCM 111038',
            count: OPTIONAL,
            codes: ['UCUM 1'],
            holds: whole,
          },
        ]
      : []),
  ],
});

/** TID 4004 and 4005. */
const compositeFeature: Row = {
  relationship: 'CONTAINS',
  valueType: 'CODE',
  concept: 'DCM 111015',
  count: ANY,
  codes: COMPOSITE_FEATURES,
  rows: () => [
    { relationship: 'HAS CONCEPT MOD', valueType: 'CODE', concept: 'DCM 111056', count: ONE, codes: INTENTS },
    ...tracking,
    {
      relationship: 'HAS PROPERTIES',
      valueType: 'CODE',
      concept: 'DCM 111016',
      count: ONE,
      codes: ['DCM 111153', 'DCM 111154', 'DCM 111155'],
    },
    {
      relationship: 'HAS PROPERTIES',
      valueType: 'CODE',
      concept: 'DCM 111057',
      count: ONE,
      codes: ['DCM 111156', 'DCM 111157', 'DCM 111158', 'DCM 111159'],
    },
    ...algorithm('HAS PROPERTIES'),
    {
      relationship: 'HAS PROPERTIES',
      valueType: 'NUM',
      concept: 'DCM 111047',
      count: OPTIONAL,
      codes: PERCENT,
      holds: percentage,
    },
    singleImageFinding('INFERRED FROM', [2, Infinity]),
  ],
};

/** TID 4003. */
const individualImpression: Row = {
  relationship: 'INFERRED FROM',
  valueType: 'CONTAINER',
  concept: 'DCM 111034',
  count: ANY,
  holds: ({ children }) => (children.length > 1 ? undefined : 'neither a composite feature nor a finding'),
  rows: () => [
    { relationship: 'HAS CONCEPT MOD', valueType: 'CODE', concept: 'DCM 111056', count: ONE, codes: INTENTS },
    compositeFeature,
    singleImageFinding('CONTAINS', ANY),
  ],
};

/** TID 4001, with the words of TID 4002. */
const findingsSummary: Row = {
  relationship: 'CONTAINS',
  valueType: 'CODE',
  concept: 'DCM 111017',
  count: ONE,
  codes: ['DCM 111241', 'DCM 111242', 'DCM 111243', 'DCM 111244', 'DCM 111245'],
  holds: ({ code, children }) => {
    const hasFindings = children.some(({ concept }) => concept === 'DCM 111034');
    return hasFindings === ['DCM 111242', 'DCM 111244'].includes(code)
      ? undefined
      : 'findings and their summary disagree';
  },
  rows: () => [
    { relationship: 'HAS PROPERTIES', valueType: 'TEXT', concept: 'DCM 111033', count: ONE },
    ...algorithm('HAS PROPERTIES'),
    individualImpression,
  ],
};

/** TID 4023. */
const operatingPoints: readonly Row[] = [
  {
    relationship: 'HAS PROPERTIES',
    valueType: 'NUM',
    concept: 'DCM 111072',
    count: OPTIONAL,
    codes: ["UCUM [arb'U]"],
    holds: whole,
  },
  {
    relationship: 'HAS PROPERTIES',
    valueType: 'NUM',
    concept: 'DCM 111092',
    count: OPTIONAL,
    codes: ['UCUM {0:1}'],
    holds: whole,
  },
  {
    relationship: 'HAS PROPERTIES',
    valueType: 'CONTAINER',
    concept: 'DCM 111093',
    count: OPTIONAL,
    holds: ({ children }, parent) => {
      const most = Number(parent.children.find(({ concept }) => concept === 'DCM 111072')?.value);
      const points = children.filter(({ concept }) => concept === 'DCM 111071').map(({ value }) => value);
      return points.length === most + 1 && new Set(points).size === points.length
        ? undefined
        : 'points and their maximum disagree';
    },
    rows: ({ children }) => {
      const axis = (concept: string) => children.find((child) => child.concept === concept)?.code ?? '';
      const [x, y] = [axis('DCM 122698'), axis('DCM 122699')];
      const AXES = ['DCM 111086', 'DCM 111087', 'DCM 111088', 'DCM 111089', 'DCM 111090', 'DCM 111091'];
      return [
        { relationship: 'CONTAINS', valueType: 'CODE', concept: 'DCM 122698', count: ONE, codes: AXES },
        { relationship: 'CONTAINS', valueType: 'CODE', concept: 'DCM 122699', count: ONE, codes: AXES },
        {
          relationship: 'CONTAINS',
          valueType: 'NUM',
          concept: 'DCM 111071',
          count: SOME,
          codes: ['UCUM {0:1}'],
          holds: whole,
          rows: () => [
            { relationship: 'HAS PROPERTIES', valueType: 'TEXT', concept: 'DCM 111081', count: OPTIONAL },
            { relationship: 'HAS PROPERTIES', valueType: 'NUM', concept: x, count: OPTIONAL },
            { relationship: 'HAS PROPERTIES', valueType: 'NUM', concept: y, count: OPTIONAL },
          ],
        },
      ];
    },
  },
];

/** TID 4015 with 4017, and TID 4016 with 4018: what succeeded stands under one heading, what failed under another. */
const summary = (
  concept: string,
  successful: string,
  failed: string,
  performed: string,
  codes: readonly string[],
): Row => ({
  relationship: 'CONTAINS',
  valueType: 'CODE',
  concept,
  count: ONE,
  codes: STATUS,
  rows: ({ code }) =>
    (
      [
        [successful, ['DCM 111222', 'DCM 111223']],
        [failed, ['DCM 111224', 'DCM 111223']],
      ] as const
    ).map(([heading, when]) => ({
      relationship: 'INFERRED FROM',
      valueType: 'CONTAINER',
      concept: heading,
      count: required(when.some((status) => status === code)),
      rows: () => [
        {
          relationship: 'CONTAINS',
          valueType: 'CODE',
          concept: performed,
          count: SOME,
          codes,
          rows: () => [
            ...algorithm('HAS PROPERTIES'),
            { relationship: 'HAS PROPERTIES', valueType: 'IMAGE', count: SOME, isReference: true },
            ...operatingPoints,
          ],
        },
      ],
    })),
});

/** TID 4000. */
const mammographyCad: readonly Row[] = [
  language,
  {
    relationship: 'CONTAINS',
    valueType: 'CONTAINER',
    concept: 'DCM 111028',
    count: ONE,
    rows: () => [{ relationship: 'CONTAINS', valueType: 'IMAGE', count: SOME, rows: libraryEntry }],
  },
  findingsSummary,
  summary('DCM 111064', 'DCM 111063', 'DCM 111025', 'DCM 111022', SINGLE_FINDINGS),
  summary('DCM 111065', 'DCM 111062', 'DCM 111024', 'DCM 111004', ['DCM 111233', 'SCT 133884007']),
];

/** TID 1410 with the measurements of TID 1419. */
const measurementGroup: Row = {
  relationship: 'CONTAINS',
  valueType: 'CONTAINER',
  concept: 'DCM 125007',
  count: ANY,
  rows: () => [
    { relationship: 'HAS OBS CONTEXT', valueType: 'TEXT', concept: 'DCM 112039', count: ONE },
    { relationship: 'HAS OBS CONTEXT', valueType: 'UIDREF', concept: 'DCM 112040', count: ONE },
    { relationship: 'CONTAINS', valueType: 'CODE', concept: 'DCM 121071', count: OPTIONAL },
    {
      relationship: 'CONTAINS',
      valueType: 'SCOORD',
      concept: 'DCM 111030',
      count: ONE,
      rows: () => [{ relationship: 'SELECTED FROM', valueType: 'IMAGE', count: ONE }],
    },
    {
      relationship: 'HAS CONCEPT MOD',
      valueType: 'CODE',
      concept: 'SCT 363698007',
      count: OPTIONAL,
      codes: ['SCT 76752008'],
      rows: () => [
        {
          relationship: 'HAS CONCEPT MOD',
          valueType: 'CODE',
          concept: 'SCT 272741003',
          count: OPTIONAL,
          codes: ['SCT 7771000', 'SCT 24028007'],
        },
      ],
    },
    {
      relationship: 'CONTAINS',
      valueType: 'NUM',
      concept: 'DCM 111047',
      count: SOME,
      codes: PERCENT,
      holds: percentage,
      rows: () => algorithm('HAS CONCEPT MOD'),
    },
  ],
};

/** TID 1500 with 1002 and 1004 of a device, and 1600. */
const measurementReport: readonly Row[] = [
  language,
  { relationship: 'HAS OBS CONTEXT', valueType: 'CODE', concept: 'DCM 121005', count: ONE, codes: ['DCM 121007'] },
  { relationship: 'HAS OBS CONTEXT', valueType: 'UIDREF', concept: 'DCM 121012', count: ONE },
  ...['DCM 121013', 'DCM 121014', 'DCM 121015', 'DCM 121016'].map((concept) => ({
    relationship: 'HAS OBS CONTEXT',
    valueType: 'TEXT',
    concept,
    count: OPTIONAL,
  })),
  { relationship: 'HAS CONCEPT MOD', valueType: 'CODE', concept: 'DCM 121058', count: SOME, codes: ['SCT 71651007'] },
  {
    relationship: 'CONTAINS',
    valueType: 'CONTAINER',
    concept: 'DCM 111028',
    count: OPTIONAL,
    rows: () => [
      {
        relationship: 'CONTAINS',
        valueType: 'CONTAINER',
        concept: 'DCM 126200',
        count: SOME,
        rows: () => [{ relationship: 'CONTAINS', valueType: 'IMAGE', count: SOME }],
      },
    ],
  },
  {
    relationship: 'CONTAINS',
    valueType: 'CONTAINER',
    concept: 'DCM 126010',
    count: ONE,
    rows: () => [measurementGroup],
  },
];

/** The templates that reports begin with. */
export const TEMPLATES: Templates = {
  'DCMR 4000': { concept: 'DCM 111036', rows: mammographyCad },
  'DCMR 1500': { concept: 'DCM 126000', rows: measurementReport },
};
