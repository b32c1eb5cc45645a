/** Statistics of tables of scores, ratings and findings, from any tool. */
export {
  type Agreement,
  type AgreementOptions,
  agreementOf,
  type RaterAgreement,
  type RaterPair,
  type RatingColumns,
} from './agreement.ts';
export type { AucEstimate, AucOptions } from './auc-estimate.ts';
export {
  type CalibratedModel,
  type Calibration,
  type CalibrationMethod,
  type CalibrationOptions,
  type CalibrationSplit,
  calibrate,
} from './calibration.ts';
export type { DecisionFigures, Figure, IntervalOptions } from './case-proportion.ts';
export { type Comparison, type ComparisonOptions, compareModels, type SubgroupDifference } from './comparison.ts';
export {
  type Discrimination,
  type DiscriminationOptions,
  discriminate,
  type OperatingFigures,
  type SubgroupFigures,
} from './discrimination.ts';
export { analysisFigures, figureFiles } from './figure-files.ts';
export { type FindingColumns, type Findings, findingsOf } from './findings.ts';
export {
  type FreeResponse,
  type FreeResponseOptions,
  type FrocFigures,
  freeResponse,
  type HitChoice,
} from './free-response.ts';
export { intervalCoverage } from './interval-coverage.ts';
export { type ReaderStudy, type ReadersOptions, type ReadingColumns, readerStudy } from './readers.ts';
export { type LevelChoice, type ScoredStudy, type StudyColumns, type SubgroupColumn, scoredStudy } from './study.ts';
export { readTable, type Table } from './table.ts';
export { writeResultFiles } from './write-results.ts';
