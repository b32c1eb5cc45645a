/** The focus slice that Eq. 8 of Xiao et al. (2021) finds in drawn tomosyntheses is the one in which the phantom put the cluster. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { focusSlice, ImagingError, type Plane } from '@mammoscope/imaging';
import {
  BREAST_VIEWS,
  type BreastTextures,
  type BreastView,
  drawRegionSlices,
  drawTextures,
  drawWoman,
  lesionTruthOf,
  PHANTOM_PRESETS,
} from '@mammoscope/phantom';

const { dbt } = PHANTOM_PRESETS.full;
const CLUSTERS = 12;
/** What a reader leaves around a cluster. */
const MARGIN_PX = Math.round(2 / dbt.spacingMm);

/** The first women of a cohort who have a cluster of calcifications. */
function* withClusters() {
  for (let patient = 0; ; patient++) {
    const woman = drawWoman(patient, { seed: 33 });
    if (woman.lesion?.kind === 'calcifications') yield { ...woman, lesion: woman.lesion };
  }
}

/** Slices between the focus slice found and the true one; Infinity where nothing was found. */
function error(woman: ReturnType<typeof drawWoman>, view: BreastView, textures: BreastTextures): number {
  const options = { side: woman.lesion?.side ?? 'L', view, preset: 'full', textures } as const;
  const truth = lesionTruthOf(woman, options);
  assert.ok(truth, `the cluster of ${woman.patientId} is out of sight`);
  const [x1, y1, x2, y2] = truth.dbt.box;
  const box = [
    Math.max(0, x1 - MARGIN_PX),
    Math.max(0, y1 - MARGIN_PX),
    Math.min(dbt.widthPx, x2 + MARGIN_PX),
    Math.min(dbt.heightPx, y2 + MARGIN_PX),
  ] as const;
  const size = { width: box[2] - box[0], height: box[3] - box[1] };
  const region = drawRegionSlices(woman, { ...options, box }).map((data): Plane => ({ ...size, data: data.slice() }));
  try {
    return Math.abs(focusSlice(region.toArray()).slice - truth.dbt.focusSlice);
  } catch (thrown) {
    if (thrown instanceof ImagingError) return Infinity; // no calcification stands out
    throw thrown;
  }
}

test(`within one slice of the truth in 95 % of ${CLUSTERS} clusters in both views`, () => {
  const errors = withClusters()
    .take(CLUSTERS)
    .flatMap((woman) => {
      const textures = drawTextures(woman, woman.lesion.side, PHANTOM_PRESETS.full);
      return BREAST_VIEWS.map((view) => ({ name: `${woman.patientId} ${view}`, slices: error(woman, view, textures) }));
    })
    .toArray();
  const off = errors.filter(({ slices }) => slices > 1).map(({ name, slices }) => `${name}: ${slices}`);
  assert.ok(off.length <= 0.05 * errors.length, `${off.length} of ${errors.length} are off: ${off.join('; ')}`);
});
