/** What the server says of a study, in the page's form. */
import type { AnalysisResult, Finding, Patch, Picture } from '@mammoscope/server/api-types';
import type { HeatMap, Mark, ModelPicture, StudyReading } from '../findings/readings.ts';
import { saliencyMaps } from '../findings/saliency-volume.ts';
import { readFileOf } from './server-client.ts';

const PICTURES: Readonly<Record<Picture['kind'], string>> = {
  image: 'What the model saw',
  'grad-cam': 'Grad-CAM',
  detections: 'Detections',
  'dynamic-image': 'Dynamic image',
  saliency: 'Saliency',
  other: 'Picture',
};

/** A result as a reading, without the maps that are fetched apart. */
export function readingOf(result: AnalysisResult): StudyReading {
  const { model, system, score, decision, cutoff, rule, calibration, warning, breasts, leftOut, findings } = result;
  const patches = result.readings.flatMap(({ patches: each }) => each);
  return {
    ...{ model, system, probability: score, decision, cutoff, rule, calibration, warning, breasts, leftOut },
    readings: result.readings.map((reading) => ({ ...reading, pictures: reading.pictures.map(pictureOf) })),
    marks: [
      ...findings.map((finding) => markOf(finding, result.analysis)),
      ...patches.map((patch, i) => patchOf(patch, `${result.analysis} patch ${i}`)),
    ],
    heatMaps: [],
  };
}

const markOf = ({ id, instance, frame, box, class: label, probability, isShown }: Finding, analysis: string): Mark => ({
  ...{ id: `${analysis} ${id}`, instance, frame, boxPx: box, kind: 'finding', label, probability, isShown },
});

/** What 3D-GMIC cut out and looked at closely. */
const patchOf = ({ instance, frame, box, attention, of }: Patch, id: string): Mark => ({
  ...{ id, instance, frame, boxPx: box, kind: 'patch', label: of, probability: attention, attention, isShown: false },
});

/** Where a model looked, of what it calls positive. Maps that cannot be read are left out: the reading stands without them. */
export async function heatMapsOf({ readings, classes }: AnalysisResult): Promise<readonly HeatMap[]> {
  const wanted = readings.flatMap(({ instances: [instance], maps }) =>
    maps
      .filter(({ finding }) => instance !== undefined && finding === classes.at(-1))
      .map((map) => ({ ...map, instance: instance ?? '' })),
  );
  const read = wanted.map(async ({ finding, url, box, instance }) =>
    saliencyMaps(await readFileOf(url), { instance, boxPx: box, name: finding }).catch(() => []),
  );
  return (await Promise.all(read)).flat();
}

const pictureOf = ({ kind, of, url, frame }: Picture): ModelPicture => ({
  title: [PICTURES[kind], of].filter(Boolean).join(': '),
  address: url,
  frame,
});
