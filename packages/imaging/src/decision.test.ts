import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Claim, settle } from './decision.ts';

const tag: Claim = { source: 'tag', name: 'ImageLaterality', value: 'L', says: 'L' };
const pixels: Claim = { source: 'pixels', name: 'chest wall', value: 'right, 100 %', says: 'R' };

test('sources that agree settle a question, and none leave it open', () => {
  assert.equal(settle('laterality', []), undefined);
  assert.equal(settle('laterality', [tag])?.value, 'L');
  assert.match(settle('laterality', [tag, { ...pixels, says: 'L' }])?.decision.reason ?? '', /2 sources agree/);
});

test('sources that disagree are an error that shows both', () => {
  assert.throws(() => settle('laterality', [tag, pixels]), {
    code: 'sources-disagree',
    message: /L by ImageLaterality \(L\), R by chest wall \(right, 100 %\)/,
  });
  assert.throws(() => settle('laterality', [tag, pixels], { view: 'tag' }), { code: 'sources-disagree' });
});

test('the user says which wins, by kind or by name, and it is recorded', () => {
  assert.equal(settle('laterality', [tag, pixels], { laterality: 'pixels' })?.value, 'R');
  const settled = settle('laterality', [tag, pixels], { laterality: 'ImageLaterality' });
  assert.equal(settled?.value, 'L');
  assert.deepEqual(settled?.decision.evidence.at(-1), {
    source: 'user',
    name: 'prefer',
    value: 'laterality=ImageLaterality',
  });
  const other: Claim = { ...tag, name: 'Laterality', says: 'R' };
  assert.throws(() => settle('laterality', [tag, other], { laterality: 'tag' }), { code: 'sources-disagree' });
});
