/** A folder laid out as a data set is distributed, filled by a test and imported. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after } from 'node:test';
import {
  checkManifest,
  type DataSetImport,
  type DataSetName,
  type ImportOptions,
  importDataSet,
  type ManifestRow,
  readManifest,
} from '@mammoscope/imaging';
import { type DrawnMammogram, type MammogramTags, mammogramBytes } from './mammogram-object.ts';

/** What an import gave, its manifest read back and checked. */
export interface Imported extends DataSetImport {
  readonly manifest: readonly ManifestRow[];
  /** What data check says of it. */
  readonly problems: string;
  /** Reasons, each behind its file, line and what was left out. */
  readonly reasons: readonly string[];
}

export interface DataSetFolder {
  readonly folder: string;
  readonly write: (name: string, content: string | Uint8Array) => Promise<void>;
  /** Writes a small mammogram; no two are alike. */
  readonly film: (name: string, tags: MammogramTags, drawn?: DrawnMammogram) => Promise<void>;
  readonly import: (options?: ImportOptions) => Promise<Imported>;
}

/** An empty folder, removed after the tests of the file. */
export async function dataSetFolder(name: DataSetName): Promise<DataSetFolder> {
  const root = await mkdtemp(join(tmpdir(), `mammoscope-${name}-`));
  after(() => rm(root, { recursive: true }));
  const [folder, out] = [join(root, 'set'), join(root, 'out', 'manifest.csv')];
  await mkdir(dirname(out));
  await mkdir(folder);
  let films = 0;
  const write = async (file: string, content: string | Uint8Array) => {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await writeFile(join(folder, file), content);
  };
  return {
    folder,
    write,
    film: (file, tags, drawn = {}) => write(file, mammogramBytes({ brighter: 2 * films++, ...drawn }, tags)),
    import: async (options = {}) => {
      const result = await importDataSet(name, folder, out, options);
      const manifest = await readManifest(out);
      const { problems } = await checkManifest(manifest);
      const listed = await readFile(result.exclusionsFile, 'utf8');
      const reasons = result.exclusions.map(
        ({ file, line, leftOut, reason }) => `${file}:${line ?? ''} ${leftOut} ${reason}`,
      );
      if (listed.trimEnd().split('\n').length !== reasons.length + 1) throw new Error(`exclusions.csv: ${listed}`);
      return {
        ...result,
        manifest: manifest.rows,
        problems: problems.map(({ message }) => message).join('\n'),
        reasons,
      };
    },
  };
}

/** What a test looks at in a row. */
export function brief(row: ManifestRow): readonly unknown[] {
  return [row.patientId, row.label, row.laterality, row.view, row.box?.join(' ')];
}
