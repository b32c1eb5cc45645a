/** What the server says of a study, in the page's form. */
import type { AnalysisResult, Picture } from '@mammoscope/server/api-types';
import type { Mark, ModelPicture, StudyReading } from '../findings/readings.ts';

const PICTURES: Readonly<Record<Picture['kind'], string>> = {
  image: 'What the model saw',
  'grad-cam': 'Grad-CAM',
  detections: 'Detections',
  'dynamic-image': 'Dynamic image',
  saliency: 'Saliency',
  other: 'Picture',
};

/** A result as a reading. Findings of a class "patch" are what 3D-GMIC cut out, their probability its attention. */
export function readingOf(result: AnalysisResult): StudyReading {
  const { model, system, score, decision, cutoff, rule, calibration, warning, breasts, leftOut } = result;
  return {
    ...{ model, system, probability: score, decision, cutoff, rule, calibration, warning, breasts, leftOut },
    readings: result.readings.map((reading) => ({
      ...reading,
      votes: reading.votes,
      pictures: reading.pictures.map(pictureOf),
    })),
    marks: result.findings.map(({ id, instance, frame, box, class: name, probability, isShown }): Mark => {
      const isPatch = name === 'patch';
      return {
        id: `${result.analysis} ${id}`,
        instance,
        frame,
        boxPx: box,
        kind: isPatch ? 'patch' : 'finding',
        label: name,
        probability,
        ...(isPatch && { attention: probability }),
        isShown: isShown && !isPatch,
      };
    }),
    heatMaps: [],
  };
}

const pictureOf = ({ kind, of, url, frame }: Picture): ModelPicture => ({
  title: [PICTURES[kind], of].filter(Boolean).join(': '),
  address: url,
  frame,
});
