/** The comparison of Park et al. 2022: all modalities and their combinations, the ablations, and the figures that were published. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FigureTable } from '@mammoscope/report';
import { parse } from 'csv-parse/sync';
import { SEVERAL_REPETITIONS } from '../reproduce/figures.ts';
import type {
  ComparedCases,
  EvaluatedRepetition,
  ModelReference,
  PaperClaim,
  PlannedRun,
  Reproduction,
} from '../reproduce/reproduction.ts';
import { writePhantomCohort } from '../virtual-cohort/women.ts';
import { combinationName, MODALITY_NAMES } from './evaluated-units.ts';
import { type PublishedRows, TABLE_6, TABLE_7 } from './published.ts';
import { SYSTEM } from './recipe.ts';
import { scoreColumn } from './results.ts';
import { FINDINGS, type Finding, modalityCombinations, PARK_MODALITIES, type ParkModality } from './scored-cases.ts';
import { meanMetrics, readTabledMetrics, type TabledMetrics } from './tabled-metrics.ts';
import { BOOTSTRAP, cellOf, classificationTables, counted, publishedKey, segmentationTable } from './tables.ts';
import { isTrial } from './trials.ts';

/** Everything of tables II to V. */
const RUN = 'comparison';
/** "when using the same number of patches" */
const SAME_PATCHES = 'same-patches';
/** zeta as --set takes it, and the run of each; the rest is as in table VI. */
const ZETAS = ['0', '5', '10', 'all'] as const;
const zetaRun = (zeta: (typeof ZETAS)[number]) => `zeta-${zeta}`;
/** f_n and first values of the original GMIC. */
const SIGMOID = 'sigmoid';

/** K of table VI, and the models of each setting: "We train three models for each setting and show ensemble performances". */
const ABLATED: Readonly<Record<string, { readonly patches: number; readonly models: number }>> = {
  paper: { patches: 8, models: 3 },
  small: { patches: 8, models: 3 },
  tiny: { patches: 4, models: 1 },
};

function runsOf(preset: string): PlannedRun[] {
  const { patches, models } = ABLATED[preset] ?? (ABLATED.tiny as (typeof ABLATED)[string]);
  const ablated = [`patches=${patches}`, `volumePatches=${patches}`, `trials=${models}`, `ensemble=${models}`];
  const ofVolumes = [...ablated, 'modalities=DBT'];
  return [
    { name: RUN, settings: [] },
    { name: SAME_PATCHES, settings: ablated },
    ...ZETAS.map((zeta) => ({ name: zetaRun(zeta), settings: [...ofVolumes, `zeta=${zeta}`] })),
    { name: SIGMOID, settings: [...ofVolumes, 'zeta=10', 'nonlinearity=sigmoid', 'initialisation=random'] },
  ];
}

/** Women who are screened, the affected ones far oftener than in life. */
const COHORTS = {
  paper: { patients: 300, preset: 'full' },
  small: { patients: 150, preset: 'small' },
  tiny: { patients: 90, preset: 'tiny' },
} as const;

/** See the comparison of Xiao et al. */
const DIFFICULTY = 0.25;

const levelOf = (finding: Finding) => `breast, ${finding}`;
const isPreset = (preset: string): preset is keyof typeof COHORTS => Object.hasOwn(COHORTS, preset);

/** Breasts that every combination of an evaluation has scored, with its columns as models: 'DBT', and 'DBT, global module'. */
async function readBreasts(evaluation: string): Promise<Record<string, ComparedCases>> {
  const rows = parse(await readFile(join(evaluation, 'breasts.csv'), 'utf8'), { columns: true }) as Record<
    string,
    string
  >[];
  const columns = Object.keys(rows[0] ?? {});
  const compared = FINDINGS.map((finding) => {
    const models = modalityCombinations(PARK_MODALITIES).flatMap((modalities) =>
      (['full', 'global'] as const).flatMap((architecture) => {
        const column = scoreColumn(modalities, finding, architecture);
        return columns.includes(column) ? [{ name: modelName(modalities, architecture), column }] : [];
      }),
    );
    const complete = rows.filter((row) => models.every(({ column }) => row[column] !== ''));
    const cases: ComparedCases = {
      case: 'breast',
      patients: complete.map((row) => row.patient_id ?? ''),
      positive: complete.map((row) => row[finding] === '1'),
      models: new Map(
        models.map(({ name, column }) => [
          name,
          { scores: complete.map((row) => Number(row[column])), cutoff: Number.POSITIVE_INFINITY },
        ]),
      ),
    };
    return [levelOf(finding), cases] as const;
  });
  return Object.fromEntries(compared.toReversed()); // malignant first
}

const modelName = (modalities: readonly ParkModality[], architecture: 'full' | 'global') =>
  `${combinationName(modalities)}${architecture === 'global' ? ', global module' : ''}`;

const model = (
  run: string,
  modalities: readonly ParkModality[],
  architecture: 'full' | 'global' = 'full',
): ModelReference => ({
  run,
  models: [modelName(modalities, architecture)],
});
const claim = (
  text: string,
  first: ModelReference,
  second: ModelReference,
  finding: Finding = 'malignant',
): PaperClaim => ({
  ...{ text, first, second },
  level: levelOf(finding),
});

const DBT: readonly ParkModality[] = ['DBT'];

