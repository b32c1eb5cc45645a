import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VIEWS } from '../manifest-row.ts';
import { mammographyView, viewText } from './mammography-view.ts';
import { VIEW_CODES, VIEW_MODIFIER_CODES, VIEW_TEXTS } from './view-codes.ts';

const item = (CodeValue: string, CodingSchemeDesignator: string, CodeMeaning = '') => ({
  CodeValue,
  CodingSchemeDesignator,
  CodeMeaning,
});

test('every synonym of every view and modifier is understood, whatever its meaning says', () => {
  for (const { view, sct, srt, meaning } of VIEW_CODES) {
    const synonyms = [
      item(sct, 'SCT', 'nonsense'),
      ...srt.flatMap((code) => ['SRT', 'SNM3', '99SDM'].map((scheme) => item(code, scheme))),
    ];
    for (const each of [...synonyms, { CodeMeaning: meaning.toUpperCase() }]) {
      assert.equal(mammographyView({ ViewCodeSequence: [each] }).view, view);
    }
  }
  for (const { view, sct, srt, meaning } of VIEW_MODIFIER_CODES) {
    for (const each of [item(sct, 'SCT'), ...srt.map((code) => item(code, 'SRT')), { CodeMeaning: meaning }]) {
      const { modifiers } = mammographyView({
        ViewCodeSequence: [{ ...item('R-10242', 'SRT'), ViewModifierCodeSequence: [each] }],
      });
      assert.deepEqual(modifiers, [view ?? meaning]);
    }
  }
});

test('no code stands for two things, and every view has a name in a manifest', () => {
  const codes = [...VIEW_CODES, ...VIEW_MODIFIER_CODES].flatMap(({ sct, srt }) => [sct, ...srt]);
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
