/** Reports held to the rows of their templates, in many shapes of a reading; and the rules held to reports that are wrong. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { CODE_TABLE, type Reading, resultObjects } from '@mammoscope/dicom';
import { contentTree, type Item, violations as violationsOf } from './dicom-content-rules.ts';
import { elementsOfFile } from './dicom-element-tree.ts';
import { readingOf, requestOf, studyOf, temporaryFolder } from './dicom-result-study.ts';
import { TEMPLATES } from './dicom-template-rules.ts';

const images = await studyOf(await temporaryFolder('dicom-templates-'));
const reading = readingOf(images);
const violations = (root: Item) => violationsOf(root, TEMPLATES);

function treesOf(changes: Partial<Reading>): readonly Item[] {
  const objects = resultObjects(requestOf(images, changes)).filter(({ name }) => /cad|measurements/.test(name));
  return objects.map((object) => contentTree(elementsOfFile(Buffer.concat([...object.bytes()]))));
}

const loneFindings = reading.findings.filter(({ lesion }) => lesion === undefined);
/** CID 6047: what the summary says of each. */
const [ALL, ALL_NOTHING, SOME, SOME_NOTHING, NONE] = ['111242', '111241', '111244', '111243', '111245'] as const;
const shapes: readonly (readonly [string, string, Partial<Reading>])[] = [
  ['a reading with one of everything', ALL, {}],
  ['nothing found', ALL_NOTHING, { findings: [], lesions: [] }],
  ['an image that failed', SOME, { failed: [0], findings: loneFindings, lesions: [] }],
  ['nothing found, and an image that failed', SOME_NOTHING, { failed: [2], findings: [], lesions: [] }],
  ['every image failed', NONE, { failed: [0, 1, 2], findings: [], lesions: [] }],
  ['no operating points', ALL, { operatingPoints: [] }],
  ['lesions that were given and judged', ALL, { task: 'classification', operatingPoints: [] }],
  [
    'a distortion',
    ALL,
    {
      looksFor: ['architectural-distortion'],
      findings: [{ image: 0, frame: 0, place: { pointPx: [1, 2] }, kind: 'architectural-distortion', probability: 1 }],
      lesions: [],
    },
  ],
];
for (const [name, summary, changes] of shapes)
  test(`${name}: both reports follow their templates`, () => {
    const trees = treesOf(changes);
    assert.deepEqual(
      trees.map(({ template }) => template),
      ['DCMR 4000', 'DCMR 1500'],
    );
    for (const tree of trees) assert.deepEqual(violations(tree), []);
    assert.equal(trees[0]?.children.find(({ concept }) => concept === 'DCM 111017')?.code, `DCM ${summary}`);
  });

/** Every item below the root, with the tree that is left when it is changed; undefined removes it. */
function* changed(root: Item, change: (item: Item) => Item | undefined): Generator<readonly [Item, Item], void> {
  for (const [i, child] of root.children.entries()) {
    const other = change(child);
    yield [child, { ...root, children: root.children.toSpliced(i, 1, ...(other ? [other] : [])) }];
    for (const [item, tree] of changed(child, change)) yield [item, { ...root, children: root.children.with(i, tree) }];
  }
}

test('an item of another relationship, value type or name anywhere in either report is seen', () => {
  const changes: readonly ((item: Item) => Item)[] = [
    (item) => ({ ...item, relationship: item.relationship === 'CONTAINS' ? 'HAS PROPERTIES' : 'CONTAINS' }),
    (item) => ({ ...item, valueType: 'PNAME', target: '' }),
    (item) => ({ ...item, concept: 'DCM 0', target: '' }),
  ];
  for (const root of treesOf({}))
    for (const change of changes) {
      let count = 0;
      for (const [item, tree] of changed(root, change)) {
        count++;
        assert.notDeepEqual(violations(tree), [], `${item.relationship} ${item.valueType} ${item.concept}`);
      }
      assert.ok(count > 20);
    }
});

/** What a template lets anybody leave out: parameters, descriptions, numbers that may be unknown, names beside UIDs, entries that nobody refers to. */
const LEFT_OUT = new Set([
  'TEXT DCM 111002',
  'TEXT DCM 111081',
  'TEXT DCM 112039',
  'NUM DCM 111047',
  'NUM DCM 111038',
  'NUM DCM 111086',
  'NUM DCM 111089',
  'NUM DCM 111092',
  'CONTAINER DCM 111093',
  'SCOORD DCM 111041',
  'CONTAINER DCM 111034',
  'CODE DCM 111022',
]);

