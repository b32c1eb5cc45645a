/** Holds the source tree to the rules of ARCHITECTURE.md, and each rule to a violation that it must find. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  declaredDependencies,
  fileNames,
  forbiddenText,
  importedFiles,
  importsOf,
  longFiles,
  nnDirections,
  onnxRuntimeImports,
  packageDirections,
  pureImports,
  relativeImports,
  TEXT_RULE_NAMES,
  type TextRuleName,
  unusedDependencies,
} from './architecture-rules.ts';
import { ignoredPaths, type PackageFile, packageFiles, ROOT, readSourceTree, type SourceFile } from './source-tree.ts';

const tree = readSourceTree();
const packages = packageFiles(tree);

/** A tree of one file. */
const only = (path: string, ...lines: readonly string[]): readonly SourceFile[] => [
  { path, text: `${lines.join('\n')}\n` },
];
const from = (specifier: string): string => `import { a } from '${specifier}';`;

/** Fails with every fault on a line of its own. */
function holds(faults: readonly string[]): void {
  assert.equal(faults.length, 0, `\n${faults.join('\n')}`);
}

/** Fails unless a rule finds exactly one fault, which names the file and says what to do. */
function finds(faults: readonly string[], said: RegExp): void {
  assert.equal(faults.length, 1, `expected one fault, got:\n${faults.join('\n')}`);
  assert.match(faults[0] as string, said);
}

test('the tree is read: every package, its sources, documents and the CI script', () => {
  for (const path of ['README.md', '.ci/run', 'packages/nn/src/index.ts', 'apps/cli/src/main.ts', 'package-lock.json'])
    assert.ok(
      tree.some((file) => file.path === path),
      `${path} is missing from the tree`,
    );
  assert.ok(packages.length >= 9);
});

test('imports are found in all their forms, and none in texts', () => {
  const text = [
    "import assert from 'a';",
    "import type { B } from 'b';",
    'import {',
    '  c,',
    "} from 'c';",
    "export { d } from 'd';",
    "export * as e from 'e';",
    "import 'f';",
    "const g = await import('g');",
    "const h = new Worker(new URL('./h.ts', import.meta.url));",
    'const text = "we import from \'nowhere\'";',
    "const data = new URL('../data.csv', import.meta.url);",
  ].join('\n');
  assert.deepEqual(
    importsOf(text).map(({ specifier, line }) => `${line} ${specifier}`),
    ['1 a', '2 b', '5 c', '6 d', '7 e', '8 f', '9 g', '10 ./h.ts'],
  );
});

test('packages import each other one way', () => {
  holds(packageDirections(tree));
  const file = (name: string) => `packages/${name}/src/a.ts`;
  finds(
    packageDirections(only(file('nn'), from('@mammoscope/runtime'))),
    /packages\/nn\/src\/a\.ts:1 .* nn may import random/,
  );
  finds(packageDirections(only(file('runtime'), from('@mammoscope/systems'))), /runtime may import nn, files, random/);
  finds(packageDirections(only(file('stats'), from('@mammoscope/nn'))), /stats may import random/);
  finds(packageDirections(only(file('dicom'), from('@mammoscope/imaging'))), /dicom may import random/);
  finds(packageDirections(only(file('imaging'), from('@mammoscope/nn'))), /imaging may import dicom, files, random/);
  finds(packageDirections(only(file('random'), from('@mammoscope/stats'))), /random may import no other package/);
  finds(packageDirections(only('packages/stats/src/a.test.ts', from('@mammoscope/report'))), /stats may import/);
  finds(packageDirections(only(file('systems'), from('@mammoscope/cli'))), /imported by nothing/);
  finds(packageDirections(only(file('systems'), from('@mammoscope/server'))), /imported by nothing/);
  finds(packageDirections(only('apps/viewer/src/a.ts', from('@mammoscope/server'))), /imported by nothing/);
  holds(packageDirections(only('apps/viewer/src/a.ts', from('@mammoscope/server/api-types'))));
  holds(packageDirections(only('apps/cli/src/a.ts', from('@mammoscope/server'))));
  finds(packageDirections(only(file('new'), from('@mammoscope/nn'))), /not in the table/);
  holds(packageDirections(only('apps/cli/src/a.ts', from('@mammoscope/systems'), from('@mammoscope/nn'))));
  holds(packageDirections(only(file('stats'), from('@mammoscope/random'))));
});

