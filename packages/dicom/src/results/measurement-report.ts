/** A report for viewers that know no mammography CAD: Measurement Report, PS3.16 TID 1500, a measured region a finding (TID 1410). */
import {
  type ContentItem,
  coded,
  container,
  contains,
  hasConceptModifier,
  hasObservationContext,
  image,
  selectedFrom,
  spatialCoordinates,
  text,
  uidReference,
} from '../structured-report/content-item.ts';
import { CODES } from '../write/codes.ts';
import { outlineOf, type Reading } from './findings.ts';
import { algorithmItems, languageItem, probabilityItem } from './performed-algorithms.ts';
import { deviceUid, PROGRAM, type ResultMaker, STATEMENT } from './result-modules.ts';
import { referenceTo } from './source-image.ts';
import { KIND_CODES, type TrackedFinding, trackFindings } from './tracked-findings.ts';

/** Root of the report of a reading: every finding that is to be shown, with its region, what it is and the probability of cancer. */
export function measurementReport(reading: Reading, maker: ResultMaker): ContentItem {
  const shown = trackFindings(reading).filter(({ isShown }) => isShown);
  const entries = reading.images.map((source) => image(referenceTo(source), undefined));
  return container(
    CODES.imagingMeasurementReport,
    hasConceptModifier(languageItem()),
    hasObservationContext(...deviceObserver(maker)),
    hasConceptModifier(coded(CODES.procedureReported, CODES.mammography)),
    contains(
      container(CODES.imageLibrary, contains(container(CODES.imageLibraryGroup, contains(...entries)))), // TID 1600
      container(CODES.imagingMeasurements, contains(...shown.map((finding) => measurementGroup(finding, reading)))),
    ),
  );
}

/** TID 1002 and 1004: no person looked. */
function deviceObserver(maker: ResultMaker): readonly ContentItem[] {
  return [
    coded(CODES.observerType, CODES.device),
    uidReference(CODES.deviceObserverUid, deviceUid(maker)),
    text(CODES.deviceObserverName, STATEMENT),
    text(CODES.deviceObserverManufacturer, PROGRAM),
    text(CODES.deviceObserverModel, PROGRAM),
    text(CODES.deviceObserverSerialNumber, maker.serialNumber),
  ];
}

/** TID 1410 with the measurements of TID 1419. The algorithm modifies its measurement, which is where TID 1419 has it. */
function measurementGroup(finding: TrackedFinding, { images, algorithm }: Reading): ContentItem {
  const source = images[finding.image];
  const points = outlineOf(finding.place);
  const meta = source?.frameMeta(finding.frame) ?? {};
  const side = meta.ImageLaterality ?? meta.FrameLaterality;
  const laterality = side === 'L' ? [CODES.left] : side === 'R' ? [CODES.right] : [];
  const region = spatialCoordinates(
    CODES.imageRegion,
    points.length > 1 ? 'POLYLINE' : 'POINT',
    points,
    selectedFrom(...(source ? [image(referenceTo(source, finding.frame), undefined)] : [])),
  );
  const site = coded(
    CODES.findingSite,
    CODES.breast,
    hasConceptModifier(...laterality.map((value) => coded(CODES.laterality, value))),
  );
  return container(
    CODES.measurementGroup,
    hasObservationContext(
      text(CODES.trackingIdentifier, finding.label),
      uidReference(CODES.trackingUid, finding.trackingUid),
    ),
    contains(coded(CODES.finding, KIND_CODES[finding.kind].segment), region),
    hasConceptModifier(site),
    contains(probabilityItem(finding.probability, hasConceptModifier(...algorithmItems(algorithm)))),
  );
}