/** Tables VI and VII, and the ablation of section V-B. */
function ablationTables(runs: ReadonlyMap<string, TabledMetrics>, intervals: string): FigureTable[] {
  const breastsOf = (run: string, modality: ParkModality) =>
    runs.get(run)?.breasts.find(({ modalities }) => publishedKey(modalities) === modality);
  const row = (
    label: string,
    run: string,
    modality: ParkModality,
    findings: readonly Finding[],
    published?: PublishedRows[string],
  ) => {
    const own = breastsOf(run, modality);
    return {
      label,
      ...(own ? { detail: counted(own, 'breast') } : {}),
      cells: findings.map((finding, i) => cellOf(own?.measured.full[finding].auc, published?.[i])),
    };
  };
  const saliency = (run: string) =>
    runs.get(run)?.segmentation.find(({ modality, finding }) => modality === 'DBT' && finding === 'malignant');
  const both: readonly Finding[] = ['malignant', 'benign'];
  return [
    {
      number: 'Table VI',
      caption: 'Breast-wise AUC with the same number of patches in every modality',
      columns: ['AUC, malignant', 'AUC, benign'],
      rows: PARK_MODALITIES.map((each) => row(MODALITY_NAMES[each], SAME_PATCHES, each, both, TABLE_6[each])),
      remark: intervals,
    },
    {
      number: 'Table VII',
      caption: 'Breast-wise AUC by the half-width of slice-wise sampling',
      columns: ['AUC, malignant'],
      rows: ZETAS.map((zeta) =>
        row(`ζ = ${zeta === 'all' ? '∞' : zeta}`, zetaRun(zeta), 'DBT', ['malignant'], TABLE_7[zeta]),
      ),
      remark: intervals,
    },
    {
      number: 'Section V-B',
      caption: 'Nonlinearity and first values of the layer that makes saliency maps of DBT',
      columns: ['AUC, malignant', 'AUC, benign', 'DSC, malignant', 'DSC of the centre of the breast'],
      rows: (
        [
          ['ReLU(tanh), constant', zetaRun('10')],
          ['sigmoid, random', SIGMOID],
        ] as const
      ).map(([label, run]) => {
        const own = saliency(run);
        const found = row(label, run, 'DBT', both);
        const dsc = [own?.ensemble.dsc, own?.baseline.dsc].map((value) =>
          cellOf(value === undefined ? undefined : { value }),
        );
        return { ...found, cells: [...found.cells, ...dsc] };
      }),
      remark: `The paper shows maps of both (figure 3) and prints no figure. ${intervals}`,
    },
  ];
}

/** Tables II to VII. */
async function figureTables(repetitions: readonly EvaluatedRepetition[], overlap: number): Promise<FigureTable[]> {
  const runs = new Map<string, TabledMetrics>();
  for (const name of Object.keys(repetitions[0]?.runs ?? {})) {
    const all = await Promise.all(repetitions.map(({ runs: folders }) => readTabledMetrics(folders[name] as string)));
    runs.set(name, meanMetrics(all, overlap));
  }
  const intervals = repetitions.length > 1 ? `Intervals: ${SEVERAL_REPETITIONS}.` : BOOTSTRAP;
  const found = runs.get(RUN);
  if (!found) return ablationTables(runs, intervals);
  const options = { published: true, intervals };
  return [
    ...classificationTables(found, options),
    ...(found.segmentation.length > 0 ? [segmentationTable(found.segmentation, options)] : []),
    ...ablationTables(runs, intervals),
  ];
}

/** The comparison of Park et al. 2022. */
export const reproduction: Reproduction = {
  ...{ title: SYSTEM.title, citation: SYSTEM.citation, doi: SYSTEM.doi },
  cohort: (name, seed) => {
    const { patients, preset } = COHORTS[isPreset(name) ? name : 'tiny'];
    return {
      description: `${patients} virtual women, both breasts in two views as mammogram, tomosynthesis and synthetic 2D view, a third with a malignant lesion and a third with a benign one, images of the phantom's preset ${preset}; difficulty ${DIFFICULTY}`,
      manifest: 'manifest.csv',
      write: (out, onPatient) =>
        writePhantomCohort({
          ...{ out, patients, preset, seed, difficulty: DIFFICULTY, screening: true },
          onBreast: (done, total) => onPatient(done >> 1, total >> 1),
        }),
    };
  },
  runs: runsOf,
  cases: readBreasts,
  lastFile: (member) => (isTrial(member) ? 'outcome' : 'history'),
  tables: [],
  figureTables,
  claims: [
    ...modalityCombinations(PARK_MODALITIES).flatMap((modalities) =>
      [1, PARK_MODALITIES.length].includes(modalities.length)
        ? [
            claim(
              `${combinationName(modalities)}: global and local module together are above the global module alone`,
              model(RUN, modalities),
              model(RUN, modalities, 'global'),
            ),
          ]
        : [],
    ),
    claim('All 3 modalities are above DBT alone', model(RUN, PARK_MODALITIES), model(RUN, DBT)),
    claim('All 3 modalities are above FFDM alone', model(RUN, PARK_MODALITIES), model(RUN, ['DM'])),
    claim('DBT is above FFDM', model(RUN, DBT), model(RUN, ['DM'])),
    claim('With the same number of patches DBT is above FFDM', model(SAME_PATCHES, DBT), model(SAME_PATCHES, ['DM'])),
    ...(['0', '5', 'all'] as const).map((zeta) =>
      claim(
        `ζ = ${zeta === 'all' ? '∞' : zeta} is above ζ = 10 (which the paper finds of ζ = 5 alone)`,
        model(zetaRun(zeta), DBT),
        model(zetaRun('10'), DBT),
      ),
    ),
    claim(
      'ReLU(tanh) with constant first values is above the sigmoid with random ones',
      model(zetaRun('10'), DBT),
      model(SIGMOID, DBT),
    ),
  ],
};