test('inside nn: models on layers on graph, train on graph, lowering on graph and onnx', () => {
  holds(nnDirections(tree));
  const file = (folder: string) => `packages/nn/src/${folder}/a.ts`;
  finds(nnDirections(only(file('graph'), from('../layers/scope.ts'))), /nn\/src\/graph may import no other folder/);
  finds(nnDirections(only(file('layers'), from('../models/resnet.ts'))), /layers may import graph/);
  finds(nnDirections(only(file('train'), from('../layers/scope.ts'))), /train may import graph/);
  finds(nnDirections(only(file('models'), from('../lowering/lower.ts'))), /models may import graph, layers/);
  finds(nnDirections(only(file('lowering/ways'), from('../../train/adam.ts'))), /lowering may import graph, onnx/);
  finds(nnDirections(only(file('onnx'), from('../lowering/layout.ts'))), /onnx may import graph/);
  finds(nnDirections(only(file('train'), from('../index.ts'))), /index\.ts is for importers outside/);
  finds(nnDirections(only(file('other'), from('../graph/graph.ts'))), /not in the table/);
  holds(nnDirections(only('packages/nn/src/graph/a.test.ts', from('../train/adam.ts'))));
});

test('relative imports stay in their package', () => {
  holds(relativeImports(tree));
  finds(relativeImports(only('packages/systems/src/a.ts', from('../../nn/src/graph/graph.ts'))), /in packages\/nn/);
  finds(relativeImports(only('tests/a.test.ts', from('../packages/nn/src/index.ts'))), /by the name of its package/);
  finds(relativeImports(only('apps/cli/src/a.ts', "new URL('../../../packages/nn/src/a.ts', b)")), /in packages\/nn/);
});

test('relative imports name files that are there', () => {
  const ignored = new Set(ignoredPaths() ?? []);
  const exists = (path: string) => existsSync(join(ROOT, path)) && !ignored.has(path);
  holds(importedFiles(tree, exists));
  finds(importedFiles(only('apps/cli/src/a.ts', from('./nowhere.ts')), exists), /no such file, or git ignores it/);
});

test('git ignores no file that the project needs', (context) => {
  const ignored = ignoredPaths();
  if (ignored === null) return context.skip('this is no git checkout');
  holds(
    ignored.filter((path) => /\.(ts|js|json|md|csv|proto|py|R)$/.test(path)).map((path) => `${path} is ignored by git`),
  );
});

test('only the runtime imports ONNX Runtime', () => {
  holds(onnxRuntimeImports(tree));
  finds(
    onnxRuntimeImports(only('packages/nn/src/a.ts', from('onnxruntime-node'))),
    /only packages\/runtime runs graphs/,
  );
  finds(onnxRuntimeImports(only('apps/cli/src/a.ts', "await import('onnxruntime-web')")), /only packages\/runtime/);
  holds(onnxRuntimeImports(only('packages/runtime/src/a.ts', from('onnxruntime-node'))));
});

test('packages that compute touch no files, processes or network', () => {
  holds(pureImports(tree));
  finds(pureImports(only('packages/stats/src/a.ts', from('node:fs/promises'))), /stats computes only/);
  finds(pureImports(only('packages/nn/src/graph/a.ts', from('node:worker_threads'))), /nn computes only/);
  holds(pureImports(only('packages/nn/src/graph/a.test.ts', from('node:fs'))));
  holds(pureImports(only('packages/imaging/src/a.ts', from('node:fs'))));
});

const root: PackageFile = { folder: '', name: 'root', dependencies: ['playwright-core'] };
const nn: PackageFile = { folder: 'packages/nn', name: '@mammoscope/nn', dependencies: ['@mammoscope/random'] };

