/** What every report says of the algorithm: its name, on which images it ran and failed, its operating points; and the language. */
import {
  byReference,
  type Child,
  type ContentItem,
  coded,
  container,
  contains,
  hasProperties,
  inferredFrom,
  numeric,
  text,
} from '../structured-report/content-item.ts';
import { CODES, type Code, code } from '../write/codes.ts';
import { type Algorithm, namesOf, type OperatingPoint, type Reading } from './findings.ts';
import type { ImageLibrary } from './image-library.ts';
import { KIND_CODES } from './tracked-findings.ts';

/** TID 1204. */
export function languageItem(): ContentItem {
  return coded(CODES.language, CODES.english);
}

/** TID 4019. */
export function algorithmItems({ name, version, parameters }: Algorithm): readonly ContentItem[] {
  return [
    text(CODES.algorithmName, name),
    text(CODES.algorithmVersion, version),
    ...parameters.map((parameter) => text(CODES.algorithmParameters, parameter)),
  ];
}

/** A number from 0 to 1 as a percentage, rounded to six decimals, which is finer than any of ours. */
export function probabilityItem(probability: number, ...children: readonly (readonly Child[])[]): ContentItem {
  return numeric(CODES.probabilityOfCancer, Math.round(probability * 1e8) / 1e6, CODES.percent, ...children);
}

/** The unit of an integer between two: UCUM's annotation "{0:n}" with n in its place, as TID 4006 and 4023 ask. */
export function rangeUnit(least: number, most: number): Code {
  return code('UCUM', `{${least}:${most}}`, `range: ${least}:${most}`);
}

/** Summaries of detections and of analyses (rows 6 to 9 of TID 4000). That findings in two images are one lesion is an analysis. */
export function performedSummaries(reading: Reading, library: ImageLibrary): readonly ContentItem[] {
  const { task, looksFor, findings } = reading;
  const isDetection = task === 'detection';
  const analyses = [
    ...(isDetection ? [] : [CODES.individualImpressionAnalysis]),
    ...(namesOf(findings).length > 0 ? [CODES.spatialCollocation] : []),
  ];
  return [
    performedSummary(reading, library, {
      summary: CODES.summaryOfDetections,
      successful: CODES.successfulDetections,
      failed: CODES.failedDetections,
      performed: CODES.detectionPerformed,
      what: isDetection ? looksFor.map((kind) => KIND_CODES[kind].single) : [],
      operatingPoints: operatingPointItems,
    }),
    performedSummary(reading, library, {
      summary: CODES.summaryOfAnalyses,
      successful: CODES.successfulAnalyses,
      failed: CODES.failedAnalyses,
      performed: CODES.analysisPerformed,
      what: analyses,
    }),
  ];
}

/** The concepts in which detections (TID 4015 and 4017) and analyses (TID 4016 and 4018) differ. */
interface Concepts {
  readonly summary: Code;
  readonly successful: Code;
  readonly failed: Code;
  readonly performed: Code;
  /** None where none was attempted. */
  readonly what: readonly Code[];
  readonly operatingPoints?: (points: readonly OperatingPoint[]) => readonly ContentItem[];
}

function performedSummary(reading: Reading, library: ImageLibrary, concepts: Concepts): ContentItem {
  if (concepts.what.length === 0) return coded(concepts.summary, CODES.notAttempted);
  const { images, failed } = reading;
  const isFailed = (index: number) => failed.includes(index);
  const indices = [...images.keys()];
  const groups = [
    { name: concepts.successful, images: indices.filter((index) => !isFailed(index)) },
    { name: concepts.failed, images: indices.filter(isFailed) },
  ].filter((group) => group.images.length > 0);
  const [group] = groups;
  const status =
    groups.length > 1 ? CODES.partiallySucceeded : group?.name === concepts.failed ? CODES.failed : CODES.succeeded;
  return coded(
    concepts.summary,
    status,
    inferredFrom(
      ...groups.map(({ name, images }) =>
        container(name, contains(...concepts.what.map((what) => performed(what, images, reading, library, concepts)))),
      ),
    ),
  );
}

/** TID 4017 and 4018: the algorithm, the images that it ran on, and for detections its operating points. */
function performed(
  what: Code,
  images: readonly number[],
  { algorithm, operatingPoints }: Reading,
  library: ImageLibrary,
  concepts: Concepts,
): ContentItem {
  return coded(
    concepts.performed,
    what,
    hasProperties(...algorithmItems(algorithm)),
    byReference(hasProperties(...images.map((index) => library.imageEntry(index)))),
    hasProperties(...(concepts.operatingPoints?.(operatingPoints) ?? [])),
  );
}

/** TID 4023. Point 0, the strictest, is the cut-off of the reading and the one to begin with. */
function operatingPointItems(points: readonly OperatingPoint[]): readonly ContentItem[] {
  if (points.length === 0) return [];
  const most = points.length - 1;
  const unit = rangeUnit(0, most);
  return [
    numeric(CODES.maximumOperatingPoint, most, CODES.arbitraryUnit),
    numeric(CODES.recommendedOperatingPoint, 0, unit),
    container(
      CODES.operatingPointTable,
      contains(
        coded(CODES.xConcept, CODES.falseMarkersPerImage),
        coded(CODES.yConcept, CODES.lesionSensitivity),
        ...points.map(({ cutoff, sensitivity, falseMarksPerImage }, i) =>
          numeric(
            CODES.operatingPoint,
            i,
            unit,
            hasProperties(
              text(CODES.operatingPointDescription, `Findings with a probability of ${cutoff} and above`),
              numeric(CODES.falseMarkersPerImage, falseMarksPerImage, CODES.one),
              numeric(CODES.lesionSensitivity, sensitivity, CODES.one),
            ),
          ),
        ),
      ),
    ),
  ];
}
