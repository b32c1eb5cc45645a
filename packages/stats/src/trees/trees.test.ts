import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { MinimalStandard } from '../../tests/minimal-standard.ts';
import { assertClose } from '../../tests/tolerance.ts';
import { decisionTree, type TreeNode, treeProbability } from './decision-tree.ts';
import { forestProbabilities, randomForest } from './random-forest.ts';

interface Summary {
  readonly mean: number;
  /** Of single runs of scikit-learn, over seeds. */
  readonly deviation: number;
}

/** What scikit-learn says; references/scripts/trees.py. */
interface TreesReference {
  readonly trees: readonly {
    readonly seed: number;
    readonly cases: number;
    readonly features: number;
    readonly depth: number;
    readonly leafCases: number;
    readonly tree: TreeNode;
  }[];
  readonly forest: {
    readonly outOfBag: Summary;
    readonly accuracy: Summary;
    readonly probabilities: readonly number[];
    readonly probabilityDeviation: number;
  };
}

const reference: TreesReference = JSON.parse(
  readFileSync(new URL('../../../../references/stats/trees.json', import.meta.url), 'utf8'),
);

/** The table of trees.py. */
function tableOf(seed: number, cases: number, features: number) {
  const random = new MinimalStandard(seed);
  const columns = Array.from({ length: features }, () => new Float64Array(cases));
  const labels = Array.from({ length: cases }, (_, i) => {
    for (const column of columns) column[i] = Math.fround(random.uniform());
    const x = (j: number) => columns[j]?.[i] ?? 0;
    const label = x(0) + 0.7 * x(1) > 0.85 !== x(2) > 0.7;
    return (random.uniform() < 0.1 ? !label : label) ? 1 : 0;
  });
  return { columns, labels };
}

function assertSameTree(got: TreeNode, expected: TreeNode, path: string): void {
  if ('feature' in expected && 'feature' in got) {
    assert.equal(got.feature, expected.feature, `feature at ${path}`);
    assertClose(got.threshold, expected.threshold, 1e-12, `threshold at ${path}`);
    assertSameTree(got.low, expected.low, `${path}l`);
    assertSameTree(got.high, expected.high, `${path}h`);
  } else if ('probability' in expected && 'probability' in got) {
    assertClose(got.probability, expected.probability, 1e-12, `probability at ${path}`);
  } else assert.fail(`a leaf and a split at ${path}`);
}

for (const { seed, cases, features, tree, ...limits } of reference.trees) {
  test(`a tree of all features is scikit-learn's: ${cases} cases, ${features} features`, () => {
    const { columns, labels } = tableOf(seed, cases, features);
    assertSameTree(decisionTree(columns, labels, limits), tree, 'root');
  });
}

test('multiplicities count as copies of a case', () => {
  const { columns, labels } = tableOf(5, 60, 4);
  const multiplicities = labels.map((_, i) => i % 4);
  const copies = multiplicities.flatMap((count, i): number[] => new Array(count).fill(i));
  const copied = columns.map((column) => copies.map((i) => column[i] as number));
  const weighted = decisionTree(columns, labels, { multiplicities, depth: 4 });
  assertSameTree(
    weighted,
    decisionTree(
      copied,
      copies.map((i) => labels[i] as number),
      { depth: 4 },
    ),
    'root',
  );
});

test('a tree without limits gives every case its own class; one of depth 0 the share of positives', () => {
  const { columns, labels } = tableOf(9, 150, 5);
  const whole = decisionTree(columns, labels);
  labels.forEach((label, i) => {
    assert.equal(
      treeProbability(whole, (j) => columns[j]?.[i] as number),
      label,
    );
  });
  const share = labels.reduce((sum: number, label) => sum + label, 0) / 150;
  assert.deepEqual(decisionTree(columns, labels, { depth: 0 }), { probability: share });
});

test('cases that no feature tells apart share a leaf, and neighbouring doubles are parted', () => {
  assert.deepEqual(decisionTree([[1, 1, 1, 1]], [0, 1, 1, 1]), { probability: 0.75 });
  const next = 1 + Number.EPSILON;
  const tree = decisionTree([[1, next]], [0, 1]);
  assert.deepEqual(
    [1, next].map((value) => treeProbability(tree, () => value)),
    [0, 1],
  );
});

const training = tableOf(7, 300, 12);
const held = tableOf(8, 1000, 12);
const forest = randomForest(training.columns, training.labels, { random: new MinimalStandard(1) });

