/** A structured report as an object: the modules around its content tree. */
import type { ContentItem } from '../structured-report/content-item.ts';
import { documentContent, referencedImage } from '../structured-report/content-item.ts';
import type { WrittenDataSet } from '../write/data-set.ts';
import {
  patientAndStudy,
  type ResultContext,
  type ResultInstance,
  resultCommon,
  resultEquipment,
  resultSeries,
} from './result-modules.ts';
import { referenceTo, type SourceImage } from './source-image.ts';

/** Storage classes of reports (PS3.4 B.5). */
export const REPORT_CLASS = {
  mammographyCad: '1.2.840.10008.5.1.4.1.1.88.50',
  comprehensive: '1.2.840.10008.5.1.4.1.1.88.33',
} as const;

/** A content tree with the template of PS3.16 that it follows, and the images that it is about. */
export interface Report {
  readonly kind: keyof typeof REPORT_CLASS;
  readonly root: ContentItem;
  readonly templateIdentifier: string;
  readonly images: readonly SourceImage[];
}

/** The data set of a report (PS3.3 A.35.3 and A.35.5). */
export function reportObject(report: Report, context: ResultContext, instance: ResultInstance): WrittenDataSet {
  return {
    ...patientAndStudy(context),
    ...resultSeries(context, instance),
    ReferencedPerformedProcedureStepSequence: [], // SR Document Series, C.17.1
    ...resultEquipment(context),
    ...documentGeneral(report, context),
    ...documentContent(report.root, report.templateIdentifier),
    ...resultCommon(context, instance, REPORT_CLASS[report.kind]),
  };
}

/** SR Document General, PS3.3 C.17.2: nobody has verified what a program says. */
function documentGeneral({ images }: Report, { time, identity }: ResultContext): WrittenDataSet {
  return {
    CompletionFlag: 'COMPLETE',
    VerificationFlag: 'UNVERIFIED',
    ContentDate: time.date,
    ContentTime: time.time,
    PerformedProcedureCodeSequence: [],
    CurrentRequestedProcedureEvidenceSequence: [
      {
        StudyInstanceUID: identity.StudyInstanceUID ?? '',
        ReferencedSeriesSequence: seriesOf(images),
      },
    ],
  };
}

/** Images by series, as references to evidence name them (PS3.3 table C.17-3). */
export function seriesOf(images: readonly SourceImage[]): readonly WrittenDataSet[] {
  const bySeries = Map.groupBy(images, ({ seriesInstanceUid }) => seriesInstanceUid);
  return [...bySeries].map(([uid, members]) => ({
    SeriesInstanceUID: uid,
    ReferencedSOPSequence: members.map((member) => referencedImage(referenceTo(member))),
  }));
}
