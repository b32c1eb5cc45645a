import assert from 'node:assert/strict';
import { test } from 'node:test';
import { csvTable, latexTable, type ResultTable, textTable } from './result-table.ts';

const table: ResultTable = {
  name: 'models',
  title: 'Models, 50 % & more',
  columns: [
    { key: 'model', title: 'model_name', format: 'text' },
    { key: 'auc', title: 'AUC', format: 'auc' },
    { key: 'share', title: 'share %', format: 'percent' },
    { key: 'p', title: 'p', format: 'p' },
    { key: 'n', title: 'n', format: 'count' },
  ],
  rows: [
    ['a, b', { value: 0.81234567, lower: -0.1, upper: 0.9 }, { value: 0.5, lower: 0.25, upper: 0.755 }, 0.0004, 12],
    ['c_1 "x"', { value: 0.5, lower: null, upper: null }, null, 0.25, Number.POSITIVE_INFINITY],
  ],
};

test('text: titles, intervals, small p values, what has no value', () => {
  assert.equal(
    textTable(table),
    [
      'Models, 50 % & more',
      'model_name  AUC                      share %           p       n',
      '----------  -----------------------  ----------------  ------  --',
      'a, b        0.812 (-0.100 to 0.900)  50.0 (25.0-75.5)  <0.001  12',
      'c_1 "x"     0.500                    -                 0.250   -',
    ].join('\n'),
  );
});

test('what rounds to 0 has no sign', () => {
  const columns = [{ key: 'x', title: 'x', format: 'auc' }] as const;
  const rows = [[-0.0001], [-0.001], [{ value: 0.1, lower: -0.0002, upper: 0.2 }]];
  assert.match(
    textTable({ name: 't', title: 't', columns, rows }),
    /\n0\.000\s*\n-0\.001\s*\n0\.100 \(0\.000 to 0\.200\)/,
  );
});

test('CSV: full precision, an interval in columns of its own, quotes, empty where there is no value', () => {
  assert.equal(
    csvTable(table),
    [
      'model,auc,auc_lower,auc_upper,share,share_lower,share_upper,p,n',
      '"a, b",0.81234567,-0.1,0.9,0.5,0.25,0.755,0.0004,12',
      '"c_1 ""x""",0.5,,,,,,0.25,',
      '',
    ].join('\n'),
  );
});

test('LaTeX: its signs are escaped, numbers stand right', () => {
  const latex = latexTable(table, ['p < 0.05 {x} ~ ^']);
  assert.match(
    latex,
    /\\caption\{Models, 50 \\% \\& more\. p \\textless\{\} 0\.05 \\\{x\\\} \\textasciitilde\{\} \\textasciicircum\{\}\}/,
  );
  assert.match(latex, /\\begin\{tabular\}\{lrrrr\}/);
  assert.match(latex, /^model\\_name & AUC & share \\% & p & n \\\\$/m);
  assert.match(
    latex,
    /^a, b & 0\.812 \(-0\.100 to 0\.900\) & 50\.0 \(25\.0--75\.5\) & \\textless\{\}0\.001 & 12 \\\\$/m,
  );
});
