/** What the paper printed: tables 1 to 3 and the areas of figure 5. Table 4 is with its tasks (pathology-table.ts). */
import type { Level } from './levels.ts';

/** Accuracy; precision, sensitivity and F1 of benign and of malignant cases in turn, as tables 2 and 3 have them. */
export const CLASS_COLUMNS = [
  'Accuracy',
  'Precision, benign',
  'Precision, malignant',
  'Sensitivity, benign',
  'Sensitivity, malignant',
  'F1, benign',
  'F1, malignant',
] as const;

/** The networks of table 2 by their names in a run. */
export const PAPER_NAMES = { sppnet: 'SPPNet', detector: 'FPNNet' } as const;
export type PaperNetwork = keyof typeof PAPER_NAMES;

/** "Mammograph images", "One-sided breast", "Microcalcification lesions". */
export const LEVEL_NAMES: Readonly<Record<Level, string>> = {
  image: 'Image',
  breast: 'Breast',
  lesion: 'Lesion',
};

type ByNetwork<T> = { readonly [name in PaperNetwork]?: T };
type ByLevel<T> = Readonly<Record<Level, ByNetwork<T>>>;

/** Table 2, test set. */
export const TABLE_TWO: ByLevel<readonly number[]> = {
  image: {
    sppnet: [0.6324, 0.6097, 0.6592, 0.6784, 0.5889, 0.6422, 0.6221],
    detector: [0.7055, 0.7246, 0.6912, 0.6362, 0.7711, 0.6775, 0.729],
  },
  breast: {
    sppnet: [0.6324, 0.6605, 0.6159, 0.5023, 0.7556, 0.5707, 0.6786],
    detector: [0.7237, 0.7396, 0.7114, 0.6667, 0.7778, 0.7012, 0.7431],
  },
  lesion: { detector: [0.7511, 0.7399, 0.7614, 0.7412, 0.7601, 0.7405, 0.7607] },
};

/** "Area Under the Curve (AUC) of 0.6825 (Fig. 5a)", and so on to figure 5e. */
export const FIGURE_FIVE: ByLevel<number> = {
  image: { sppnet: 0.6825, detector: 0.7753 },
  breast: { sppnet: 0.6937, detector: 0.8042 },
  lesion: { detector: 0.7627 },
};

/** Five folds, their average and their standard deviation. */
export interface CrossValidation {
  readonly folds: readonly (readonly number[])[];
  readonly average: readonly number[];
  readonly deviation: readonly number[];
}

const crossValidation = (...rows: readonly (readonly number[])[]): CrossValidation => ({
  folds: rows.slice(0, 5),
  average: rows[5] as readonly number[],
  deviation: rows[6] as readonly number[],
});

/** Table 3. */
export const TABLE_THREE: ByLevel<CrossValidation> = {
  image: {
    sppnet: crossValidation(
      [0.6031, 0.8857, 0.2787, 0.5849, 0.68, 0.7045, 0.3953],
      [0.5751, 0.3342, 0.7904, 0.5877, 0.5704, 0.4261, 0.6626],
      [0.5598, 0.4107, 0.7408, 0.658, 0.5087, 0.5057, 0.6032],
      [0.6247, 0.4697, 0.827, 0.7799, 0.5444, 0.5863, 0.6566],
      [0.5304, 0.8382, 0.3326, 0.4466, 0.7619, 0.5827, 0.4631],
      [0.5786, 0.5877, 0.5939, 0.6114, 0.6131, 0.5611, 0.5562],
      [0.0368, 0.2555, 0.2656, 0.1214, 0.105, 0.1036, 0.1206],
    ),
    detector: crossValidation(
      [0.701, 0.9426, 0.3724, 0.6714, 0.8267, 0.7842, 0.5135],
      [0.743, 0.5122, 0.9472, 0.8957, 0.687, 0.6517, 0.7964],
      [0.9466, 0.9158, 0.963, 0.9294, 0.9555, 0.9225, 0.9592],
      [0.972, 0.9695, 0.9733, 0.9478, 0.9846, 0.9585, 0.9789],
      [0.6506, 0.8654, 0.4118, 0.6207, 0.7333, 0.7229, 0.5274],
      [0.8026, 0.8411, 0.7335, 0.813, 0.8374, 0.808, 0.7551],
      [0.147, 0.1878, 0.3121, 0.1546, 0.1315, 0.1304, 0.2256],
    ),
  },
  breast: {
    sppnet: crossValidation(
      [0.4877, 0.9116, 0.249, 0.4061, 0.8333, 0.5618, 0.3835],
      [0.6516, 0.3652, 0.7676, 0.3889, 0.7491, 0.3767, 0.7583],
      [0.6225, 0.4462, 0.7074, 0.4234, 0.7262, 0.4345, 0.7167],
      [0.6967, 0.5497, 0.7863, 0.6103, 0.7414, 0.5784, 0.7632],
      [0.4049, 0.88, 0.297, 0.2215, 0.9159, 0.3539, 0.4485],
      [0.5727, 0.6305, 0.5615, 0.41, 0.7932, 0.4611, 0.614],
      [0.1219, 0.2511, 0.2655, 0.1381, 0.0803, 0.104, 0.1831],
    ),
    detector: crossValidation(
      [0.6936, 0.9399, 0.3657, 0.6636, 0.8205, 0.778, 0.5059],
      [0.792, 0.5776, 0.937, 0.8611, 0.7663, 0.6914, 0.8431],
      [0.97, 0.9771, 0.9665, 0.9343, 0.9886, 0.9552, 0.9774],
      [0.985, 0.9924, 0.9813, 0.9632, 0.9962, 0.9776, 0.9887],
      [0.6272, 0.8848, 0.3972, 0.5671, 0.7944, 0.6912, 0.5296],
      [0.8135, 0.8744, 0.7295, 0.7979, 0.8732, 0.8187, 0.7689],
      [0.1608, 0.171, 0.3184, 0.1741, 0.1105, 0.1396, 0.2365],
    ),
  },
  lesion: {
    detector: crossValidation(
      [0.7521, 0.9542, 0.4951, 0.7062, 0.8947, 0.8117, 0.6375],
      [0.8691, 0.6553, 0.9684, 0.9059, 0.8581, 0.7605, 0.9099],
      [0.9736, 0.9625, 0.9789, 0.9559, 0.9821, 0.9592, 0.9805],
      [0.9836, 0.987, 0.982, 0.962, 0.9939, 0.9744, 0.9879],
      [0.6676, 0.89, 0.4246, 0.6282, 0.7795, 0.7365, 0.5497],
      [0.8492, 0.8898, 0.7698, 0.8316, 0.9017, 0.8485, 0.8131],
      [0.1382, 0.1359, 0.2841, 0.1542, 0.0892, 0.1115, 0.205],
    ),
  },
};
