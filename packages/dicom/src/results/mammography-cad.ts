/** Mammography CAD SR: the content tree of PS3.16 TID 4000 with its sub-templates. */
import {
  byReference,
  type Child,
  type ContentItem,
  coded,
  container,
  contains,
  hasConceptModifier,
  hasObservationContext,
  hasProperties,
  inferredFrom,
  numeric,
  selectedFrom,
  spatialCoordinates,
  text,
  uidReference,
} from '../structured-report/content-item.ts';
import { CODES, type Code } from '../write/codes.ts';
import { uidOf } from '../write/uid.ts';
import { centreOf, namesOf, outlineOf, type Reading } from './findings.ts';
import { type ImageLibrary, imageLibrary } from './image-library.ts';
import {
  algorithmItems,
  languageItem,
  performedSummaries,
  probabilityItem,
  rangeUnit,
} from './performed-algorithms.ts';
import { STATEMENT } from './result-modules.ts';
import { KIND_CODES, type TrackedFinding, trackFindings } from './tracked-findings.ts';

/** Root of the report of a reading (TID 4000). */
export function mammographyCadReport(reading: Reading): ContentItem {
  const findings = trackFindings(reading);
  const library = imageLibrary(
    reading.images,
    findings.map(({ image, frame }) => [image, frame]),
  );
  return container(
    CODES.mammographyCadReport,
    hasConceptModifier(languageItem()),
    contains(
      container(CODES.imageLibrary, contains(...library.entries)),
      overallImpression(reading, findings, library),
      ...performedSummaries(reading, library),
    ),
  );
}

/** TID 4001: whether there are findings, and the words that say what this is. */
function overallImpression(reading: Reading, findings: readonly TrackedFinding[], library: ImageLibrary): ContentItem {
  const lone = findings.filter(({ lesion }) => lesion === undefined);
  return coded(
    CODES.findingsSummary,
    summaryCode(reading),
    hasProperties(text(CODES.impressionDescription, STATEMENT), ...algorithmItems(reading.algorithm)), // TID 4002
    inferredFrom(
      ...namesOf(findings).map((name) => lesionImpression(name, reading, findings, library)),
      ...lone.map((finding) => impression(intentOf(finding), contains(singleImageFinding(finding, reading, library)))),
    ),
  );
}

/** CID 6047. Without a finding and without an image on which the algorithm ran, nothing succeeded. */
function summaryCode({ images, failed, findings }: Reading): Code {
  const ran = images.length - new Set(failed).size;
  if (ran === 0) return CODES.noneSucceeded;
  if (ran === images.length) return findings.length > 0 ? CODES.allSucceededFindings : CODES.allSucceededNothing;
  return findings.length > 0 ? CODES.someSucceededFindings : CODES.someSucceededNothing;
}

/** TID 4003. */
function impression(intent: Code, findings: readonly Child[]): ContentItem {
  return container(CODES.individualImpression, hasConceptModifier(coded(CODES.renderingIntent, intent)), findings);
}

/** A lesion in several images: a composite feature (TID 4004) that is inferred from what each of them shows. */
function lesionImpression(
  name: string,
  reading: Reading,
  all: readonly TrackedFinding[],
  library: ImageLibrary,
): ContentItem {
  const findings = all.filter(({ lesion }) => lesion === name);
  const [first] = findings as [TrackedFinding];
  const probability = reading.lesions.find((lesion) => lesion.name === name)?.probability ?? 0;
  const intent = intentOf(first);
  const feature = coded(
    CODES.compositeFeature,
    KIND_CODES[first.kind].composite,
    hasConceptModifier(coded(CODES.renderingIntent, intent)),
    hasObservationContext(
      text(CODES.trackingIdentifier, `Lesion ${name}`),
      uidReference(CODES.trackingUid, uidOf('mammoscope', 'lesion', ...findings.map(({ trackingUid }) => trackingUid))),
    ),
    hasProperties(
      coded(CODES.compositeType, CODES.relatedSpatially),
      coded(CODES.scopeOfFeature, CODES.onMultipleImages),
      ...algorithmItems(reading.algorithm),
      probabilityItem(probability),
    ),
    inferredFrom(...findings.map((finding) => singleImageFinding(finding, reading, library))),
  );
  return impression(intent, contains(feature));
}

/** TID 4006. */
function singleImageFinding(
  finding: TrackedFinding,
  { algorithm, operatingPoints }: Reading,
  library: ImageLibrary,
): ContentItem {
  const intent = intentOf(finding);
  const { kind, label, trackingUid, calcifications, operatingPoint } = finding;
  const point =
    intent === CODES.presentationOptional && operatingPoint !== undefined
      ? [numeric(CODES.operatingPoint, operatingPoint, rangeUnit(1, operatingPoints.length - 1))]
      : [];
  return coded(
    CODES.singleImageFinding,
    KIND_CODES[kind].single,
    hasConceptModifier(coded(CODES.renderingIntent, intent, hasProperties(...point))),
    hasObservationContext(text(CODES.trackingIdentifier, label), uidReference(CODES.trackingUid, trackingUid)),
    hasProperties(
      ...algorithmItems(algorithm),
      probabilityItem(finding.probability),
      ...geometry(finding, library),
      ...(calcifications === undefined ? [] : [numeric(CODES.numberOfCalcifications, calcifications, CODES.one)]), // TID 4010
    ),
  );
}

/** Shown, shown when a looser operating point is chosen, or not shown (PS3.17 E.4). */
function intentOf({ isShown, operatingPoint }: TrackedFinding): Code {
  if (isShown) return CODES.presentationRequired;
  return operatingPoint === undefined ? CODES.notForPresentation : CODES.presentationOptional;
}

/** TID 4021: the centre, and the outline of what has an extent, in the image or slice of the library. */
function geometry({ place, image, frame }: TrackedFinding, library: ImageLibrary): readonly ContentItem[] {
  const from = () => byReference(selectedFrom(library.frameEntry(image, frame)));
  const outline = outlineOf(place);
  return [
    spatialCoordinates(CODES.centre, 'POINT', [centreOf(place)], from()),
    ...(outline.length > 1 ? [spatialCoordinates(CODES.outline, 'POLYLINE', outline, from())] : []),
  ];
}
