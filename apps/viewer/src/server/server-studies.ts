/** Studies of the server: its work list, kept up to date by its events, and the studies that are opened. */
import type { ImageSummary, Study, StudySummary } from '@mammoscope/server/api-types';
import { type ImageFacts, kindByView, shownName } from '../images/image-facts.ts';
import type { ImagePool } from '../images/image-pool.ts';
import { StudyImage } from '../images/study-image.ts';
import { listen } from '../own-origin.ts';
import type { OpenStudy, StudyEntry } from '../studies/study-entry.ts';
import { readResult, readStudies, readStudy } from './server-client.ts';
import { readingOf } from './server-reading.ts';

/** Events that come together are one change. */
const GATHER_MS = 300;

export class ServerStudies {
  readonly #pool: ImagePool;
  readonly #images = new Map<string, StudyImage>();
  #entries: readonly StudyEntry[] = [];

  constructor(pool: ImagePool) {
    this.#pool = pool;
  }

  entries(): readonly StudyEntry[] {
    return this.#entries;
  }

  async refresh(): Promise<void> {
    const { studies } = await readStudies();
    this.#entries = studies.map(entryOf);
  }

  /** Tells of studies that came, changed or went, and whether the server is there, until what it returns is called. */
  watch(changed: (studies: ReadonlySet<string>) => void, isThere: (is: boolean) => void): () => void {
    let timer = 0;
    let waiting = new Set<string>();
    const heard = (_type: string, data: string) => {
      waiting.add((JSON.parse(data) as { readonly study: string }).study);
      clearTimeout(timer);
      timer = self.setTimeout(() => {
        changed(waiting);
        waiting = new Set();
      }, GATHER_MS);
    };
    return listen('api/events', ['study', 'analysis', 'removed'], heard, isThere);
  }

  /** A study with its images at once; its latest prior and what models that are done say come after, so that pictures do not wait for them. */
  async open(uid: string): Promise<OpenStudy> {
    const study = await readStudy(uid);
    const begun: OpenStudy = {
      entry: entryOf(study),
      images: this.#shown(study),
      priorImages: [],
      priorDate: null,
      readings: [],
      whole: null,
      faults: study.analyses.flatMap(({ system, error }) => (error ? [`${system}: ${error.message}`] : [])),
    };
    const hasMore = study.priors.length > 0 || study.analyses.some(({ result }) => result !== null);
    return hasMore ? { ...begun, whole: this.#whole(study, begun) } : begun;
  }

  async #whole(study: Study, begun: OpenStudy): Promise<OpenStudy> {
    const [last] = study.priors;
    const done = study.analyses.flatMap(({ result }) => (result === null ? [] : [result]));
    const [prior, results] = await Promise.all([last && readStudy(last.study), Promise.all(done.map(readResult))]);
    return {
      ...begun,
      priorImages: prior ? this.#shown(prior) : [],
      priorDate: last?.date ?? null,
      readings: results.sort((a, b) => b.score - a.score).map(readingOf),
    };
  }

  #shown(study: Study): readonly StudyImage[] {
    return study.instances.filter(isShown).map((image) => this.#image(study, image));
  }

  #image(study: StudySummary, image: ImageSummary): StudyImage {
    const known = this.#images.get(image.instance);
    if (known) return known;
    const { metadata, framesAt, frames, instance, laterality, view, modality } = image;
    const name = [laterality, view, modality].filter(Boolean).join(' ');
    const source = { kind: 'server', key: instance, name, metadata, framesAt, frames } as const;
    const made = new StudyImage(source, factsOf(study, image), this.#pool);
    this.#images.set(instance, made);
    return made;
  }
}

/** Reports and the like have no pixels. */
const isShown = ({ rows, columns }: ImageSummary): boolean => rows > 0 && columns > 0;

const RAW = '1.2.840.10008.5.1.4.1.1.1.2.1';

function factsOf(study: StudySummary, image: ImageSummary): ImageFacts {
  const { instance, series, modality, sopClass, frames, rows, columns, laterality, view } = image;
  const kind = kindByView(modality, frames, laterality, view);
  return {
    ...{ instance, series, study: study.study, kind, isRaw: sopClass === RAW, frames, rows, columns },
    laterality: laterality === 'L' || laterality === 'R' ? laterality : undefined,
    view: (view ?? undefined) as ImageFacts['view'],
    modifiers: [],
    patient: { name: shownName(study.patientName ?? ''), id: study.patientId ?? '' },
    date: study.date ?? '',
    description: study.description ?? '',
  };
}

function entryOf(study: StudySummary): StudyEntry {
  const running = study.analyses.filter(({ state }) => state === 'running' || state === 'queued');
  const failed = study.analyses.find(({ state }) => state === 'failed');
  const progress = running.length > 0 ? running.reduce((sum, each) => sum + each.progress, 0) / running.length : null;
  const missing = study.missingViews.length > 0 ? `without ${study.missingViews.join(', ')}` : '';
  const state = failed?.error
    ? `failed: ${failed.error.message}`
    : (running.find(({ state: is }) => is === 'running')?.step ??
      study.state ??
      (study.isComplete ? 'no model' : 'arriving'));
  return {
    key: study.study,
    patientName: shownName(study.patientName ?? ''),
    patientId: study.patientId ?? '',
    date: study.date ?? '',
    description: study.description ?? '',
    views: study.views,
    imageCount: study.images,
    priority: study.priority,
    state: [state, missing].filter(Boolean).join(', '),
    progress,
  };
}
