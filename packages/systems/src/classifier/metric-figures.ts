/** The figures of a model as metrics.json has them, whatever the system. */
import type { ConfusionMetrics, DelongAuc, Proportion } from '@mammoscope/stats';

/** A model measured on cases: its AUC, and its decisions at a cut-off. */
export interface MeasuredModel {
  readonly auc: DelongAuc;
  readonly atCutoff: ConfusionMetrics;
  /** Infinity where none beats chance. */
  readonly cutoff: number;
}

const interval = (bounds: { readonly lower: number; readonly upper: number } | null) =>
  bounds && [bounds.lower, bounds.upper];
const proportion = ({ value, interval: bounds, numerator, denominator }: Proportion) => ({
  value,
  interval: interval(bounds),
  numerator,
  denominator,
});

/** A figure that is undefined is null. PPV is what some papers call precision, and sensitivity recall. */
export function modelFigures({ auc, atCutoff, cutoff }: MeasuredModel) {
  const { tp, fp, tn, fn, sensitivity, specificity, accuracy, ppv, npv, f1, mcc } = atCutoff;
  return {
    auc: auc.auc,
    aucInterval: interval(auc.logitInterval),
    aucStandardError: auc.standardError,
    cutoff: Number.isFinite(cutoff) ? cutoff : null,
    counts: { tp, fp, tn, fn },
    sensitivity: proportion(sensitivity),
    specificity: proportion(specificity),
    accuracy: proportion(accuracy),
    ppv: proportion(ppv),
    npv: proportion(npv),
    f1: { value: f1.value, interval: interval(f1.interval) },
    mcc,
  };
}
