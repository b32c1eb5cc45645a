/** What the server says of a study, in the page's form. */
import type { AnalysisResult, Finding, Patch, Picture, SaliencyMap } from '@mammoscope/server/api-types';
import type { HeatMapChoice, Mark, ModelPicture, StudyReading } from '../findings/readings.ts';
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

/** A result as a reading. */
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
    heatMaps: heatMapsOf(result),
  };
}

const markOf = ({ id, instance, frame, box, class: label, probability, isShown }: Finding, analysis: string): Mark => ({
  ...{ id: `${analysis} ${id}`, instance, frame, boxPx: box, kind: 'finding', label, probability, isShown },
});

/** What 3D-GMIC cut out and looked at closely. */
const patchOf = ({ instance, frame, box, attention, of }: Patch, id: string): Mark => ({
  ...{ id, instance, frame, boxPx: box, kind: 'patch', label: of, probability: attention, attention, isShown: false },
});

/** The maps of a result by their names, those of the positive class first. */
function heatMapsOf({ readings, classes }: AnalysisResult): readonly HeatMapChoice[] {
  const all = readings.flatMap(({ maps }) => maps);
  const positive = all.filter(({ finding }) => finding === classes.at(-1));
  const names = new Set([...positive, ...all].map(nameOf));
  return [...names].map((name) => ({
    name,
    read: async () => {
      const read = all
        .filter((map) => nameOf(map) === name)
        .map(async ({ url, box, instance, frame }) =>
          saliencyMaps(await readFileOf(url), { instance, boxPx: box, frame, name }),
        );
      return (await Promise.all(read)).flat();
    },
  }));
}

const nameOf = ({ kind, of, finding }: SaliencyMap): string =>
  kind === 'saliency' ? `Saliency: ${finding}` : `Grad-CAM: ${of ?? finding}`;

const pictureOf = ({ kind, of, url, frame }: Picture): ModelPicture => ({
  title: [PICTURES[kind], of].filter(Boolean).join(': '),
  address: url,
  frame,
});