test('a forest is as good as scikit-learn: out of bag and on other cases', () => {
  // Four standard deviations of what scikit-learn's own forests differ by from seed to seed.
  const { outOfBag, accuracy, probabilities, probabilityDeviation } = reference.forest;
  assertClose(forest.outOfBag.accuracy ?? Number.NaN, outOfBag.mean, 4 * outOfBag.deviation, 'out of bag');
  const found = forestProbabilities(forest, held.columns);
  const right = held.labels.filter((label, i) => (found[i] as number) > 0.5 === (label === 1)).length / 1000;
  assertClose(right, accuracy.mean, 4 * accuracy.deviation, 'accuracy');
  const squares = probabilities.reduce((sum, p, i) => sum + (p - (found[i] as number)) ** 2, 0) / 1000;
  // A single forest of scikit-learn lies one deviation from their mean.
  assert.ok(Math.sqrt(squares) < 1.25 * probabilityDeviation, `probabilities differ by ${Math.sqrt(squares)}`);
});

test('a forest depends on its seed alone, and its probabilities are means of its trees', () => {
  const options = { trees: 20 };
  const grow = (seed: number) =>
    forestProbabilities(
      randomForest(training.columns, training.labels, { ...options, random: new MinimalStandard(seed) }),
      held.columns,
    );
  assert.deepEqual(grow(3), grow(3));
  assert.notDeepEqual(grow(3), grow(4));
  const found = forestProbabilities(forest, held.columns);
  assert.ok(found.every((p) => p >= 0 && p <= 1));
  const [first] = found;
  const mean =
    forest.trees.reduce((sum, tree) => sum + treeProbability(tree, (j) => held.columns[j]?.[0] as number), 0) / 500;
  assertClose(first as number, mean, 1e-12, 'first case');
});

test('a monotone change of the features gives the same tree', () => {
  const grow = (columns: readonly Float64Array[]) => {
    const draw = { features: 3, random: new MinimalStandard(2) };
    const tree = decisionTree(columns, training.labels, { depth: 5, draw });
    return training.labels.map((_, i) => treeProbability(tree, (j) => columns[j]?.[i] as number));
  };
  const stretched = training.columns.map((column) => column.map((value) => Math.exp(5 * value)));
  assert.deepEqual(grow(stretched), grow(training.columns));
});

test('trees that saw a patient do not judge it out of bag', () => {
  // Each patient is seen twice with the same noise for features: only memory could tell the label.
  const random = new MinimalStandard(6);
  const patients = Array.from({ length: 200 }, (_, i) => Math.floor(i / 2));
  const labels = patients.map((patient) => (patient * 7919) % 13 > 5);
  const columns = Array.from({ length: 5 }, () => {
    const values = patients.map(() => random.uniform());
    return patients.map((patient) => values[2 * patient] as number);
  });
  const known = randomForest(columns, labels, { trees: 100, random: new MinimalStandard(1) });
  const honest = randomForest(columns, labels, { trees: 100, random: new MinimalStandard(1), clusters: patients });
  assert.ok((known.outOfBag.accuracy ?? 0) > 0.85);
  assert.ok((honest.outOfBag.accuracy ?? 1) < 0.65);
});

test('one tree leaves out about a share of 1 / e of the cases', () => {
  const { outOfBag } = randomForest(training.columns, training.labels, { trees: 1, random: new MinimalStandard(8) });
  const left = outOfBag.probabilities.filter((p) => p !== undefined).length / 300;
  assertClose(left, Math.exp(-1), 0.1, 'left out');
});

test('bad tables and options are refused', () => {
  const random = new MinimalStandard(1);
  const [columns, labels] = [[[1, 2, 3, 4]], [0, 1, 0, 1]];
  for (const options of [
    { depth: -1 },
    { leafCases: 0 },
    { draw: { features: 2, random } },
    { draw: { features: 0, random } },
  ])
    assert.throws(() => decisionTree(columns, labels, options), { code: 'stats/argument' });
  assert.throws(() => decisionTree(columns, [1, 1, 1, 1]), { code: 'stats/classes' });
  assert.throws(() => decisionTree([[1, 2, Number.POSITIVE_INFINITY, 4]], labels), { code: 'stats/argument' });
  assert.throws(() => randomForest(columns, labels, { random, trees: 0 }), { code: 'stats/argument' });
  assert.throws(() => randomForest(columns, labels, { random, clusters: [1] }), { code: 'stats/length' });
  const small = randomForest(columns, labels, { random, trees: 2 });
  assert.throws(() => forestProbabilities(small, [[1], [2]]), { code: 'stats/argument', message: /of 1 features/ });
  assert.throws(() => forestProbabilities(small, [[Number.NaN]]), { code: 'stats/argument' });
});
