import type { EstimateUnit } from './format.ts';
import type { MeasureName, ModelPerformance } from './report-data.ts';

/** A column of the performance table; `whenUndefined` says what a 0/0 means for a reader. */
export type Measure = {
  readonly name: MeasureName;
  readonly heading: string;
  readonly unit: EstimateUnit;
  readonly definition: string;
  readonly whenUndefined: string;
};

/** The measures in the order of Kang et al. 2021, table 1, with F1 at the end. */
export const MEASURES: readonly Measure[] = [
  {
    name: 'auc',
    heading: 'AUC',
    unit: 'fraction',
    definition: 'area under the ROC curve',
    whenUndefined: 'it needs positive and negative images',
  },
  {
    name: 'sensitivity',
    heading: 'Sensitivity, %',
    unit: 'percent',
    definition: 'TP/(TP + FN)',
    whenUndefined: 'there is no positive image',
  },
  {
    name: 'specificity',
    heading: 'Specificity, %',
    unit: 'percent',
    definition: 'TN/(TN + FP)',
    whenUndefined: 'there is no negative image',
  },
  {
    name: 'accuracy',
    heading: 'Accuracy, %',
    unit: 'percent',
    definition: '(TP + TN)/all',
    whenUndefined: 'there is no image',
  },
  {
    name: 'ppv',
    heading: 'PPV, %',
    unit: 'percent',
    definition: 'TP/(TP + FP)',
    whenUndefined: 'no image was called positive',
  },
  {
    name: 'npv',
    heading: 'NPV, %',
    unit: 'percent',
    definition: 'TN/(TN + FN)',
    whenUndefined: 'no image was called negative',
  },
  {
    name: 'f1',
    heading: 'F1, %',
    unit: 'percent',
    definition: '2 TP/(2 TP + FP + FN)',
    whenUndefined: 'no image is positive or was called positive',
  },
];

/** The row that the summary quotes: the first ensemble, otherwise the first row. */
export function headline(models: readonly ModelPerformance[]): ModelPerformance | undefined {
  return models.find((row) => row.role === 'ensemble') ?? models[0];
}
