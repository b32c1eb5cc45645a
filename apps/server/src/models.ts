/** The runs that read studies. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { access, readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type RunRecord, readRunRecord, sourceTask, systemOf } from '@mammoscope/systems';
import type { ImageSummary, Lesion, Model, ModelInput } from './api-types.ts';
import { ServerError } from './errors.ts';

/** A run with what the server knows of it. */
export interface LoadedModel {
  readonly model: Model;
  readonly folder: string;
  readonly record: RunRecord;
  /** Kinds of images that it reads. */
  readonly modalities: readonly Modality[];
}

type Modality = ImageSummary['modality'];
const FLAT: readonly Modality[] = ['DM', 'SYNTHETIC2D'];
const ALL: readonly Modality[] = [...FLAT, 'DBT'];

const DIGEST_LETTERS = 12;

/** Opens run folders. SystemError where one holds no run, ServerError 'setting-invalid' where two hold the same. */
export async function loadModels(folders: readonly string[]): Promise<readonly LoadedModel[]> {
  const models: LoadedModel[] = [];
  for (const folder of folders) models.push(await loadModel(folder));
  const ids = models.map(({ model }) => model.id);
  const twice = ids.find((id, i) => ids.indexOf(id) !== i);
  if (twice !== undefined)
    throw new ServerError('setting-invalid', `two folders hold the run ${twice}: name one of them with --model`);
  return models;
}

async function loadModel(folder: string): Promise<LoadedModel> {
  const record = await readRunRecord(folder);
  const system = systemOf(record);
  const id = `${system.name}-${await digestOf(folder)}`;
  const isThere = (name: string) =>
    access(join(folder, name)).then(
      () => true,
      () => false,
    );
  const model: Model = {
    ...{ id, system: system.name, name: basename(folder), preset: record.preset },
    ...{ classes: record.classes, members: record.members, input: inputOf(record), hasPlaces: hasPlaces(record) },
    report: (await isThere('report.html')) ? `/api/models/${id}/report` : null,
    cases: (await isThere('predictions.csv')) ? `/api/models/${id}/cases` : null,
  };
  return { model, folder, record, modalities: modalitiesOf(record) };
}

/** What makes predictions differ: the record, the weights, and the validation scores that cut-offs are chosen by; not the state of a training that may go on. */
async function digestOf(folder: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true });
  const decides = (name: string) =>
    name.endsWith('.safetensors') ? basename(name) !== 'last.safetensors' : basename(name) === 'validation.csv';
  const hash = createHash('sha256');
  for (const name of ['run.json', ...entries.filter(decides).sort()]) {
    hash.update(`${name}\n`);
    for await (const piece of createReadStream(join(folder, name))) hash.update(piece as Buffer);
  }
  return hash.digest('hex').slice(0, DIGEST_LETTERS);
}

/** Kang 2021 judges whole images unless its recipe cuts out lesions. */
function inputOf({ system, recipe }: RunRecord): ModelInput {
  if (system === 'xiao2021') return 'lesions';
  if (system === 'kang2021') return Number(recipe.roiPx ?? 0) > 0 ? 'lesions' : 'images';
  return system === 'liang2019' ? 'pairs' : 'images';
}

/** 3D-GMIC reads what its run was trained on, Xiao 2021 tomosyntheses; detectors and classifiers of whole images read films. */
function modalitiesOf(record: RunRecord): readonly Modality[] {
  const { modalities } = record.recipe;
  if (record.system === 'park2022' && Array.isArray(modalities)) return ALL.filter((each) => modalities.includes(each));
  if (record.system === 'xiao2021') return ['DBT'];
  return inputOf(record) === 'images' ? FLAT : ALL;
}

/** Where lesions are given, or the system finds where something is; a judgement of a whole image has no place in it. */
function hasPlaces(record: RunRecord): boolean {
  try {
    return sourceTask(record.system) === 'detection' || inputOf(record) === 'lesions';
  } catch {
    return false;
  }
}

/** Whether a study has what a model reads; lesions are given with the request, in images that it reads. */
export function canRead(
  { model: { input }, modalities }: LoadedModel,
  images: readonly Pick<ImageSummary, 'instance' | 'modality'>[],
  lesions: readonly Pick<Lesion, 'instance'>[],
): boolean {
  const has = (wanted: readonly Modality[], among = images) => among.some(({ modality }) => wanted.includes(modality));
  const marked = images.filter((image) => lesions.some(({ instance }) => instance === image.instance));
  // a tomosynthesis whose mammogram is missing is half a study: it fails, and says so
  if (input === 'pairs') return has(['DBT']);
  return has(modalities, input === 'lesions' ? marked : images);
}
