import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Aggregation } from './aggregation.ts';
import { glcmFeatures } from './glcm.ts';
import { glrlmFeatures } from './glrlm.ts';
import { glszmFeatures } from './glszm.ts';
import { histogramFeatures } from './histogram.ts';
import { intensityFeatures } from './intensity.ts';
import { morphologyFeatures } from './morphology.ts';
import { ngldmFeatures } from './ngldm.ts';
import { ngtdmFeatures } from './ngtdm.ts';
import { digitalPhantom, ibsi, ibsiAggregations, phantomLevels } from './radiomics-fixture.ts';
import { valuesInside } from './region.ts';

type Features = Readonly<Record<string, number>>;

const textures: Readonly<Record<string, (aggregation: Aggregation) => Features>> = {
  glcm: (aggregation) => glcmFeatures(phantomLevels, aggregation),
  glrlm: (aggregation) => glrlmFeatures(phantomLevels, aggregation),
  glszm: (aggregation) => glszmFeatures(phantomLevels, aggregation),
  ngtdm: (aggregation) => ngtdmFeatures(phantomLevels, aggregation),
  ngldm: (aggregation) => ngldmFeatures(phantomLevels, aggregation),
};

const families: Readonly<Record<string, () => Features>> = {
  morphology: () => morphologyFeatures(digitalPhantom),
  intensity: () => intensityFeatures(valuesInside(digitalPhantom)),
  histogram: () => histogramFeatures(phantomLevels),
};

/** Within the tolerance that IBSI states, else equal to the figures that it prints. */
function assertIbsi(features: Features, feature: string, value: number, tolerance: number): void {
  const got = features[feature];
  assert.ok(got !== undefined, `there is no ${feature}`);
  // IBSI prints three figures, halves either way.
  const half = 0.5 * 10 ** (Math.floor(Math.log10(Math.abs(value))) - 2) * (1 + 1e-9);
  const allowed = tolerance > 0 ? tolerance : half;
  assert.ok(Math.abs(got - value) <= allowed, `${feature}: ${got}, IBSI has ${value} within ${allowed}`);
}

test('IBSI 1: 107 reference values of the digital phantom, textures in 3D and merged', () => {
  assert.equal(ibsi.features.length, 107);
  for (const { family, feature, value, tolerance } of ibsi.features) {
    const features = families[family]?.() ?? textures[family]?.('3d-merged');
    assert.ok(features, family);
    assertIbsi(features, feature, value, tolerance);
  }
});

for (const [family, aggregations] of Object.entries(ibsiAggregations)) {
  for (const [aggregation, values] of Object.entries(aggregations)) {
    test(`IBSI 1: ${family}, ${aggregation}`, () => {
      const features = textures[family]?.(aggregation as Aggregation) ?? {};
      assert.deepEqual(Object.keys(features).sort(), Object.keys(values).sort());
      for (const [feature, value] of Object.entries(values)) assertIbsi(features, feature, value, 0);
    });
  }
}

test('matrices without a direction are the same averaged over directions or not', () => {
  for (const family of ['glszm', 'ngtdm', 'ngldm']) {
    const of = textures[family] as (aggregation: Aggregation) => Features;
    assert.deepEqual(of('2d-averaged'), of('2d-slice-merged'));
    assert.deepEqual(of('2.5d-direction-merged'), of('2.5d-merged'));
    assert.deepEqual(of('3d-averaged'), of('3d-merged'));
  }
});
