import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deviationsOf, PRESETS } from './recipe.ts';
import { recipeOf, recipeWith, SETTING_KEYS } from './settings.ts';

test('settings change the detector, or SPPNet on films and patches by a prefix; every key named can be set', () => {
  const recipe = recipeWith('tiny', ['epochs=7', 'film.epochs=3', 'patch.sizePx=48', 'anchorSizesPx=8,16,32,64,128']);
  assert.deepEqual([recipe.epochs, recipe.film.epochs, recipe.patch.epochs], [7, 3, PRESETS.tiny.patch.epochs]);
  assert.deepEqual([recipe.patch.sizePx, recipe.anchorSizesPx], [48, [8, 16, 32, 64, 128]]);
  const text = JSON.stringify(recipe);
  assert.equal(JSON.stringify(recipeOf(JSON.parse(text))), text, 'a resumed run has the same recipe to the letter');
  for (const [name, preset] of Object.entries(PRESETS)) assert.deepEqual(recipeWith(name, []), preset);
  for (const key of SETTING_KEYS)
    assert.throws(() => recipeWith('tiny', [`${key}={}`]), { code: 'option-invalid', message: /^(?!.*has no)/ }, key);
});

test('values that cannot be, alone or together, are refused with their reason', () => {
  const refused = (setting: string, message: RegExp) =>
    assert.throws(() => recipeWith('tiny', [setting]), { code: 'option-invalid', message });
  refused('tileWidthPx=100', /multiples of 32/);
  refused('overlapPx=256', /cannot overlap by 256 px/);
  refused('members=sppnet', /the detector is what judges/);
  refused('members=detector,detector', /named twice/);
  refused('accumulate=2', /batch of 1|leave accumulate 1/);
  refused('anchorSizesPx=8,16', /5 levels/);
  refused('testFraction=0.95', /leave none to train on/);
  refused('film.accumulate=3', /cannot be split into 3/);
  refused('film.folds=3', /no "folds"/);
  refused('film=1', /--set film=1/);
});

test('what departs from the paper is told, and of the paper preset only what the paper leaves open', () => {
  const names = (recipe: Parameters<typeof deviationsOf>[0]) => deviationsOf(recipe).map(({ name }) => name);
  assert.ok(!names(PRESETS.paper).includes('scoreThreshold'));
  assert.ok(names(recipeWith('paper', ['scoreThreshold=0.5'])).includes('scoreThreshold'));
});
