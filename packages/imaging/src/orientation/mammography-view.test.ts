import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VIEWS } from '../manifest-terms.ts';
import { mammographyView, viewText } from './mammography-view.ts';
import { VIEW_CODES, VIEW_MODIFIER_CODES, VIEW_TEXTS } from './view-codes.ts';

const item = (CodeValue: string, CodingSchemeDesignator: string, CodeMeaning = '') => ({
  CodeValue,
  CodingSchemeDesignator,
  CodeMeaning,
});

test('every synonym of every view and modifier is understood, whatever its meaning says', () => {
  for (const { view, sct, srt, umls, meaning } of VIEW_CODES) {
    const synonyms = [
      item(sct, 'SCT', 'nonsense'),
      ...srt.flatMap((code) => ['SRT', 'SNM3', '99SDM'].map((scheme) => item(code, scheme))),
      ...(umls ? [item(umls, 'UMLS')] : []),
    ];
    for (const each of [...synonyms, { CodeMeaning: meaning.toUpperCase() }]) {
      assert.equal(mammographyView({ ViewCodeSequence: [each] }).view, view);
    }
  }
  for (const { view, sct, srt, umls, meaning } of VIEW_MODIFIER_CODES) {
    const synonyms = [item(sct, 'SCT'), item(umls ?? '', 'UMLS'), ...srt.map((code) => item(code, 'SRT'))];
    for (const each of [...synonyms, { CodeMeaning: meaning }]) {
      const { modifiers } = mammographyView({
        ViewCodeSequence: [{ ...item('R-10242', 'SRT'), ViewModifierCodeSequence: [each] }],
      });
      assert.deepEqual(modifiers, [view ?? meaning]);
    }
  }
});

/** Rows of PS3.16 CID 4014 and 4015 as they are printed: SNOMED CT, SNOMED RT, UMLS. */
const PRINTED: readonly (readonly [view: string, sct: string, srt: string, umls: string])[] = [
  ['ML', '399260004', 'R-10224', 'C1302283'],
  ['MLO', '399368009', 'R-10226', 'C1302345'],
  ['LM', '399352003', 'R-10228', 'C1302336'],
  ['LMO', '399099002', 'R-10230', 'C1302201'],
  ['CC', '399162004', 'R-10242', 'C0442215'],
  ['FB', '399196006', 'R-10244', 'C1302249'],
  ['SIO', '399188001', 'R-102D0', 'C1302245'],
  ['ISO', '441555000', 'R-40AAA', 'C2711617'],
  ['XCCL', '399192008', 'R-1024A', 'C1302247'],
  ['XCCM', '399101009', 'R-1024B', 'C1302202'],
  ['SPECIMEN', '127457009', 'G-8310', 'C0444070'],
];
const PRINTED_MODIFIERS: typeof PRINTED = [
  ['CV', '399161006', 'R-102D2', 'C1302232'],
  ['AT', '399011000', 'R-102D1', 'C1302167'],
  ['RL', '399197002', 'R-102D3', 'C1275832'],
  ['RM', '399226006', 'R-102D4', 'C1275838'],
  ['RI', '414493004', 'R-102CA', 'C1532323'],
  ['RS', '415670009', 'R-102C9', 'C1531911'],
  ['ID', '399209000', 'R-102D5', 'C1275834'],
  ['M', '399163009', 'R-102D6', 'C1302233'],
  ['S', '399055006', 'R-102D7', 'C1302185'],
  ['TAN', '399110001', 'R-102C2', 'C0442227'],
  ['NP', '442581004', 'R-40AB3', 'C2711408'],
  ['Anterior compression', '441752004', 'P2-00161', 'C2711933'],
  ['IMF', '442593008', 'R-40ABE', 'C2711136'],
  ['AX', '442580003', 'R-40AB2', 'C2711122'],
];

test('the codes are those that the standard prints, and the codes of earlier editions are read', () => {
  for (const [view, ...codes] of PRINTED)
    for (const [i, scheme] of ['SCT', 'SRT', 'UMLS'].entries())
      assert.equal(mammographyView({ ViewCodeSequence: [item(codes[i] as string, scheme)] }).view, view);
  const cc = item('399162004', 'SCT');
  for (const [modifier, ...codes] of PRINTED_MODIFIERS)
    for (const [i, scheme] of ['SCT', 'SRT', 'UMLS'].entries()) {
      const ViewModifierCodeSequence = [item(codes[i] as string, scheme)];
      const { modifiers } = mammographyView({ ViewCodeSequence: [{ ...cc, ViewModifierCodeSequence }] });
      assert.deepEqual(modifiers, [modifier]);
    }
  assert.equal(PRINTED.length + 1, VIEW_CODES.length);
  assert.equal(PRINTED_MODIFIERS.length, VIEW_MODIFIER_CODES.length);
  assert.equal(mammographyView({ ViewCodeSequence: [item('Y-X1770', 'SNM3')] }).view, 'XCCL');
  assert.equal(mammographyView({ ViewCodeSequence: [item('399265009', 'SCT')] }).view, 'XCC');
});

test('no code stands for two things, and every view has a name in a manifest', () => {
  const codes = [...VIEW_CODES, ...VIEW_MODIFIER_CODES].flatMap(({ sct, srt, umls }) => [
    sct,
    ...srt,
    ...(umls ? [umls] : []),
  ]);
  assert.equal(new Set(codes).size, codes.length);
  assert.ok(VIEW_CODES.every(({ view }) => VIEWS.includes(view)));
});

test('texts in use are views', () => {
  assert.ok(Object.entries(VIEW_TEXTS).every(([text, view]) => viewText(text) === view));
  assert.equal(viewText(' medio-lateral  oblique '), 'MLO');
  assert.equal(viewText('mlo'), 'MLO');
  assert.equal(viewText('lateral'), undefined);
});

test('code and ViewPosition must agree, unless the user says which wins; AT and CV may be modifiers', () => {
  const facts = { ViewPosition: 'CC', ViewCodeSequence: [item('399368009', 'SCT', 'medio-lateral oblique')] };
  assert.throws(() => mammographyView(facts), {
    code: 'sources-disagree',
    message: /MLO by ViewCodeSequence .*CC by ViewPosition/,
  });
  assert.equal(mammographyView(facts, { view: 'ViewPosition' }).view, 'CC');
  const cleavage = { ...item('R-10242', 'SRT'), ViewModifierCodeSequence: [item('R-102D2', 'SRT')] };
  const { view, modifiers } = mammographyView({ ViewPosition: 'CV', ViewCodeSequence: [cleavage] });
  assert.deepEqual([view, modifiers], ['CC', ['CV']]);
});

test('codes outside the context groups are refused', () => {
  const refused = { code: 'tag-invalid' };
  assert.throws(() => mammographyView({ ViewCodeSequence: [item('12345', 'SCT', 'cranio-caudal')] }), refused);
  assert.throws(() => mammographyView({ ViewPosition: 'AP' }), refused);
  const odd = { ...item('R-10242', 'SRT'), ViewModifierCodeSequence: [item('1', 'SCT', 'Cleavage')] };
  assert.throws(() => mammographyView({ ViewCodeSequence: [odd] }), refused);
  assert.equal(mammographyView({}).view, undefined);
});
