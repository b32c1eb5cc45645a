/** Studies drawn for the viewer, with everything that a page could get wrong: whose they are, when, which side, how large a pixel is. */
import { encodeModel } from '@mammoscope/nn';
import { dicomBytes, element, imageElements } from './dicom-object.ts';
import { type DrawnMammogram, mammogramValues } from './mammogram-object.ts';
import type { Dropped } from './viewer-page.ts';

/** Sides of drawn images. */
export const WIDTH = 120;
export const HEIGHT = 160;
/** At the detector; a breast half as large again lies below it. */
export const DETECTOR_MM = 0.5;
export const MAGNIFICATION = 1.25;

/** What an image says. */
export interface DrawnImage extends DrawnMammogram {
  readonly patient: string;
  readonly name?: string;
  /** Ends every UID of the study. */
  readonly study: number;
  readonly date: string;
  readonly laterality?: 'L' | 'R';
  readonly view?: 'CC' | 'MLO';
  readonly description?: string;
  /** In the place of the drawn values. */
  readonly values?: readonly number[];
  /** By which the chest wall of a right breast is on the right. */
  readonly hasOrientation?: boolean;
  readonly number: number;
}

/** A mammogram as a file, its chest wall where hospitals have it: right of a right breast. */
export function drawnFile(image: DrawnImage): Dropped {
  const { patient, name = 'DRAWN^WOMAN', study, date, laterality, view, description = '', number, frames = 1 } = image;
  const isRight = laterality === 'R';
  const drawn = { width: WIDTH, height: HEIGHT, chestWall: isRight ? 'right' : 'left', ...image } as const;
  const text = (tag: number, vr: string, value: string | undefined) =>
    value === undefined ? [] : [element(tag, vr, value)];
  const bytes = dicomBytes(
    imageElements([
      element(0x00080016, 'UI', '1.2.840.10008.5.1.4.1.1.1.2'),
      element(0x00080018, 'UI', `1.2.3.${study}.${number}`),
      element(0x00080020, 'DA', date),
      element(0x00080060, 'CS', 'MG'),
      element(0x00081030, 'LO', description),
      element(0x00100010, 'PN', name),
      element(0x00100020, 'LO', patient),
      element(0x00181114, 'DS', String(MAGNIFICATION)),
      element(0x00181164, 'DS', `${DETECTOR_MM}\\${DETECTOR_MM}`),
      ...text(0x00185101, 'CS', view),
      element(0x0020000d, 'UI', `1.2.3.${study}`),
      element(0x0020000e, 'UI', `1.2.3.${study}.0`),
      ...text(0x00200020, 'CS', image.hasOrientation ? (isRight ? 'P\\FL' : 'A\\FR') : undefined),
      ...text(0x00200062, 'CS', laterality),
      ...text(0x00280008, 'IS', frames > 1 ? String(frames) : undefined),
      element(0x00280010, 'US', [HEIGHT]),
      element(0x00280011, 'US', [WIDTH]),
      element(0x7fe00010, 'OW', image.values ?? mammogramValues(drawn)),
    ]),
  );
  return { name: `${patient}-${study}-${number}.dcm`, bytes };
}

/** The four views of screening. */
export function drawnStudy(study: number, date: string, more: Partial<DrawnImage> = {}): Dropped[] {
  const places = (['R', 'L'] as const).flatMap((laterality) =>
    (['CC', 'MLO'] as const).map((view) => ({ laterality, view })),
  );
  return places.map((place, i) =>
    drawnFile({ patient: 'drawn', study, date, number: i + 1, brighter: 5 * i, ...place, ...more }),
  );
}

/** A breast cut on all sides: nobody can say where its chest wall is. */
export const roundValues = (): number[] =>
  Array.from({ length: WIDTH * HEIGHT }, (_, i) => {
    const [x, y] = [i % WIDTH, Math.floor(i / WIDTH)];
    return Math.hypot(x - WIDTH / 2, y - HEIGHT / 2) < WIDTH / 3 ? 2400 : 40;
  });

/** An exported model of squares whose score is their mean, so that a test can work it out. */
export function meanModel(sidePx: number, cutoff: number): Dropped {
  const input = {
    shape: ['N', 1, sidePx, sidePx],
    values: 'stored values of a grey image',
    roiPx: sidePx,
    normalisation: 'in the model, each image by itself',
  };
  const node = (opType: string, inputs: readonly string[], outputs: readonly string[], attributes = {}) => ({
    ...{ opType, domain: '', name: opType, inputs, outputs, attributes },
  });
  const bytes = encodeModel({
    nodes: [
      node('Flatten', ['image'], ['flat'], { axis: { int: 1 } }),
      node('ReduceMean', ['flat', 'axes'], ['score'], { keepdims: { int: 0 } }),
    ],
    inputs: [{ name: 'image', dtype: 'float32', shape: ['N', 1, sidePx, sidePx] }],
    outputs: [{ name: 'score', dtype: 'float32', shape: ['N'] }],
    initializers: [{ name: 'axes', dtype: 'int64', shape: [1], data: BigInt64Array.from([1n]) }],
    metadata: {
      ...{ system: 'kang2021', classes: '["benign","malignant"]', input: JSON.stringify(input) },
      ...{ cutoff: JSON.stringify(cutoff), model_license: 'none' },
    },
  });
  return { name: 'mean.onnx', bytes };
}
