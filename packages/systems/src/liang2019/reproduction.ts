/** The comparison of Liang et al. 2019: a run a backbone, with both baselines where it is AlexNet, and the figures of Tables II to IV. */
import { readFile } from 'node:fs/promises';
import type { PhantomPresetName } from '@mammoscope/phantom';
import { parse } from 'csv-parse/sync';
import { readPredictedCases } from '../reproduce/compared-cases.ts';
import { figuresFrom } from '../reproduce/published.ts';
import type {
  ComparedCases,
  ModelReference,
  PaperRow,
  Reproduction,
  VirtualCohort,
} from '../reproduce/reproduction.ts';
import { readRunRecord, runFiles } from '../run/run-record.ts';
import { PAIRED_MANIFEST, writePairedCohort, writeSpotCohort } from './cohort.ts';
import { randomModels } from './frozen-backbone.ts';
import { precisionAndConfidence } from './precision-and-confidence.ts';
import { BASELINES, type Backbone, SYSTEM } from './recipe.ts';
import { recipeOf } from './settings.ts';

/** Runs by the paper's names of backbones. */
const [ALEXNET, RESNET, DENSENET, SQUEEZENET] = ['alexnet', 'resnet', 'densenet', 'squeezenet'] as const;
const RUNS = [ALEXNET, RESNET, DENSENET, SQUEEZENET] as const;
type Run = (typeof RUNS)[number];

/** "ResNet" is of no depth there: 50 layers at full size, 18 in the smaller presets. */
const backbonesOf = (preset: string): Readonly<Record<Run, Backbone>> => ({
  alexnet: 'alexnet',
  resnet: preset === 'paper' ? 'resnet50' : 'resnet18',
  densenet: 'densenet121',
  squeezenet: 'squeezenet1_1',
});

const auc = figuresFrom(['auc']);
const row = (label: string, run: Run, model: string, published: PaperRow['published']): PaperRow => ({
  ...{ label, run, models: [model], published },
});

/** ACC, AUC, F1, precision and recall as Table IV prints them; its AP and AC are in a table of their own. */
const tableFour = (run: Run, model: string, ...[acc, area, f1, precision, recall]: readonly number[]): PaperRow => {
  const fractions = { accuracy: acc, auc: area, f1, ppv: precision, sensitivity: recall };
  const published = Object.fromEntries(
    Object.entries(fractions).map(([name, value]) => [name, { value: value ?? null }]),
  );
  return row(`${run}, ${model}`, run, model, published);
};

const model = (run: Run, name: string): ModelReference => ({ run, models: [name] });
const claim = (text: string, first: ModelReference, second: ModelReference) => ({ text, level: 'pair', first, second });

/** Affected breasts of women who all have a lesion, two views each; the paper had about 1400 pairs of 1124 patients. */
const BREASTS: Readonly<Record<string, { readonly patients: number; readonly preset: PhantomPresetName }>> = {
  paper: { patients: 700, preset: 'full' },
  small: { patients: 150, preset: 'small' },
};

/**
 * The preset tiny has spot views of masses: of whole breasts in its few pixels a network reads nothing of a lesion (AUC 0.5), and it is with masses,
 * which tissue hides in a mammogram, that a tomosynthesis has something to add; calcifications are the mammogram's.
 */
const SPOTS = { patients: 120, grid: { sizePx: 88, spacingMm: 0.34, slices: 12, sliceMm: 2 } } as const;

/** Benign and malignant lesions differ in every descriptor: what makes them hard to tell is how they are seen, and that differs by modality. */
const DIFFICULTY = 0;

/** The cohort of a preset that is made where the user gives no data. */
function pairedCohort(name: string, seed: number): VirtualCohort {
  const shared = { seed, difficulty: DIFFICULTY };
  const breasts = BREASTS[name];
  if (breasts) {
    const { patients, preset } = breasts;
    return {
      description: `${patients} virtual women with a benign or malignant lesion each, the affected breast as mammogram and tomosynthesis in two views, images of the phantom's preset ${preset}; difficulty ${DIFFICULTY}`,
      manifest: PAIRED_MANIFEST,
      write: (out, onPatient) => writePairedCohort({ ...shared, out, patients, preset, onPatient }),
    };
  }
  const { patients, grid } = SPOTS;
  return {
    description: `${patients} virtual women with a benign or malignant mass each, in spot views of ${Math.round(grid.sizePx * grid.spacingMm)} mm from two sides: mammograms of ${grid.sizePx} x ${grid.sizePx} pixels, tomosyntheses of ${grid.slices} slices; difficulty ${DIFFICULTY}`,
    manifest: PAIRED_MANIFEST,
    write: (out, onPatient) => writeSpotCohort({ ...shared, out, patients, grid, onPatient }),
  };
}

/** Behind the name of a model whose backbone had random weights. */
const RANDOM = 'random';

