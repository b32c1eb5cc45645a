export { auc } from './auc.ts';
export { betaCdf, betaQuantile } from './beta.ts';
export type { Labels, Scores } from './cases.ts';
export {
  type ConfusionCounts,
  type ConfusionMetrics,
  type ConfusionOptions,
  confusion,
  confusionCounts,
  confusionMetrics,
} from './confusion.ts';
export {
  type DelongAuc,
  type DelongCovariance,
  type DelongOptions,
  delong,
  delongCovariance,
  type LogitInterval,
  type Placements,
  placementCovariance,
  placements,
} from './delong.ts';
export { type DelongPaired, delongPaired } from './delong-paired.ts';
export { StatsError, type StatsErrorCode, statsErrors } from './errors.ts';
export { type F1Method, type F1Options, type F1Score, f1Score } from './f1.ts';
export { DEFAULT_LEVEL, type Interval, tailProbability, twoSidedDeviate } from './interval.ts';
export { midranks } from './midranks.ts';
export { erf, erfc, normalCdf, normalQuantile, twoSidedP } from './normal.ts';
export {
  type Proportion,
  type ProportionInterval,
  type ProportionMethod,
  type ProportionOptions,
  proportion,
  proportionInterval,
} from './proportion.ts';
export { quantile } from './quantile.ts';
export type { RandomSource } from './random-source.ts';
export { type RocCurve, type RocPoint, rocCurve } from './roc.ts';
export { type RocBand, type RocBandOptions, type RocBandPoint, rocBand } from './roc-band.ts';
export { type YoudenPoint, youden } from './youden.ts';
