/** Scored images for tests: ten women, of whom the first five have a malignant left breast and the last two a benign right one, by two modalities. */
import { mkdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type BoxPx,
  type Manifest,
  readManifest,
  writeManifest,
  writeNifti,
  writePng8,
  writePng16,
} from '@mammoscope/imaging';
import type { RunRecord } from '../run/run-record.ts';
import { type Evaluation, evaluation } from './evaluation.ts';
import { PRESETS } from './recipe.ts';
import {
  type ArchitectureScores,
  type MemberScores,
  meanScores,
  type ParkModality,
  type ScoredImage,
  type ScoredLesion,
} from './scored-cases.ts';

/** Of every image: a half disc on the left, in which a lesion of 12 x 12 px lies. */
export const [WIDTH, HEIGHT, SLICES] = [48, 64, 3];
export const LESION: BoxPx = [18, 34, 30, 46];
/** Cells of saliency are of 4 px. */
const [ROWS, COLUMNS] = [HEIGHT / 4, WIDTH / 4];

const inside = ([x1, y1, x2, y2]: BoxPx, x: number, y: number) => x >= x1 && x < x2 && y >= y1 && y < y2;

function breast(brightest: number): Float32Array {
  return Float32Array.from({ length: WIDTH * HEIGHT }, (_, at) => {
    const [x, y] = [at % WIDTH, Math.floor(at / WIDTH)];
    const isBreast = Math.hypot(x, y - HEIGHT / 2) < 30;
    return (isBreast ? 900 + ((7 * x + 13 * y) % 50) : 10 + ((x + y) % 3)) + (inside(LESION, x, y) ? brightest : 0);
  });
}

/** Files that all women share: images, a mask and maps that lie on the lesion, of the middle slice in a stack. */
export interface SharedFiles {
  readonly folder: string;
  readonly manifest: Manifest;
}

/** Writes them into a new folder. */
export async function writeSharedFiles(): Promise<SharedFiles> {
  const folder = await mkdtemp(join(tmpdir(), 'park2022-'));
  await mkdir(join(folder, 'dbt'));
  await writePng16(join(folder, 'dm.png'), breast(300), WIDTH, HEIGHT);
  for (let slice = 0; slice < SLICES; slice++)
    await writePng16(join(folder, 'dbt', `slice-${slice}.png`), breast(slice === 1 ? 300 : 0), WIDTH, HEIGHT);
  const mask = Float32Array.from({ length: WIDTH * HEIGHT }, (_, at) =>
    inside(LESION, at % WIDTH, Math.floor(at / WIDTH)) ? 255 : 0,
  );
  await writePng8(join(folder, 'mask.png'), mask, WIDTH, HEIGHT);
  for (const slices of [1, SLICES])
    for (const [name, largest] of [
      ['lesion', 0.8],
      ['nothing', 0],
    ] as const) {
      const data = new Float32Array(slices * ROWS * COLUMNS);
      for (let row = 0; row < ROWS; row++)
        for (let column = 0; column < COLUMNS; column++)
          if (inside(LESION, 4 * column + 2, 4 * row + 2))
            data[(Math.floor(slices / 2) * ROWS + row) * COLUMNS + column] = largest;
      await writeNifti(join(folder, `${name}-${slices}.nii.gz`), { data, columns: COLUMNS, rows: ROWS, slices });
    }
  const path = join(folder, 'manifest.csv');
  const row = { patientId: 'woman-0', label: 'normal', laterality: 'L', view: 'CC', line: 0, other: {} } as const;
  await writeManifest(path, [
    { ...row, path: 'dm.png', absolutePath: join(folder, 'dm.png'), modality: 'DM' },
    { ...row, path: 'dbt', absolutePath: join(folder, 'dbt'), modality: 'DBT' },
    {
      ...row,
      patientId: 'woman-1',
      label: 'malignant',
      path: 'mask.png',
      absolutePath: join(folder, 'mask.png'),
      modality: 'DM',
    },
  ]);
  return { folder, manifest: await readManifest(path, { classes: ['normal', 'malignant'] }) };
}

