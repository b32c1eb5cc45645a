/** The phantom is hard in the right way: no single number gives malignancy away, and at difficulty 0 a shape does. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drawBreastImages, drawWoman, lesionTruthOf, PHANTOM_PRESETS, type Woman } from '@mammoscope/phantom';
import { auc } from '@mammoscope/stats';

const { widthPx } = PHANTOM_PRESETS.tiny.dm;

/** A lesion as a simple programme would measure it. */
interface Measured {
  readonly kind: 'mass' | 'calcifications';
  readonly malignant: boolean;
  readonly numbers: Readonly<Record<string, number>>;
}

/** Perimeter squared over area: 16 / (4 pi) for a square of pixels, more for lobes and spicules. */
function irregularity(mask: Uint8Array): number {
  let [area, perimeter] = [0, 0];
  for (const [at, value] of mask.entries()) {
    if (value === 0) continue;
    area++;
    for (const step of [-1, 1, -widthPx, widthPx]) if (mask[at + step] !== 1) perimeter++;
  }
  return perimeter ** 2 / (4 * Math.PI * area);
}

/** Long over short axis of the ellipse with the mask's second moments. */
function elongation(mask: Uint8Array): number {
  const points = [...mask.entries()]
    .filter(([, value]) => value === 1)
    .map(([at]) => [at % widthPx, Math.floor(at / widthPx)]);
  const mean = [0, 1].map((axis) => points.reduce((sum, point) => sum + (point[axis] as number), 0) / points.length);
  const moment = (a: number, b: number) =>
    points.reduce(
      (sum, point) => sum + ((point[a] as number) - (mean[a] as number)) * ((point[b] as number) - (mean[b] as number)),
      0,
    ) / points.length;
  const [xx, xy, yy] = [moment(0, 0), moment(0, 1), moment(1, 1)];
  const spread = Math.sqrt(((xx - yy) / 2) ** 2 + xy * xy);
  return Math.sqrt(((xx + yy) / 2 + spread) / Math.max(0.05, (xx + yy) / 2 - spread));
}

function measured(woman: Woman & { readonly lesion: NonNullable<Woman['lesion']> }): Measured {
  const { lesion } = woman;
  const truth = lesionTruthOf(woman, { side: lesion.side, view: 'CC', preset: 'tiny' });
  assert.ok(truth, `the lesion of ${woman.patientId} is out of sight`);
  const [x1, y1, x2, y2] = truth.dm.box;
  return {
    kind: lesion.kind,
    malignant: woman.label === 'malignant',
    numbers: {
      irregularity: irregularity(truth.dm.mask),
      elongation: elongation(truth.dm.mask),
      'calcification count': lesion.kind === 'calcifications' ? lesion.calcifications.length : 0,
      'area of the box': (x2 - x1) * (y2 - y1),
      'longest side': Math.max(x2 - x1, y2 - y1),
      'area of the mask': truth.dm.mask.reduce((sum, value) => sum + value, 0),
    },
  };
}

const lesionsOf = (patients: number, difficulty?: number) =>
  Array.from({ length: patients }, (_, patient) =>
    drawWoman(patient, { seed: 11, ...(difficulty === undefined ? {} : { difficulty }) }),
  ).flatMap((woman) => (woman.lesion ? [{ ...woman, lesion: woman.lesion }] : []));

const areaOf = (cases: readonly Measured[], name: string) =>
  auc(
    cases.map(({ numbers }) => numbers[name] as number),
    cases.map(({ malignant }) => malignant),
  );

/** Neither large nor small values point to malignancy. */
function tellsLittle(area: number, what: string): void {
  assert.ok(Math.abs(area - 0.5) < 0.25, `${what} has an AUC of ${area.toFixed(3)}`);
}

const cases = lesionsOf(300).map(measured);
const countedNumbers = ['calcification count', 'area of the box', 'longest side', 'area of the mask'];

for (const name of countedNumbers) {
  test(`at the default difficulty the ${name} alone does not tell malignant from benign`, () => {
    tellsLittle(areaOf(cases, name), name);
    for (const kind of ['mass', 'calcifications'] as const) {
      if (kind === 'mass' && name === 'calcification count') continue;
      tellsLittle(
        areaOf(
          cases.filter((one) => one.kind === kind),
          name,
        ),
        `${name} of ${kind}`,
      );
    }
  });
}

test('at the default difficulty mean brightness, of the breast or of the lesion, does not tell either', () => {
  const women = lesionsOf(75);
  const means = women.map((woman) => {
    const { dm, truth } = drawBreastImages(woman, { side: woman.lesion.side, view: 'CC', preset: 'tiny', dbt: false });
    assert.ok(truth);
    const tissue = dm.filter((value) => value > 0);
    const [x1, y1, x2, y2] = truth.dm.box;
    let sum = 0;
    for (let y = y1; y < y2; y++) for (let x = x1; x < x2; x++) sum += dm[y * widthPx + x] as number;
    return { breast: tissue.reduce((a, b) => a + b, 0) / tissue.length, lesion: sum / ((x2 - x1) * (y2 - y1)) };
  });
  const labels = women.map(({ label }) => label === 'malignant');
  for (const place of ['breast', 'lesion'] as const) {
    tellsLittle(
      auc(
        means.map((mean) => mean[place]),
        labels,
      ),
      `brightness of the ${place}`,
    );
  }
});

test('at difficulty 0 the shape of a mass and the form of a cluster separate them', () => {
  const plain = lesionsOf(150, 0).map(measured);
  const area = (kind: Measured['kind'], name: string) =>
    areaOf(
      plain.filter((one) => one.kind === kind),
      name,
    );
  assert.ok(area('mass', 'irregularity') > 0.9, `irregularity ${area('mass', 'irregularity')}`);
  assert.ok(area('calcifications', 'elongation') > 0.9, `elongation ${area('calcifications', 'elongation')}`);
});

test('at the default difficulty the same numbers still help, and at 1 they say nothing', () => {
  const masses = cases.filter(({ kind }) => kind === 'mass');
  assert.ok(areaOf(masses, 'irregularity') > 0.65);
  const alike = lesionsOf(300, 1).map(measured);
  for (const [kind, name] of [
    ['mass', 'irregularity'],
    ['calcifications', 'elongation'],
  ] as const) {
    const area = areaOf(
      alike.filter((one) => one.kind === kind),
      name,
    );
    assert.ok(Math.abs(area - 0.5) < 0.17, `${name} has an AUC of ${area.toFixed(3)} at difficulty 1`);
  }
});
