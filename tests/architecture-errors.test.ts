/** Holds docs/errors.md to the tables of error codes in the code: every class, every code, its meaning. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DICOM_ERROR_CODES } from '@mammoscope/dicom';
import { FILE_ERROR_CODES } from '@mammoscope/files';
import { IMAGING_ERROR_CODES } from '@mammoscope/imaging';
import type { GraphError, InitialiserError } from '@mammoscope/nn';
import { TRAINING_ERROR_CODES, WEIGHTS_ERROR_CODES } from '@mammoscope/runtime';
import { SERVER_ERROR_CODES } from '@mammoscope/server/errors';
import { statsErrors } from '@mammoscope/stats';
import { SYSTEM_ERROR_CODES } from '@mammoscope/systems';
import { readSourceTree } from './source-tree.ts';

type Codes = Readonly<Record<string, string>>;

/** nn has its codes as types: these two tables do not compile when one is missing or too many. */
const GRAPH_ERROR_CODES = {
  shape: 'operands whose shapes an op cannot take',
  dtype: 'operands whose element types an op cannot take',
  attribute: 'an attribute outside its range',
  'not-differentiable': 'a gradient was asked through an op that has none',
  graph: 'operands of two graphs, a duplicate name, a missing way to lower',
} satisfies Record<GraphError['code'], string>;
const INITIALISER_ERROR_CODES = {
  'onnx-malformed': 'no ONNX model, or a tensor that contradicts its own shape',
  'onnx-unsupported': 'external or sparse data, another element type',
  'file-too-large': 'more bytes than the limit',
} satisfies Record<InitialiserError['code'], string>;

const CODES: Readonly<Record<string, Codes>> = {
  DicomError: DICOM_ERROR_CODES,
  FileError: FILE_ERROR_CODES,
  ImagingError: IMAGING_ERROR_CODES,
  ServerError: SERVER_ERROR_CODES,
  SystemError: SYSTEM_ERROR_CODES,
  TrainingError: TRAINING_ERROR_CODES,
  WeightsError: WEIGHTS_ERROR_CODES,
  StatsError: statsErrors,
  GraphError: GRAPH_ERROR_CODES,
  InitialiserError: INITIALISER_ERROR_CODES,
};

const tree = readSourceTree();
const document = tree.find(({ path }) => path === 'docs/errors.md')?.text ?? '';

/** The rows "| `code` | meaning |" under each heading "## Class". */
function documentedCodes(markdown: string): Record<string, Record<string, string>> {
  const sections = markdown.split(/^## /m).slice(1);
  const tables = sections.map((section) => {
    const name = section.split('\n', 1)[0]?.trim() ?? '';
    const rows = [...section.matchAll(/^\| `([^`]+)` +\| (.+?) +\|$/gm)].map((row) => [row[1], row[2]] as const);
    return [name, Object.fromEntries(rows)] as const;
  });
  return Object.fromEntries(tables.filter(([, rows]) => Object.keys(rows).length > 0));
}

for (const [name, codes] of Object.entries(CODES)) {
  test(`docs/errors.md lists the codes of ${name} as the code has them`, () => {
    assert.deepEqual(documentedCodes(document)[name], { ...codes });
  });
}

test('docs/errors.md has no table of a class that does not exist', () => {
  assert.deepEqual(Object.keys(documentedCodes(document)).sort(), Object.keys(CODES).sort());
});

test('every error class of the packages is in docs/errors.md', () => {
  const classes = tree
    .filter(({ path }) => /^(packages|apps)\/.*\.ts$/.test(path) && !path.endsWith('.test.ts'))
    .flatMap(({ text }) =>
      [...text.matchAll(/^export class (\w+) extends \w*Error\b/gm)].map((match) => match[1] as string),
    );
  assert.ok(classes.length >= Object.keys(CODES).length);
  for (const name of classes) assert.match(document, new RegExp(`\\b${name}\\b`), `${name} is not documented`);
});

test('a code that is missing, or means another thing, is seen', () => {
  const markdown = '# Errors\n\n## StatsError\n\n| code | meaning |\n| --- | --- |\n| `a` | one |\n| `b` | two |\n';
  assert.deepEqual(documentedCodes(markdown), { StatsError: { a: 'one', b: 'two' } });
});
