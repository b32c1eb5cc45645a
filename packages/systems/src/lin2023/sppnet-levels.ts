/** SPPNet's films as images and breasts: table 2 and figure 5. */
import type { ManifestRow } from '@mammoscope/imaging';
import { type LevelRow, toLevel } from '@mammoscope/stats';
import { CLASSES } from './recipe.ts';
import { type ClassReport, classReport } from './sppnet-class-report.ts';

/**
 * 'image': films one by one. 'breast': the mean of the views' probabilities. 'breast by the rule': that of section 2.7, in
 * which views that agree take the surer one and of others the malignant one counts.
 */
export const SPPNET_LEVELS = ['image', 'breast', 'breast by the rule'] as const;
export type SppnetLevel = (typeof SPPNET_LEVELS)[number];

/** What a level's cases are and how well they are told apart. */
export interface SppnetLevelFigures {
  readonly level: SppnetLevel;
  readonly cases: readonly LevelRow[];
  readonly report: ClassReport;
}

/**
 * Measures scores of films (SPPNET_MEMBERS.sppnet.rowsOf) at every level. StatsError for a film without laterality or view; SystemError
 * as classReport.
 */
export function sppnetLevels(rows: readonly ManifestRow[], scores: readonly number[]): SppnetLevelFigures[] {
  const films = rows.map(({ patientId, laterality, view, label }, i) => ({
    patient: patientId,
    ...(laterality ? { laterality } : {}),
    ...(view ? { view } : {}),
    score: scores[i] as number,
    label: label === CLASSES[1],
  }));
  const casesOf: Readonly<Record<SppnetLevel, () => LevelRow[]>> = {
    image: () => films.map((film, i) => ({ ...film, rows: [i] })),
    breast: () => toLevel(films, 'breast', 'mean'),
    'breast by the rule': () => toLevel(films, 'breast', 'malignant-first'),
  };
  return SPPNET_LEVELS.map((level) => {
    const cases = casesOf[level]();
    const report = classReport({
      names: CLASSES,
      classes: cases.map(({ label }) => (label ? 1 : 0)),
      scores: cases.map(({ score }) => score),
      patients: cases.map(({ patient }) => String(patient)),
    });
    return { level, cases, report };
  });
}
