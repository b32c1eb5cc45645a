/** A cohort of small made-up breasts for tests: half ellipses with a bright disc where a finding is malignant and a dim one where it is benign. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { writeAside } from '@mammoscope/files';
import { type CsvCells, formatCsv, writeNpy16, writePng16 } from '@mammoscope/imaging';
import { RandomStream } from '@mammoscope/random';

export const FIXTURE_ROWS = 64;
export const FIXTURE_COLUMNS = 48;

/** What a breast shows, and how it is stored. */
export interface FixtureBreast {
  readonly label: 'normal' | 'benign' | 'malignant';
  readonly side: 'L' | 'R';
  readonly slices: number;
  readonly seed: number;
}

/** Where the finding is: its middle in an image stored with the chest wall on the left, its radius, and the slice that shows it. */
export const FINDING = { x: 18, y: 34, radiusPx: 8 } as const;

/** The slices of a breast one after the other, 16 bits. */
export function fixtureVolume({ label, side, slices, seed }: FixtureBreast): Float32Array {
  const random = new RandomStream(seed, 'fixture');
  const data = new Float32Array(slices * FIXTURE_ROWS * FIXTURE_COLUMNS);
  const middle = Math.floor(slices / 2);
  for (let slice = 0, at = 0; slice < slices; slice++)
    for (let y = 0; y < FIXTURE_ROWS; y++)
      for (let column = 0; column < FIXTURE_COLUMNS; column++, at++) {
        const x = side === 'L' ? column : FIXTURE_COLUMNS - 1 - column;
        if ((x / 38) ** 2 + ((y - 32) / 28) ** 2 > 1) continue;
        const isInside = Math.hypot(x - FINDING.x, y - FINDING.y) <= FINDING.radiusPx && slice === middle;
        const finding = !isInside || label === 'normal' ? 0 : label === 'malignant' ? 30000 : 9000;
        data[at] = Math.round(20000 + random.uniform(-2000, 2000) + finding);
      }
  return data;
}

/** Writes women with two breasts in two views and three modalities, and their manifest, whose path it returns: of six in a row two are malignant, two benign, two normal on the left; right breasts are normal. */
export async function writeFixtureCohort(folder: string, women: number, slices = 3): Promise<string> {
  await mkdir(join(folder, 'images'), { recursive: true });
  const rows: CsvCells[] = [];
  const labels = ['malignant', 'normal', 'benign'] as const;
  for (let woman = 0; woman < women; woman++)
    for (const side of ['L', 'R'] as const)
      for (const view of ['CC', 'MLO'] as const) {
        const label = side === 'L' ? (labels[woman % 3] as (typeof labels)[number]) : 'normal';
        const seed = 1000 * woman + (side === 'L' ? 0 : 10) + (view === 'CC' ? 0 : 1);
        const name = `images/${woman}-${side}-${view}`;
        const volume = fixtureVolume({ label, side, slices, seed });
        await writeNpy16(join(folder, `${name}.npy`), volume, [slices, FIXTURE_ROWS, FIXTURE_COLUMNS]);
        for (const modality of ['DM', 'SYNTHETIC2D'] as const)
          await writePng16(
            join(folder, `${name}-${modality}.png`),
            fixtureVolume({ label, side, slices: 1, seed: seed + (modality === 'DM' ? 100 : 200) }),
            FIXTURE_COLUMNS,
            FIXTURE_ROWS,
          );
        const [x1, x2] = [FINDING.x - FINDING.radiusPx, FINDING.x + FINDING.radiusPx + 1];
        const shared = {
          patient_id: `w${woman}`,
          label,
          laterality: side,
          view,
          ...(label === 'normal'
            ? {}
            : { x1, y1: FINDING.y - FINDING.radiusPx, x2, y2: FINDING.y + FINDING.radiusPx + 1 }),
          birads: label === 'malignant' ? 4 : label === 'benign' ? 2 : 1,
        };
        rows.push({ ...shared, modality: 'DBT', path: `${name}.npy` });
        for (const modality of ['DM', 'SYNTHETIC2D'])
          rows.push({ ...shared, modality, path: `${name}-${modality}.png` });
      }
  const path = join(folder, 'manifest.csv');
  await writeAside(path, formatCsv(rows));
  return path;
}

/** Settings that train on it in seconds. */
export const FIXTURE_SETTINGS: readonly string[] = [
  'mammogramWindowPx=64,48',
  'sliceWindowPx=64,48',
  ...['shiftPx=2', 'resizePx=2', 'cropPx=16', 'slicesPerRun=2', 'testAugmentations=2', 'localWidth=8'],
  ...['volumePatches=2', 'patches=2', 'pretrainGates=8', 'valFraction=0.3', 'testFraction=0.3'],
  ...['volumePooledPercent=6,20', 'pooledPercent=2,6', 'pretrainLearningRate=1e-3', 'schedule=constant'],
];
