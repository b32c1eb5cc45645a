import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemOf, systems } from './registry.ts';

test('a system is found by the name that it has, and names its presets and settings', () => {
  for (const [name, system] of Object.entries(systems)) {
    assert.equal(system.name, name);
    assert.equal(systemOf({ system: name }), system);
    for (const preset of ['tiny', 'small', 'paper']) assert.ok(system.presets.includes(preset), `${name} ${preset}`);
    assert.ok(system.settings.includes('epochs'));
    assert.throws(() => system.plan('tiny', ['nonsense=1']), { code: 'option-invalid', message: /no "nonsense"/ });
    assert.throws(() => system.plan('huge', []), { code: 'option-invalid', message: /no preset "huge"/ });
    for (const preset of system.presets) assert.equal(typeof system.plan(preset, []), 'function');
  }
});

test('a run of a system that this version lacks is refused by name, also one called as a method of objects', () => {
  for (const system of ['yolo2031', 'toString'])
    assert.throws(() => systemOf({ system }), { code: 'run-missing', message: new RegExp(`"${system}".*kang2021`) });
});
