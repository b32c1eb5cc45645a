/** A study read by a run: its images as a manifest, the system's predictions, DICOM objects where they have a place, and the result in one form. */
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ResultMaker, ResultTime } from '@mammoscope/dicom';
import { writeAside } from '@mammoscope/files';
import type { Engine } from '@mammoscope/runtime';
import {
  type ResultSources,
  readResultSources,
  sourceTask,
  systemOf,
  versions,
  writeDicomResults,
} from '@mammoscope/systems';
import type { AnalysisResult, Lesion } from '../api-types.ts';
import type { Database } from '../database/database.ts';
import type { LoadedModel } from '../models.ts';
import type { WorkSettings } from '../settings.ts';
import type { Storage } from '../storage/study-files.ts';
import { predictionFile } from './prediction-form.ts';
import { progressNotes } from './progress-notes.ts';
import { resultOf } from './result.ts';
import { writeStudyManifest } from './study-manifest.ts';

/** What is needed to read a study. */
export interface ReadingPlace {
  readonly database: Database;
  readonly storage: Storage;
  readonly settings: WorkSettings;
  readonly engine: Engine;
}

/** A study that is to be read. */
export interface StudyToRead {
  readonly analysis: string;
  readonly attempt: number;
  readonly study: string;
  readonly loaded: LoadedModel;
  readonly lesions: readonly Lesion[];
  /** Told what is being done and how far it is, 0 to 1. */
  readonly onStep: (step: string, progress: number) => Promise<void>;
}

const READING = 'reading images';
/** Between which shares of an analysis its model reads. */
const [READ_FROM, READ_TO] = [0.15, 0.85];

/** Name of the result's file in the folder of an attempt. */
export const RESULT_FILE = 'result.json';

/** Reads a study and leaves everything in the folder of its attempt. Throws what system, images and files throw. */
export async function readStudy(place: ReadingPlace, todo: StudyToRead): Promise<AnalysisResult> {
  const { storage, settings, engine } = place;
  const { model, record, folder: run } = todo.loaded;
  const folder = storage.attempt(todo.analysis, todo.attempt);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await todo.onStep('preparing', 0.05);
  const manifest = await writeStudyManifest({ ...place, folder }, todo.study, todo.loaded, todo.lesions);
  const sources = model.hasPlaces ? await readResultSources([manifest.path], sourceTask(model.system)) : undefined;
  await todo.onStep(READING, READ_FROM);
  const out = join(folder, 'predictions');
  await mkdir(out);
  const notes = progressNotes((share) => todo.onStep(READING, READ_FROM + (READ_TO - READ_FROM) * share));
  const summary = await systemOf(record).predict({ engine, run, files: [manifest.path], out, ...notes });
  await notes.noted();
  await todo.onStep('writing results', READ_TO);
  if (sources) await writeObjects(sources);
  const file = predictionFile.parse(JSON.parse(await readFile(join(out, 'predictions.json'), 'utf8')));
  const { mammoscope: version = '' } = versions();
  const result = await resultOf({ ...todo, model, version, file, manifest, folder });
  await writeAside(join(folder, RESULT_FILE), `${JSON.stringify(result, null, 2)}\n`);
  return result;

  async function writeObjects(of: ResultSources): Promise<void> {
    await writeDicomResults({
      record,
      summary,
      sources: of,
      predictions: out,
      folder: join(folder, 'dicom'),
      maker: makerOf(settings),
      time: timeOf(new Date()),
    });
  }
}

/** The equipment module of DICOM objects. */
function makerOf({ institution, department, station }: WorkSettings): ResultMaker {
  const { mammoscope: softwareVersion = '' } = versions();
  return { institution, address: '', department, station, serialNumber: 'none', softwareVersion };
}

/** YYYYMMDD and HHMMSS, local time, as DICOM has them. */
function timeOf(now: Date): ResultTime {
  const two = (value: number) => String(value).padStart(2, '0');
  return {
    date: `${now.getFullYear()}${two(now.getMonth() + 1)}${two(now.getDate())}`,
    time: [now.getHours(), now.getMinutes(), now.getSeconds()].map(two).join(''),
  };
}
