export { type AgreementData, agreementFigure } from './figures/agreement.ts';
export { aucComparisonFigure, pairwiseFigure } from './figures/auc-comparison.ts';
export { calibrationFigure } from './figures/calibration.ts';
export { confusionMatrixFigure } from './figures/confusion-matrix.ts';
export { decisionCurveFigure } from './figures/decision-curve.ts';
export type { Figure } from './figures/figure.ts';
export { flowFigure } from './figures/flow.ts';
export { frocFigure } from './figures/froc.ts';
export { precisionRecallFigure } from './figures/precision-recall.ts';
export { reportFigures } from './figures/report-figures.ts';
export { rocBandFigure, rocFigure } from './figures/roc.ts';
export { scoreDistributionFigure } from './figures/score-distribution.ts';
export { subgroupFigure } from './figures/subgroups.ts';
export { trainingCurvesFigure } from './figures/training-curves.ts';
export { renderExamples, renderReport } from './report.ts';
export type {
  AucComparison,
  Calibration,
  Case,
  CaseKind,
  ConfusionMatrix,
  Cutoff,
  DecisionCurve,
  Deviation,
  Epoch,
  Estimate,
  Exclusion,
  FigureTable,
  Film,
  Flow,
  FlowCount,
  FlowStage,
  FrocCurve,
  Gallery,
  GalleryCase,
  MeasureName,
  Methods,
  ModelPerformance,
  Note,
  OperatingPointTable,
  PairDifference,
  PairwiseComparison,
  Panel,
  Performance,
  PrecisionRecallCurve,
  Provenance,
  RecipeValue,
  ReportData,
  RocCurve,
  SaliencyExample,
  ScoreDistribution,
  Split,
  SubgroupAnalysis,
  SubgroupRow,
  TableFigure,
  TrainingHistory,
} from './report-data.ts';
export {
  type ComparedRow,
  type ComparedTable,
  type ReproductionData,
  renderReproduction,
  type TestedClaim,
} from './reproduction.ts';