test('every import is declared in its package.json', () => {
  holds(declaredDependencies(tree, packages));
  const check = (path: string, specifier: string) => declaredDependencies(only(path, from(specifier)), [root, nn]);
  finds(check('packages/nn/src/a.ts', '@mammoscope/stats'), /add @mammoscope\/stats to packages\/nn\/package\.json/);
  finds(check('packages/nn/src/a.ts', 'sharp/lib/x.js'), /add sharp to packages\/nn\/package\.json/);
  finds(check('packages/nn/src/a.ts', 'playwright-core'), /add playwright-core to packages\/nn/);
  finds(check('tests/a.test.ts', 'sharp'), /add sharp to package\.json/);
  finds(check('packages/new/src/a.ts', 'sharp'), /packages\/new has no package\.json/);
  holds(check('packages/nn/src/a.test.ts', 'playwright-core'));
  holds(check('packages/nn/src/a.ts', '@mammoscope/random'));
  holds(check('tests/a.test.ts', '@mammoscope/nn'));
});

test('every package imports what its package.json declares', () => {
  holds(unusedDependencies(tree, packages));
  finds(unusedDependencies(only('packages/nn/src/a.ts', from('node:fs')), [root, nn]), /names @mammoscope\/random/);
  holds(unusedDependencies(only('packages/nn/src/a.ts', from('@mammoscope/random')), [root, nn]));
});

/** For each rule on text a file that breaks it and one that does not. */
const TEXT_EXAMPLES: Readonly<
  Record<TextRuleName, { readonly bad: readonly SourceFile[]; readonly good: readonly SourceFile[] }>
> = {
  unseededRandom: {
    bad: only('packages/nn/src/a.ts', 'const x = Math.random();'),
    good: only('CONTRIBUTING.md', 'Never use Math.random.'),
  },
  networkAccess: {
    bad: only('packages/dicom/src/a.ts', 'const response = await fetch(address);'),
    good: only('packages/runtime/src/weights/published/download.ts', 'const response = await fetch(address);'),
  },
  outsideFolder: {
    bad: only('README.md', 'cat ../shared/data'),
    good: only('.ci/run', 'export MAMMOSCOPE_DATA=../shared/data'),
  },
  machinePaths: {
    bad: only('packages/nn/src/a.ts', "const x = '/root/data/a.csv';"),
    good: only('packages/nn/src/a.ts', "const x = 'packages/work/a';"),
  },
  registryHosts: {
    bad: only('package-lock.json', '"resolved": "https://registry.npmjs.org/zod"'),
    good: only('package-lock.json', '"resolved": "packages/nn"'),
  },
  openEnds: { bad: only('apps/cli/src/a.ts', '// TODO: more'), good: only('apps/cli/src/a.ts', '// to do more') },
};

for (const name of TEXT_RULE_NAMES) {
  test(`no file breaks the rule on text "${name}"`, () => {
    holds(forbiddenText(tree, name));
    finds(forbiddenText(TEXT_EXAMPLES[name].bad, name), /:1 has/);
    holds(forbiddenText(TEXT_EXAMPLES[name].good, name));
  });
}

test('every way to a network is found', () => {
  const lines = [
    "import { get } from 'node:https';",
    "import net from 'net';",
    "const http = await import('node:http2');",
    'new WebSocket(address);',
    'globalThis.fetch(address);',
  ];
  for (const line of lines) finds(forbiddenText(only('apps/cli/src/a.ts', line), 'networkAccess'), /published file/);
  holds(
    forbiddenText(only('apps/cli/src/a.ts', "import { download } from './net.ts';", 'prefetch(a);'), 'networkAccess'),
  );
});

test('a source of more than 500 lines says why', () => {
  holds(longFiles(tree));
  const long = new Array<string>(501).fill('x;');
  finds(longFiles(only('packages/nn/src/a.ts', ...long)), /has 501 lines/);
  finds(longFiles(only('packages/nn/src/a.ts', ...long, '/** over 500 lines because it is late */')), /has 502 lines/);
  holds(longFiles(only('packages/nn/src/a.ts', '/** A table, over 500', ' * lines because it is one. */', ...long)));
  holds(longFiles(only('packages/nn/src/a.ts', ...long.slice(1))));
});

test('files have names of the field in kebab-case', () => {
  holds(fileNames(tree));
  finds(fileNames(only('packages/nn/src/utils/a.ts', '')), /after what it is about/);
  finds(fileNames(only('packages/nn/src/graph-helpers.ts', '')), /after what it is about/);
  finds(fileNames(only('packages/nn/src/resNet.ts', '')), /kebab-case/);
});
