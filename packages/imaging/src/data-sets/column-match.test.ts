import assert from 'node:assert/strict';
import { test } from 'node:test';
import { matchColumns } from './column-match.ts';

test('columns are matched by name; what is not sure is asked for with its candidates', () => {
  const columns = ['Patient ID', 'File_Name', 'Diagnosis', 'Side', 'Age'];
  assert.deepEqual(
    [...matchColumns(columns, {}, 't.csv')],
    [
      ['patient_id', 'Patient ID'],
      ['path', 'File_Name'],
      ['label', 'Diagnosis'],
      ['laterality', 'Side'],
    ],
  );
  const refused = (pattern: RegExp, some: readonly string[], chosen = {}) =>
    assert.throws(() => matchColumns(some, chosen, 't.csv'), { code: 'column-unclear', message: pattern });
  refused(/^t\.csv: label may be Diagnosis or Pathology; say --column label=NAME$/, [...columns, 'Pathology']);
  refused(/^t\.csv: no column is named as patient_id is; there are File, Label; say/, ['File', 'Label']);
  refused(/no column "Woman" for patient_id, but/, columns, { patient_id: 'Woman' });
  refused(/no field patient to fill: name one of patient_id, path, label/, columns, { patient: 'Patient ID' });
  const told = matchColumns([...columns, 'Pathology'], { label: 'pathology', laterality: '' }, 't.csv');
  assert.deepEqual([told.get('label'), told.has('laterality')], ['Pathology', false]);
  assert.equal(matchColumns([...columns, 'label'], {}, 't.csv').get('label'), 'label');
});
