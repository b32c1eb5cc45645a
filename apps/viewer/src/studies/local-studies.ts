/** Studies of files that the user opened: grouped by their tags, kept in this page, sent nowhere. */
import type { StudyReading } from '../findings/readings.ts';
import type { ImagePool } from '../images/image-pool.ts';
import { StudyImage } from '../images/study-image.ts';
import type { DroppedFile } from './dropped-files.ts';
import type { OpenStudy, StudyEntry } from './study-entry.ts';

interface LocalStudy {
  readonly key: string;
  readonly uid: string;
  readonly images: StudyImage[];
  readings: readonly StudyReading[];
}

/** What became of files. */
export interface Intake {
  readonly images: number;
  readonly refused: readonly string[];
}

/** Files of other kinds that lie beside images and are no fault. */
const BESIDE = /(^|\/)(\.|DICOMDIR$|Thumbs\.db$)|\.(csv|json|html?|txt|md|xml|onnx|png|svg|jpe?g|safetensors)$/i;

export class LocalStudies {
  readonly #pool: ImagePool;
  readonly #studies = new Map<string, LocalStudy>();
  readonly #byPath = new Map<string, StudyImage>();
  readonly #instances = new Set<string>();

  constructor(pool: ImagePool) {
    this.#pool = pool;
  }

  /** Reads the tags of files; `progress` is told as they come, so that the first can be looked at while the others are read. */
  async add(files: readonly DroppedFile[], progress: () => void): Promise<Intake> {
    const refused: string[] = [];
    let images = 0;
    await Promise.all(
      files
        .filter(({ path }) => !BESIDE.test(path))
        .map(async ({ path, file }) => {
          const source = {
            kind: 'file',
            key: `${path} ${file.size} ${file.lastModified}`,
            name: path,
            blob: file,
          } as const;
          try {
            const facts = await this.#pool.facts(source);
            if (this.#instances.has(facts.instance)) return;
            this.#instances.add(facts.instance);
            const image = new StudyImage(source, facts, this.#pool);
            this.#byPath.set(path, image);
            this.#studyOf(facts.study).images.push(image);
            images++;
            progress();
          } catch (error) {
            refused.push(error instanceof Error ? error.message : String(error));
          }
        }),
    );
    return { images, refused };
  }

  #studyOf(uid: string): LocalStudy {
    const known = this.#studies.get(uid);
    if (known) return known;
    const made: LocalStudy = { key: `local-${this.#studies.size + 1}`, uid, images: [], readings: [] };
    this.#studies.set(uid, made);
    return made;
  }

  /** Lines of the work list. */
  entries(): readonly StudyEntry[] {
    return [...this.#studies.values()].map((study) => entryOf(study));
  }

  /** The study of a key, with the patient's study before it. */
  open(key: string): OpenStudy | null {
    const study = [...this.#studies.values()].find((each) => each.key === key);
    if (!study) return null;
    const prior = this.#before(study);
    return {
      entry: entryOf(study),
      images: byTitle(study.images),
      priorImages: byTitle(prior?.images ?? []),
      priorDate: prior ? dateOf(prior) : null,
      readings: study.readings,
      whole: null,
      faults: [],
    };
  }

  /** The patient's latest study that is older. */
  #before(study: LocalStudy): LocalStudy | undefined {
    const [date, patient] = [dateOf(study), patientOf(study)];
    if (patient === '' || date === '') return undefined;
    return [...this.#studies.values()]
      .filter(
        (other) => other !== study && patientOf(other) === patient && dateOf(other) < date && dateOf(other) !== '',
      )
      .sort((a, b) => dateOf(b).localeCompare(dateOf(a)))[0];
  }

  setReadings(key: string, readings: readonly StudyReading[]): void {
    const study = [...this.#studies.values()].find((each) => each.key === key);
    if (study) study.readings = readings;
  }

  /** The study of a path as a run's table names it: whatever folder was dropped, paths end alike. */
  atPath(path: string): { readonly key: string; readonly image: StudyImage } | null {
    const wanted = path.replace(/\\/g, '/');
    for (const [known, image] of this.#byPath) {
      if (!`/${known}`.endsWith(`/${wanted}`) && !`/${wanted}`.endsWith(`/${known}`)) continue;
      const study = this.#studies.get(image.facts.study);
      if (study) return { key: study.key, image };
    }
    return null;
  }
}

/** In the same order however fast files were read. */
const byTitle = (images: readonly StudyImage[]): readonly StudyImage[] =>
  [...images].sort((a, b) => a.title.localeCompare(b.title) || a.facts.instance.localeCompare(b.facts.instance));

const dateOf = ({ images }: LocalStudy): string => images.find(({ facts }) => facts.date)?.facts.date ?? '';
const patientOf = ({ images }: LocalStudy): string =>
  images.find(({ facts }) => facts.patient.id)?.facts.patient.id ?? '';

function entryOf(study: LocalStudy): StudyEntry {
  const [first] = study.images;
  const views = study.images.flatMap(({ laterality, view }) => (laterality && view ? [`${laterality} ${view}`] : []));
  const scores = study.readings.map(({ probability }) => probability);
  return {
    key: study.key,
    patientName: first?.facts.patient.name ?? '',
    patientId: patientOf(study),
    date: dateOf(study),
    description: study.images.find(({ facts }) => facts.description)?.facts.description ?? '',
    views: [...new Set(views)].sort(),
    imageCount: study.images.length,
    priority: scores.length > 0 ? Math.max(...scores) : null,
    state: scores.length > 0 ? 'read' : 'no model yet',
    progress: null,
  };
}
