/** Runs that the page can show: those whose folders were dropped on it, and those of the server. */
import { runAddress, studyAddress } from '../addresses.ts';
import { readCases, readModels, readReport } from '../server/server-client.ts';
import type { DroppedFile } from '../studies/dropped-files.ts';
import type { LocalStudies } from '../studies/local-studies.ts';
import { type RunFolder, runFolders } from '../studies/run-folder.ts';
import type { RunPageData } from './run-page.ts';
import type { RunLink } from './work-list.ts';

export class ShownRuns {
  readonly #local: LocalStudies;
  readonly #dropped = new Map<string, RunFolder>();

  constructor(local: LocalStudies) {
    this.#local = local;
  }

  /** How many were dropped. */
  get dropped(): number {
    return this.#dropped.size;
  }

  /** Takes the runs among dropped files. Error that names the file where one cannot be read. */
  async take(files: readonly DroppedFile[]): Promise<void> {
    for (const run of await runFolders(files)) this.#dropped.set(run.name, run);
  }

  /** Ways to the runs that have anything to show; those of the server where there is one that answers. */
  async links(hasServer: boolean): Promise<readonly RunLink[]> {
    const { models } = hasServer ? await readModels().catch(() => ({ models: [] })) : { models: [] };
    const served = models.filter(({ cases, report }) => cases !== null || report !== null);
    return [
      ...served.map(({ id, system, name }) => [`${system}: ${name}`, runAddress(id)] as const),
      ...[...this.#dropped.keys()].map((name) => [name, runAddress(name)] as const),
    ];
  }

  /** A run with its report and its cases. RangeError where there is none of that name. */
  async open(key: string, hasServer: boolean): Promise<RunPageData> {
    const run = this.#dropped.get(key);
    return run ? this.#openDropped(run) : openServed(key, hasServer);
  }

  async #openDropped({ name, report, cases }: RunFolder): Promise<RunPageData> {
    const led = cases.map((each) => {
      const found = this.#local.atPath(each.path);
      return { ...each, address: found ? studyAddress(found.key, found.image.facts.instance) : null };
    });
    return { name, report: report ? await report.text() : null, cases: led };
  }
}

async function openServed(id: string, hasServer: boolean): Promise<RunPageData> {
  const model = hasServer ? (await readModels()).models.find((each) => each.id === id) : undefined;
  if (!model) throw new RangeError('there is no run of that name: drop its folder on the work list');
  const cases = model.cases === null ? [] : (await readCases(model.cases)).cases;
  const led = cases.map((each) => ({
    ...each,
    address: each.study && each.instance ? studyAddress(each.study, each.instance) : null,
  }));
  const report = model.report === null ? null : await readReport(model.report);
  return { name: `${model.system}: ${model.name}`, report, cases: led };
}