/** The pairs of an evaluation; models of random features are marked, and the ensemble calls by votes. */
async function pairsOf(evaluation: string): Promise<ComparedCases> {
  const record = await readRunRecord(evaluation);
  const random: readonly string[] = randomModels(recipeOf(record.recipe), record);
  const cases = await readPredictedCases(evaluation, 'pair');
  const predictions = await readFile(runFiles(evaluation).predictions, 'utf8');
  const called = (parse(predictions, { columns: true }) as Record<string, string>[]).map(
    ({ decision }) => decision !== record.classes[0],
  );
  const told = [...cases.models].map(([name, own]) => {
    const votes = name === 'ensemble' ? { called } : {};
    return [name, { ...own, ...votes, ...(random.includes(name) ? { remark: RANDOM } : {}) }] as const;
  });
  return { ...cases, models: new Map(told) };
}

/** The comparison of Liang et al. 2019. */
export const reproduction: Reproduction = {
  ...{ title: SYSTEM.title, citation: SYSTEM.citation, doi: SYSTEM.doi },
  cohort: pairedCohort,
  runs: (preset) =>
    RUNS.map((name) => ({
      name,
      networks: [backbonesOf(preset)[name]],
      settings: [`backbone=${backbonesOf(preset)[name]}`, `baselines=${name === ALEXNET ? BASELINES.join(',') : ''}`],
    })),
  cases: async (evaluation) => ({ pair: await pairsOf(evaluation) }),
  tables: [
    {
      ...{ number: 'Table II', caption: 'Ensemble results, backbone AlexNet', level: 'pair' },
      rows: [
        row('2D-T3-Alex, DM only', ALEXNET, '2d-t3-alex', auc([0.87])),
        row('3D-T2-Alex, DBT only', ALEXNET, '3d-t2-alex', auc([0.72])),
        row('Ours, DBT', ALEXNET, 'dbt', auc([0.89])),
        row('Ours, DM-DBT', ALEXNET, 'dm-dbt', auc([0.95])),
        row('Ours, ensemble', ALEXNET, 'ensemble', auc([0.97])),
      ],
    },
    {
      ...{ number: 'Table III', caption: 'The ensemble with each backbone', level: 'pair' },
      rows: [
        row('AlexNet', ALEXNET, 'ensemble', auc([0.97])),
        row('ResNet', RESNET, 'ensemble', auc([0.96])),
        row('DenseNet', DENSENET, 'ensemble', auc([0.97])),
        row('SqueezeNet', SQUEEZENET, 'ensemble', auc([0.97])),
      ],
    },
    {
      ...{
        number: 'Table IV',
        caption: 'A single modality against both',
        level: 'pair',
      },
      rows: [
        tableFour(ALEXNET, 'dm', 0.78, 0.87, 0.76, 0.87, 0.75),
        tableFour(RESNET, 'dm', 0.78, 0.87, 0.79, 0.75, 0.83),
        tableFour(DENSENET, 'dm', 0.79, 0.9, 0.8, 0.76, 0.83),
        tableFour(SQUEEZENET, 'dm', 0.78, 0.88, 0.78, 0.78, 0.79),
        tableFour(ALEXNET, 'dbt', 0.81, 0.89, 0.8, 0.84, 0.76),
        tableFour(RESNET, 'dbt', 0.79, 0.88, 0.79, 0.8, 0.78),
        tableFour(DENSENET, 'dbt', 0.85, 0.91, 0.85, 0.86, 0.84),
        tableFour(SQUEEZENET, 'dbt', 0.79, 0.89, 0.78, 0.85, 0.72),
        tableFour(ALEXNET, 'dm-dbt', 0.9, 0.95, 0.89, 0.91, 0.87),
        tableFour(RESNET, 'dm-dbt', 0.87, 0.94, 0.87, 0.82, 0.93),
        tableFour(DENSENET, 'dm-dbt', 0.91, 0.96, 0.91, 0.93, 0.89),
        tableFour(SQUEEZENET, 'dm-dbt', 0.9, 0.96, 0.91, 0.93, 0.88),
      ],
    },
  ],
  figureTables: async (repetitions, overlap) => [await precisionAndConfidence(repetitions, overlap)],
  claims: [
    ...RUNS.flatMap((run) => [
      claim(`${run}: both images are above the mammogram alone`, model(run, 'dm-dbt'), model(run, 'dm')),
      claim(`${run}: both images are above the tomosynthesis alone`, model(run, 'dm-dbt'), model(run, 'dbt')),
      claim(`${run}: the ensemble is above the joint classifier`, model(run, 'ensemble'), model(run, 'dm-dbt')),
    ]),
    claim('The dynamic image is above slices through 3D-T2-Alex', model(ALEXNET, 'dbt'), model(ALEXNET, '3d-t2-alex')),
    claim('The ensemble is above 2D-T3-Alex', model(ALEXNET, 'ensemble'), model(ALEXNET, '2d-t3-alex')),
  ],
  remarks: {
    [RANDOM]:
      'Figures of models marked random are of a backbone whose weights were drawn, since no file of weights was given: they say nothing of the method. Repeat with --weights alexnet=file and so on.',
  },
};
