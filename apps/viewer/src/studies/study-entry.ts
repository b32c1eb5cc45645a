/** A line of the work list, whoever keeps the study: this page or the server. */
import type { StudyReading } from '../findings/readings.ts';
import type { StudyImage } from '../images/study-image.ts';

/** A study that can be opened. */
export interface StudyEntry {
  /** For the address of its page; names no patient. */
  readonly key: string;
  readonly patientName: string;
  readonly patientId: string;
  /** YYYYMMDD, or nothing. */
  readonly date: string;
  readonly description: string;
  /** "R CC" and so on. */
  readonly views: readonly string[];
  readonly imageCount: number;
  /** The highest probability of cancer that a model gave; null before one read it. */
  readonly priority: number | null;
  /** In words, with what went wrong. */
  readonly state: string;
  /** 0 to 1 while a model reads it. */
  readonly progress: number | null;
}

/** A study that was opened. */
export interface OpenStudy {
  readonly entry: StudyEntry;
  readonly images: readonly StudyImage[];
  readonly priorImages: readonly StudyImage[];
  readonly priorDate: string | null;
  readonly readings: readonly StudyReading[];
  /** The study with what takes longer to fetch, its prior and readings; null where there is no more. */
  readonly whole: Promise<OpenStudy> | null;
  /** Images that could not be read, with the reason. */
  readonly faults: readonly string[];
}

/** The most suspicious first; then what waits for a model; by date within. */
export function byPriority(a: StudyEntry, b: StudyEntry): number {
  return (b.priority ?? -1) - (a.priority ?? -1) || b.date.localeCompare(a.date) || a.key.localeCompare(b.key);
}
