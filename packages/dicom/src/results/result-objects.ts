/** The objects of a reading: everything that a PACS files beside the images, from findings. */
import { createHash } from 'node:crypto';
import { DicomError } from '../errors.ts';
import { CODES } from '../write/codes.ts';
import type { WrittenDataSet } from '../write/data-set.ts';
import { dicomBytes, type PixelPiece } from '../write/dicom-bytes.ts';
import { uidOf } from '../write/uid.ts';
import { withMarks } from './burnt-marks.ts';
import { findingMask } from './finding-mask.ts';
import { checkReading, outlineOf, type Reading } from './findings.ts';
import { mammographyCadReport } from './mammography-cad.ts';
import { measurementReport } from './measurement-report.ts';
import { REPORT_CLASS, type Report, reportObject } from './report-object.ts';
import type { ResultContext, ResultInstance, ResultMaker, ResultTime } from './result-modules.ts';
import { SECONDARY_CAPTURE, secondaryCapture } from './secondary-capture.ts';
import { SEGMENTATION_STORAGE, type Segmentation, segmentationObject } from './segmentation.ts';
import type { SourceImage } from './source-image.ts';
import { KIND_CODES, type TrackedFinding, trackFindings } from './tracked-findings.ts';

/** What a network looked at: 0 to 1 for each pixel of a frame, row-major, [rows, columns]. */
export interface Saliency {
  /** Index of the image; the frame is counted from 0. */
  readonly image: number;
  readonly frame: number;
  readonly values: Float32Array;
}

/** A frame as it is to be seen: 0 black to 255 white, row-major, [rows, columns]. */
export interface FramePicture {
  readonly image: number;
  readonly frame: number;
  readonly greys: Uint8Array;
}

/** What objects are to be made of. */
export interface ResultRequest {
  readonly reading: Reading;
  readonly maker: ResultMaker;
  readonly time: ResultTime;
  readonly saliency: readonly Saliency[];
  readonly pictures: readonly FramePicture[];
}

/** One object. */
export interface ResultObject {
  /** For the name of a file: letters, digits and hyphens. */
  readonly name: string;
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
  /** The file in pieces, made when they are asked for, because masks of a mammogram are megabytes each. */
  bytes(): Iterable<Uint8Array>;
}

/** Series of results; the numbers keep them apart from those of a modality, and behind them. */
const SERIES = {
  cad: { number: 9101, modality: 'SR', description: 'Mammography CAD, research' },
  measurements: { number: 9102, modality: 'SR', description: 'Measurements of findings, research' },
  marks: { number: 9103, modality: 'SEG', description: 'Findings as masks, research' },
  saliency: { number: 9104, modality: 'SEG', description: 'Saliency, research' },
  pictures: { number: 9105, modality: 'OT', description: 'Pictures with marks, research' },
} as const;
type Kind = keyof typeof SERIES;

/** An object before it is encoded. */
interface Draft {
  readonly kind: Kind;
  readonly sopClassUid: string;
  draw(context: ResultContext, instance: ResultInstance): Drawn;
}
interface Drawn {
  readonly dataSet: WrittenDataSet;
  readonly pixels?: readonly PixelPiece[];
}

/**
 * The objects of a reading: a Mammography CAD SR and a measurement report; a binary segmentation of the findings that are shown of each image; a fractional
 * one of the saliency of each image; a picture with burnt-in marks for each frame that was handed in. The same request gives the same bytes. Throws
 * DicomError 'reading-invalid' and, when bytes are asked for, 'value-invalid'.
 */
export function resultObjects(request: ResultRequest): readonly ResultObject[] {
  const { reading, maker, time } = request;
  checkReading(reading);
  if (maker.serialNumber === '' || maker.softwareVersion === '')
    throw new DicomError(
      'reading-invalid',
      'the maker of results has a serial number and a version (PS3.3 C.7.5.2): give both',
    );
  const [{ identity }] = reading.images as readonly [SourceImage, ...SourceImage[]];
  const context = { identity, algorithm: reading.algorithm, maker, time };
  const shown = trackFindings(reading).filter(({ isShown }) => isShown);
  const drafts = [
    ...reports(reading, maker),
    ...reading.images.flatMap((source, image) =>
      marksOf(
        source,
        shown.filter((finding) => finding.image === image),
      ),
    ),
    ...saliencyMaps(request),
    ...pictures(request, shown),
  ];
  const key = digest(request);
  const counts = new Map<Kind, number>();
  return drafts.map(({ kind, sopClassUid, draw }) => {
    const number = (counts.get(kind) ?? 0) + 1;
    counts.set(kind, number);
    const sopInstanceUid = uidOf('mammoscope', 'result', key, kind, number);
    const series = { uid: uidOf('mammoscope', 'series', key, kind), ...SERIES[kind] };
    return {
      name: `${kind}-${number}`,
      sopClassUid,
      sopInstanceUid,
      *bytes() {
        const { dataSet, pixels } = draw(context, { sopInstanceUid, number, series });
        yield* dicomBytes(dataSet, pixels);
      },
    };
  });
}

