/** Predictions as the DICOM objects that a PACS files beside the images. */
import { join } from 'node:path';
import {
  type Finding,
  type Reading,
  type ResultMaker,
  type ResultTime,
  resultObjects,
  type SourceImage,
} from '@mammoscope/dicom';
import { writeAside } from '@mammoscope/files';
import type { BoxPx } from '@mammoscope/imaging';
import { makeFolder } from '../run/make-folder.ts';
import type { RunRecord } from '../run/run-record.ts';
import type { PredictionSummary } from '../system.ts';
import { type JudgedPlace, judgedPlaces, predictedPaths, taskOf } from './judged-places.ts';
import { frameGreys, imagesByStudy, middleSlice, type ResultSources } from './result-sources.ts';
import { saysSaliency, writeSaliencyResults } from './saliency-results.ts';

/** Predictions of a run to be written. */
export interface DicomResultsRequest {
  readonly record: RunRecord;
  readonly summary: PredictionSummary;
  readonly sources: ResultSources;
  /** New, or empty. */
  readonly folder: string;
  /** Where the predictions were written: files that they name are read from there. */
  readonly predictions?: string;
  readonly maker: ResultMaker;
  readonly time: ResultTime;
}

/** Writes a folder of objects for each study, study-1 on, in the order of the manifest. Returns the paths, in the folder. */
export async function writeDicomResults(request: DicomResultsRequest): Promise<readonly string[]> {
  const { record, summary, sources, folder, maker, time } = request;
  if (saysSaliency(record.system)) return writeSaliencyResults(request);
  const places = judgedPlaces(summary, sources.rows);
  const predicted = predictedPaths(summary);
  await makeFolder(folder);
  const written: string[] = [];
  for (const [i, paths] of imagesByStudy(sources, predicted).entries()) {
    const study = `study-${i + 1}`;
    await makeFolder(join(folder, study));
    const ofStudy = places.filter(({ row }) => paths.includes(row.absolutePath));
    const reading = readingOf(request, ofStudy, paths);
    const shown = reading.findings.filter(({ probability }) => probability >= reading.cutoff);
    const pictures = await picturesOf(shown, ofStudy, paths);
    for (const { name, bytes } of resultObjects({ reading, maker, time, saliency: [], pictures })) {
      const path = join(study, `${name}.dcm`);
      await writeAside(join(folder, path), bytes());
      written.push(path);
    }
  }
  return written;
}

function sourceOf({ images }: ResultSources, path: string): SourceImage {
  return images.get(path) as SourceImage; // every row's file was read
}

const frameOf = ({ row, frame }: JudgedPlace): number => frame ?? middleSlice(row);

/** The places of one study. */
function readingOf(
  { record, summary, sources, maker }: DicomResultsRequest,
  places: readonly JudgedPlace[],
  paths: readonly string[],
): Reading {
  const { cutoff } = summary;
  const counts = Map.groupBy(places, ({ lesion }) => lesion);
  const isSeenTwice = (lesion: string | undefined): lesion is string =>
    lesion !== undefined && new Set(counts.get(lesion)?.map(({ row }) => row.absolutePath)).size > 1;
  const findings = places.map((place): Finding => {
    const { row, box, probability, lesion } = place;
    return {
      image: paths.indexOf(row.absolutePath),
      frame: frameOf(place),
      place: { boxPx: withinImage(box, sourceOf(sources, row.absolutePath)) },
      kind: 'calcification-cluster',
      probability,
      ...(isSeenTwice(lesion) ? { lesion } : {}),
    };
  });
  const lesions = new Map(
    places.flatMap(({ lesion, probability }) => (isSeenTwice(lesion) ? [[lesion, probability]] : [])),
  );
  return {
    images: paths.map((path) => sourceOf(sources, path)),
    algorithm: {
      name: record.system,
      version: maker.softwareVersion,
      parameters: [
        `preset ${record.preset}`,
        `seed ${record.seed}`,
        cutoff === null ? 'no cut-off beats chance' : `cut-off ${cutoff}`,
      ],
    },
    task: taskOf(record.system),
    looksFor: ['calcification-cluster'],
    findings,
    lesions: [...lesions].map(([name, probability]) => ({ name, probability })),
    cutoff: cutoff ?? Infinity,
    operatingPoints: [],
    failed: [],
  };
}

/** A box that a detector drew may reach over the edge. */
function withinImage([x1, y1, x2, y2]: BoxPx, { columns, rows }: SourceImage): BoxPx {
  return [Math.max(0, x1), Math.max(0, y1), Math.min(columns, x2), Math.min(rows, y2)];
}

/** A picture of each frame that a finding is shown in. */
async function picturesOf(shown: readonly Finding[], places: readonly JudgedPlace[], paths: readonly string[]) {
  const pictures = new Map<string, { readonly image: number; readonly frame: number; readonly greys: Uint8Array }>();
  for (const { image, frame } of shown) {
    const key = `${image} ${frame}`;
    const place = places.find(({ row }) => row.absolutePath === paths[image]);
    if (place && !pictures.has(key)) pictures.set(key, { image, frame, greys: await frameGreys(place.row, frame) });
  }
  return [...pictures.values()];
}