test('an item that is left out of the CAD report is seen, but for those that are optional', () => {
  const [cad] = treesOf({}) as [Item];
  const unseen = new Set<string>();
  for (const [item, tree] of changed(cad, () => undefined))
    if (item.target === '' && item.valueType !== 'IMAGE' && violations(tree).length === 0)
      unseen.add(`${item.valueType} ${item.concept}`);
  assert.deepEqual(
    [...unseen].filter((name) => !LEFT_OUT.has(name)),
    [],
  );
  assert.ok(unseen.size > 3, 'the list of what is optional is of use');
});

test('intents follow the cut-off and the operating points, in findings and in what contains them', () => {
  const [cad] = treesOf({}) as [Item];
  const summary = cad.children.find(({ concept }) => concept === 'DCM 111017');
  const intents = summary?.children
    .filter(({ concept }) => concept === 'DCM 111034')
    .map(({ children: [intent, finding] }) => [intent?.code, finding?.children[0]?.code]);
  const [shown, optional, hidden] = ['DCM 111150', 'DCM 111151', 'DCM 111152'];
  assert.deepEqual(intents, [
    [shown, shown], // lesion A, 0.875
    [shown, shown], // 0.9
    [shown, shown], // 0.625
    [optional, optional], // 0.375
    [hidden, hidden], // 0.125
  ]);
});

test('findings of a lesion are shown as the lesion is, in every object', () => {
  const changes = { lesions: [{ name: 'A', probability: 0.375 }] }; // of its findings one has 0.75
  const [cad, measurements] = treesOf(changes) as [Item, Item];
  assert.deepEqual(violations(cad), []);
  const summary = cad.children.find(({ concept }) => concept === 'DCM 111017');
  const [intent, feature] = summary?.children.find(({ concept }) => concept === 'DCM 111034')?.children ?? [];
  const findings = feature?.children.filter(({ concept }) => concept === 'DCM 111059');
  const intents = [intent, feature?.children[0], ...(findings ?? []).map(({ children }) => children[0])];
  assert.deepEqual(
    intents.map((item) => item?.code),
    ['DCM 111151', 'DCM 111151', 'DCM 111151', 'DCM 111151'],
  );
  const groups = measurements.children.at(-1)?.children.map(({ children }) => children[0]?.value);
  assert.deepEqual(groups, ['Finding 3', 'Finding 4']);
  const names = resultObjects(requestOf(images, changes)).map(({ name }) => name);
  assert.deepEqual(
    names.filter((name) => name.startsWith('marks')),
    ['marks-1'], // of the volume
  );
});

test('references lead to the library entry of the image, or of the slice, that a finding lies in', () => {
  const [cad] = treesOf({}) as [Item];
  const findings: Item[] = [];
  const visit = (item: Item): void => {
    if (item.concept === 'DCM 111059') findings.push(item);
    for (const child of item.children) visit(child);
  };
  visit(cad);
  const centres = findings.map(({ children }) => children.find(({ concept }) => concept === 'DCM 111010'));
  // entries: L CC, L MLO, the volume, its frames 2 and 4
  assert.deepEqual(
    centres.map((centre) => centre?.children[0]?.target),
    ['1.2.1', '1.2.2', '1.2.5', '1.2.4', '1.2.2', '1.2.2'],
  );
  assert.deepEqual(centres[0]?.numbers, [9.25, 15]);
  assert.equal(cad.children[1]?.children.length, 5);
});

interface CodeReference {
  readonly groups: Readonly<Record<string, readonly (readonly [string, string, string])[]>>;
  readonly concepts: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

test('every code is what the tables of PS3.16 have, in the group that it is said to be of', () => {
  const text = readFileSync(new URL('../references/dicom-codes.json', import.meta.url), 'utf8');
  const { groups, concepts } = JSON.parse(text) as CodeReference;
  let checked = 0;
  for (const [name, [scheme, value, meaning, source]] of Object.entries(CODE_TABLE)) {
    if (scheme === 'UCUM' || scheme === 'RFC5646') continue; // standards of their own
    const cids = [...source.matchAll(/CID (\d+)/g)].map(([, cid]) => cid as string);
    const found =
      cids.length > 0
        ? cids.map((cid) => groups[cid]?.find((row) => row[0] === scheme && row[1] === value)?.[2])
        : [concepts[scheme]?.[value]];
    for (const theirs of found) assert.equal(theirs, meaning, `${name}, ${source}`);
    checked++;
  }
  assert.ok(checked > 70);
});
