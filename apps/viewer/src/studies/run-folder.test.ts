import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runFolders, wrongestFirst } from './run-folder.ts';

test('cases come with the most wrong first: the probability given to what was not the case', () => {
  const table =
    '\uFEFFpath,label,score,decision\na.dcm,malignant,0.2,benign\n"b, c.dcm",benign,0.9,malignant\nd.dcm,malignant,1,malignant\n';
  const cases = wrongestFirst(table, ['malignant'], 'predictions.csv');
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

test('which class a score is of is said by the files of the run, whatever the system, or by the calls', async () => {
  const table = 'path,label,score,decision\na,malignant,0.1,benign\nb,benign,0.7,malignant\nc,normal,0.2,benign\n';
  const errors = async (files: Readonly<Record<string, object>>) => {
    const texts = Object.entries(files).map(([name, json]) => [name, JSON.stringify(json)] as const);
    const dropped = [['predictions.csv', table] as const, ...texts].map(([name, text]) => ({
      path: `run/${name}`,
      file: new File([text], name),
    }));
    const [run] = await runFolders(dropped);
    return run?.cases.map(({ path, error }) => `${path} ${error.toFixed(1)}`);
  };
  const malignancy = ['a 0.9', 'b 0.7', 'c 0.2'];
  for (const system of ['lin2023', 'park2022'])
    assert.deepEqual(
      await errors({
        'run.json': { system, classes: ['normal', 'benign', 'malignant'] },
        'metrics.json': { classes: { benign: {} } },
      }),
      malignancy,
    );
  for (const system of ['kang2021', 'liang2019', 'xiao2021'])
    assert.deepEqual(
      await errors({ 'run.json': { system, classes: ['normal', 'benign', 'malignant'] }, 'metrics.json': { system } }),
      ['a 0.9', 'b 0.3', 'c 0.2'],
    );
  assert.deepEqual(
    await errors({ 'metrics.json': { system: 'kang2021' } }),
    malignancy,
    'what the highest score is called',
  );
});
