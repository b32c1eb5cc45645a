import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wrongestFirst } from './run-folder.ts';

test('cases come with the most wrong first: the probability given to what was not the case', () => {
  const table =
    '\uFEFFpath,label,score,decision\na.dcm,malignant,0.2,benign\n"b, c.dcm",benign,0.9,malignant\nd.dcm,malignant,1,malignant\n';
  const cases = wrongestFirst(table, ['benign', 'malignant'], 'predictions.csv');
  assert.deepEqual(
    cases.map(({ path, error }) => [path, Number(error.toFixed(6))]),
    [
      ['b, c.dcm', 0.9],
      ['a.dcm', 0.8],
      ['d.dcm', 0],
    ],
  );
});

test('a table without scores is refused by name, an empty one has no cases', () => {
  assert.throws(
    () => wrongestFirst('path,label\na,b\n', [], 'x/predictions.csv'),
    /x\/predictions\.csv has no column "score"/,
  );
  assert.deepEqual(wrongestFirst('path,label,score\n', [], 'p'), []);
});