/** Scores that get `hard` of ten wrong: the larger, the more. */
function scoresOf(isMalignant: boolean, isBenign: boolean, woman: number, hard: number): ArchitectureScores {
  const p = (is: boolean, wrong: number) => 0.5 + (is === (woman * 7) % 10 >= wrong ? 0.3 : -0.2) + woman / 100;
  const of = (wrong: number) => ({ benign: p(isBenign, wrong + 2), malignant: p(isMalignant, wrong) });
  return { full: of(hard), global: of(hard + 2), local: of(hard + 1) };
}

/** The images of some modalities; with `folder` they have saliency maps of the shared files. */
export function scoredImages(modalities: readonly ParkModality[], folder = '/data', withMaps = false): ScoredImage[] {
  return modalities.flatMap((modality) =>
    Array.from({ length: 10 }, (_, woman) =>
      (['L', 'R'] as const).flatMap((laterality) =>
        (['CC', 'MLO'] as const).map((view): ScoredImage => {
          const labels = { malignant: woman < 5 && laterality === 'L', benign: woman >= 8 && laterality === 'R' };
          const path = modality === 'DBT' ? 'dbt' : 'dm.png';
          const slices = modality === 'DBT' ? SLICES : 1;
          const map = (finding: 'benign' | 'malignant') =>
            join(folder, `${labels[finding] ? 'lesion' : 'nothing'}-${slices}.nii.gz`);
          const member = (name: string, hard: number): MemberScores => ({
            member: `${modality.toLowerCase()}-${name}`,
            scores: scoresOf(labels.malignant, labels.benign, woman + (view === 'CC' ? 0 : 1), hard),
            patches: [
              { slice: slices - 1, box: [0, 0, 12, 12], attention: 0.25 },
              { slice: Math.floor(slices / 2), box: LESION, attention: 0.75 },
            ],
            ...(withMaps ? { saliency: { benign: map('benign'), malignant: map('malignant') } } : {}),
          });
          const members = [member('trial-01', modality === 'DBT' ? 0 : 1), member('trial-02', 1)];
          const finding = labels.malignant ? 'malignant' : 'benign';
          const lesion: ScoredLesion = {
            finding,
            box: LESION,
            mask: join(folder, 'mask.png'),
            sliceFirst: 1,
            sliceLast: 1,
          };
          return {
            ...{ patientId: `woman-${woman}`, laterality, view, modality, path, labels },
            absolutePath: join(folder, path),
            ...{ widthPx: WIDTH, heightPx: HEIGHT },
            lesions: labels.malignant || labels.benign ? [lesion] : [],
            grid: { box: [0, 0, WIDTH, HEIGHT], rows: ROWS, columns: COLUMNS, slices },
            members,
            ensemble: { member: 'ensemble', scores: meanScores(members.map(({ scores }) => scores)), patches: [] },
          };
        }),
      ),
    ).flat(),
  );
}

/** The evaluation of FFDM and DBT, with saliency maps, by cut-offs of validation images that are the same. */
export const fixtureEvaluation = ({ folder, manifest }: SharedFiles): Promise<Evaluation> =>
  evaluation({
    ...{ record: fixtureRecord(manifest), manifest, cutoffFrom: 'validation' },
    recipe: { ...PRESETS.tiny, modalities: ['DM', 'DBT'] },
    scored: { dataset: 'test split', images: scoredImages(['DM', 'DBT'], folder, true), exclusions: [] },
    validation: scoredImages(['DM', 'DBT']),
  });

/** The record of a run that never was; its last trial is in no ensemble. */
const fixtureRecord = (manifest: Manifest): RunRecord => ({
  format: 'mammoscope-run-1',
  ...{ system: 'park2022', preset: 'tiny', command: 'mammoscope train park2022 --data manifest.csv', seed: 3 },
  classes: ['normal', 'benign', 'malignant'],
  recipe: { ...PRESETS.tiny },
  ...{ device: 'cpu', threads: 1, versions: { mammoscope: '0.1.0' }, weights: {}, exclusions: [], lowerings: {} },
  manifest: { name: 'manifest.csv', sha256: manifest.sha256 },
  rows: [{ path: 'dm.png', patientId: 'woman-0', label: 'normal', split: 'test' }],
  members: ['dm-birads', 'dm-trial-01', 'dm-trial-02', 'dbt-trial-01', 'dbt-trial-02', 'dbt-trial-03'],
});