function reports(reading: Reading, maker: ResultMaker): readonly Draft[] {
  const { images } = reading;
  const draft = (kind: 'cad' | 'measurements', report: Omit<Report, 'images'>): Draft => ({
    kind,
    sopClassUid: REPORT_CLASS[report.kind],
    draw: (context, instance) => ({ dataSet: reportObject({ ...report, images }, context, instance) }),
  });
  return [
    draft('cad', { kind: 'mammographyCad', root: mammographyCadReport(reading), templateIdentifier: '4000' }),
    draft('measurements', {
      kind: 'comprehensive',
      root: measurementReport(reading, maker),
      templateIdentifier: '1500',
    }),
  ];
}

/** The findings of an image that have an extent, each a segment. */
function marksOf(source: SourceImage, findings: readonly TrackedFinding[]): readonly Draft[] {
  const regions = findings.filter(({ place }) => !('pointPx' in place));
  if (regions.length === 0) return [];
  const { rows, columns } = source;
  return [
    segmentationDraft('marks', () => ({
      source,
      type: 'BINARY',
      contentLabel: 'FINDINGS',
      segments: regions.map(({ label, kind, trackingUid }) => ({
        label,
        propertyType: KIND_CODES[kind].segment,
        trackingIdentifier: label,
        trackingUid,
      })),
      masks: regions.map(({ frame, place }, segment) => ({
        segment,
        frame,
        mask: findingMask(outlineOf(place), rows, columns),
      })),
    })),
  ];
}

/** The saliency of each image that has some, its frames as one segment. */
function saliencyMaps({ reading, saliency }: ResultRequest): readonly Draft[] {
  const byImage = Map.groupBy(saliency, ({ image }) => image);
  return [...byImage].map(([image, maps]) => {
    const source = imageOf(reading, image, 'saliency');
    const { name } = reading.algorithm;
    return segmentationDraft('saliency', () => ({
      source,
      type: 'FRACTIONAL',
      contentLabel: 'SALIENCY',
      segments: [
        {
          label: 'Saliency',
          propertyType: CODES.lesion,
          trackingIdentifier: `Saliency of ${name}`,
          trackingUid: uidOf('mammoscope', 'saliency', source.sopInstanceUid, name, reading.algorithm.version),
        },
      ],
      masks: maps.map(({ frame, values }) => ({ segment: 0, frame, mask: values })),
    }));
  });
}

function segmentationDraft(kind: 'marks' | 'saliency', segmentation: () => Segmentation): Draft {
  return {
    kind,
    sopClassUid: SEGMENTATION_STORAGE,
    draw: (context, instance) => segmentationObject(segmentation(), context, instance),
  };
}

function pictures({ reading, pictures }: ResultRequest, shown: readonly TrackedFinding[]): readonly Draft[] {
  return pictures.map(({ image, frame, greys }) => {
    const source = imageOf(reading, image, 'a picture');
    const findings = shown.filter((finding) => finding.image === image && finding.frame === frame);
    return {
      kind: 'pictures',
      sopClassUid: SECONDARY_CAPTURE,
      draw: (context, instance) => {
        const dataSet = secondaryCapture({ source, frame, greys }, context, instance);
        return { dataSet, pixels: [withMarks({ source, frame, greys }, findings).greys] };
      },
    };
  });
}

function imageOf({ images }: Reading, index: number, what: string): SourceImage {
  const source = images[index];
  if (source) return source;
  throw new DicomError('reading-invalid', `${what} is of image ${index}; there are ${images.length}, counted from 0`);
}

/** Of everything that decides the bytes of the objects. */
function digest({ reading, maker, time, saliency, pictures }: ResultRequest): string {
  const { images, ...said } = reading;
  const uids = images.map(({ sopInstanceUid }) => sopInstanceUid);
  const hash = createHash('sha256').update(JSON.stringify([uids, said, maker, time]));
  for (const { image, frame, values } of saliency)
    hash
      .update(JSON.stringify(['saliency', image, frame]))
      .update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  for (const { image, frame, greys } of pictures) hash.update(JSON.stringify(['picture', image, frame])).update(greys);
  return hash.digest('hex');
}
