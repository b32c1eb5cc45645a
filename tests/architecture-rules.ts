/** The rules of ARCHITECTURE.md as functions from the source tree to faults, one sentence a fault. */
import { posix } from 'node:path';
import type { PackageFile, SourceFile } from './source-tree.ts';

/** What each package may import of the others; every package may also import `random`, which imports none. */
const PACKAGE_IMPORTS: Readonly<Record<string, readonly string[]>> = {
  random: [],
  files: [],
  stats: [],
  nn: [],
  dicom: [],
  report: [],
  phantom: [],
  runtime: ['nn', 'files'],
  imaging: ['dicom', 'files'],
  systems: ['report', 'runtime', 'imaging', 'dicom', 'phantom', 'stats', 'nn', 'files'],
};

/**
 * The exceptions to "nothing imports an app". The command line starts the server in its own process: one between would have to pass on every signal,
 * and would leave an orphan when it is killed. The viewer takes the types of the server's JSON, which tell a wrong field before a page does.
 */
const APP_IMPORTS: readonly (readonly [app: string, specifier: string])[] = [
  ['cli', '@mammoscope/server'],
  ['cli', '@mammoscope/server/errors'],
  ['viewer', '@mammoscope/server/api-types'],
  // the page is built when the server is first started
  ['cli', '@mammoscope/viewer/built-page'],
];

/** What each folder of nn/src may import of the others. */
const NN_IMPORTS: Readonly<Record<string, readonly string[]>> = {
  graph: [],
  onnx: ['graph'],
  lowering: ['graph', 'onnx'],
  layers: ['graph'],
  models: ['graph', 'layers'],
  train: ['graph'],
};

/** Packages that compute and touch nothing outside: no files, processes, threads or network. */
const PURE_PACKAGES: ReadonlySet<string> = new Set(['random', 'stats', 'nn', 'report', 'phantom']);
const OUTSIDE_WORLD =
  /^node:(fs|child_process|cluster|dgram|dns|http|http2|https|inspector|net|os|tls|worker_threads)\b/;

/** The server listens, and asks the PACS that its user names; no other part of it asks anybody for anything. */
const SERVER = 'apps/server/src/';
/** The page asks the server that it came from. */
const VIEWER = 'apps/viewer/src/';
/** The one file of the packages that asks a server for something. */
const DOWNLOADS = 'packages/runtime/src/weights/published/download.ts';

const SCOPE = '@mammoscope/';
const LONG_FILE_LINES = 500;

/** An import, export-from, dynamic import or require, or a module URL as a worker is given. */
export interface ImportReference {
  readonly specifier: string;
  readonly line: number;
}

const IMPORT_FORMS = [
  /^[ \t]*(?:import|export)\b[^'"`;]*?\bfrom[ \t\n]*['"]([^'"]+)['"]/gm,
  /^[ \t]*import[ \t]*['"]([^'"]+)['"]/gm,
  /\b(?:import|require)[ \t]*\([ \t\n]*['"]([^'"]+)['"]/g,
  /\bnew URL\([ \t\n]*['"]([^'"]+\.[cm]?[jt]s)['"]/g,
];

/** Every module that a source names. */
export function importsOf(text: string): ImportReference[] {
  return IMPORT_FORMS.flatMap((form) =>
    [...text.matchAll(form)].map((match) => ({
      specifier: match[1] as string,
      line: text.slice(0, match.index + match[0].length).split('\n').length,
    })),
  ).sort((a, b) => a.line - b.line);
}

/** 'packages/nn' of 'packages/nn/src/index.ts'; 'tests' and the like for what is in no package. */
const unitOf = (path: string): string => {
  const [top = '', name = ''] = path.split('/');
  return top === 'packages' || top === 'apps' ? `${top}/${name}` : top;
};
const packageName = (path: string): string | null =>
  path.startsWith('packages/') ? (path.split('/')[1] ?? null) : null;
const isTest = (path: string): boolean =>
  path.startsWith('tests/') || path.endsWith('.test.ts') || /^(packages|apps)\/[^/]+\/tests\//.test(path);
/** These two files quote what they forbid. */
const quotesRules = (path: string): boolean => path.startsWith('tests/architecture-');
const isSource = (path: string): boolean => /\.[cm]?[jt]sx?$/.test(path);
/** '@scope/name' or 'name' of a specifier that may go deeper. */
const dependencyOf = (specifier: string): string =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');

type ImportRule = (file: SourceFile, reference: ImportReference) => string | null;

function faultsOfImports(files: readonly SourceFile[], rule: ImportRule): string[] {
  return files
    .filter(({ path }) => isSource(path) && !quotesRules(path))
    .flatMap((file) =>
      importsOf(file.text).flatMap((reference) => {
        const fault = rule(file, reference);
        return fault ? [`${file.path}:${reference.line} imports ${reference.specifier}: ${fault}`] : [];
      }),
    );
}

/** Packages import each other one way, by PACKAGE_IMPORTS; only apps and tests stand above all. */
export function packageDirections(files: readonly SourceFile[]): string[] {
  return faultsOfImports(files, ({ path }, { specifier }) => {
    if (!specifier.startsWith(SCOPE)) return null;
    const target = specifier.slice(SCOPE.length).split('/')[0] as string;
    const [importing] = APP_IMPORTS.filter(([app, what]) => path.startsWith(`apps/${app}/`) && specifier === what);
    if (importing || (isTest(path) && /^@mammoscope\/(server|viewer)\b/.test(specifier))) return null;
    if (!(target in PACKAGE_IMPORTS)) return 'no package of that name; apps are imported by nothing';
    const importer = packageName(path);
    if (importer === null) return null;
    const allowed = PACKAGE_IMPORTS[importer];
    if (!allowed) return `packages/${importer} is not in the table of packages of tests/architecture-rules.ts`;
    const all = importer === 'random' ? allowed : [...allowed, 'random'];
    return all.includes(target) ? null : `${importer} may import ${all.join(', ') || 'no other package'}`;
  });
}

/** Inside nn: models on layers on graph; train on graph; lowering on graph and onnx. */
export function nnDirections(files: readonly SourceFile[]): string[] {
  const folderOf = (path: string) => /^packages\/nn\/src\/([^/]+)\//.exec(path)?.[1];
  return faultsOfImports(files, ({ path }, { specifier }) => {
    const importer = folderOf(path);
    if (!importer || !specifier.startsWith('.') || isTest(path)) return null;
    const target = folderOf(posix.join(posix.dirname(path), specifier));
    if (!target) return 'nn/src/index.ts is for importers outside';
    if (target === importer) return null;
    const allowed = NN_IMPORTS[importer];
    if (!allowed) return `nn/src/${importer} is not in the table of folders of tests/architecture-rules.ts`;
    return allowed.includes(target) ? null : `nn/src/${importer} may import ${allowed.join(', ') || 'no other folder'}`;
  });
}

/** A relative import stays in its package or app; others are reached by their names. */
export function relativeImports(files: readonly SourceFile[]): string[] {
  return faultsOfImports(files, ({ path }, { specifier }) => {
    if (!specifier.startsWith('.')) return null;
    const target = posix.join(posix.dirname(path), specifier);
    if (unitOf(target) === unitOf(path)) return null;
    return specifier.endsWith('.json') ? null : `that is in ${unitOf(target)}: import it by the name of its package`;
  });
}

/** Relative imports name a file that exists, with its extension. */
export function importedFiles(files: readonly SourceFile[], exists: (path: string) => boolean): string[] {
  return faultsOfImports(files, ({ path }, { specifier }) => {
    if (!specifier.startsWith('.')) return null;
    return exists(posix.join(posix.dirname(path), specifier)) ? null : 'there is no such file, or git ignores it';
  });
}

/** ONNX Runtime is known to the runtime package alone; tests may hold results against it. */
export function onnxRuntimeImports(files: readonly SourceFile[]): string[] {
  return faultsOfImports(files, ({ path }, { specifier }) =>
    specifier.startsWith('onnxruntime-') && packageName(path) !== 'runtime' && !path.startsWith('tests/')
      ? 'only packages/runtime runs graphs'
      : null,
  );
}

/** Packages that only compute do not touch files, processes, threads or the network; their tests may. */
export function pureImports(files: readonly SourceFile[]): string[] {
  return faultsOfImports(files, ({ path }, { specifier }) => {
    const name = packageName(path);
    if (!name || !PURE_PACKAGES.has(name) || isTest(path)) return null;
    return OUTSIDE_WORLD.test(specifier) ? `${name} computes only; take the bytes as an argument` : null;
  });
}

/** What a file imports from outside its package is in the package's package.json; tests may use the root's too. */
export function declaredDependencies(files: readonly SourceFile[], packages: readonly PackageFile[]): string[] {
  const declared = new Map(packages.map(({ folder, dependencies }) => [folder, new Set(dependencies)]));
  const root = declared.get('') ?? new Set<string>();
  return faultsOfImports(files, ({ path }, { specifier }) => {
    if (specifier.startsWith('.') || specifier.startsWith('node:') || specifier.startsWith('#')) return null;
    const name = dependencyOf(specifier);
    const unit = unitOf(path);
    const own = declared.get(unit);
    const inPackage = unit.includes('/');
    if (inPackage && !own) return `${unit} has no package.json`;
    // The root has all packages as its workspaces.
    if (own?.has(name) || (isTest(path) && root.has(name)) || (!inPackage && name.startsWith(SCOPE))) return null;
    return `add ${name} to ${inPackage ? `${unit}/` : ''}package.json`;
  });
}

/** Dependencies are used: a package.json names nothing that no source of its package imports. */
export function unusedDependencies(files: readonly SourceFile[], packages: readonly PackageFile[]): string[] {
  const used = new Map<string, Set<string>>();
  for (const { path, text } of files) {
    if (!isSource(path)) continue;
    const names = used.get(unitOf(path)) ?? new Set<string>();
    for (const { specifier } of importsOf(text)) names.add(dependencyOf(specifier));
    used.set(unitOf(path), names);
  }
  return packages
    .filter(({ folder }) => folder !== '')
    .flatMap(({ folder, dependencies }) =>
      dependencies
        .filter((name) => !used.get(folder)?.has(name))
        .map((name) => `${folder}/package.json names ${name}, which no source there imports: remove it`),
    );
}

interface TextRule {
  readonly pattern: RegExp;
  readonly applies: (path: string) => boolean;
  readonly reason: string;
}

const TEXT_RULES = {
  unseededRandom: {
    pattern: /\bMath\s*(\.\s*random\b|\[\s*['"`]random)/,
    applies: isSource,
    reason: 'random numbers come from RandomStream, so that runs repeat',
  },
  networkAccess: {
    pattern:
      /(?<![\w.])(globalThis\.)?fetch\(|\b(WebSocket|EventSource|XMLHttpRequest)\(|\b(from|import|require)\b[\s(]*['"](node:)?(https?|http2|net|tls|dgram|dns|undici)\b/,
    applies: (path) =>
      isSource(path) && !isTest(path) && path !== DOWNLOADS && !path.startsWith(SERVER) && !path.startsWith(VIEWER),
    reason: `only ${DOWNLOADS} uses a network, when a user asks for a published file`,
  },
  outsideFolder: {
    pattern: /\.\.\/shared\b/,
    applies: (path) => path !== '.ci/run',
    reason: 'the project stands alone; only .ci/run may look beside it, and tests take MAMMOSCOPE_DATA',
  },
  machinePaths: {
    pattern: /(?<![\w.~$}*])\/(work|root|home\/[\w-]+|Users\/[\w-]+)\/[\w.-]/,
    applies: () => true,
    reason: 'no path of one machine belongs in a file of the project',
  },
  registryHosts: {
    pattern:
      /\b(registry\.(npmjs|yarnpkg)|npmjs\.(org|com)|pypi\.org|pythonhosted\.org|crates\.io|deb\.debian\.org|api\.nuget\.org|repo1?\.maven)/,
    applies: () => true,
    reason: "packages come from the user's own registry; name none",
  },
  openEnds: {
    pattern: /\b(TODO|FIXME)\b/,
    applies: () => true,
    reason: 'finish it, or file an issue and say here what is true today',
  },
} satisfies Record<string, TextRule>;

/** Names of the rules on the text of files. */
export type TextRuleName = keyof typeof TEXT_RULES;
export const TEXT_RULE_NAMES = Object.keys(TEXT_RULES) as TextRuleName[];

/** Lines that a rule on text forbids. */
export function forbiddenText(files: readonly SourceFile[], name: TextRuleName): string[] {
  const { pattern, applies, reason }: TextRule = TEXT_RULES[name];
  return files
    .filter(({ path }) => applies(path) && !quotesRules(path))
    .flatMap(({ path, text }) =>
      text
        .split('\n')
        .flatMap((line, i) =>
          pattern.test(line) ? [`${path}:${i + 1} has "${pattern.exec(line)?.[0]}": ${reason}`] : [],
        ),
    );
}

/** A source of more than 500 lines begins with a comment that has "over 500 lines because". */
export function longFiles(files: readonly SourceFile[]): string[] {
  return files
    .filter(({ path }) => isSource(path) && !path.includes('/generated/'))
    .flatMap(({ path, text }) => {
      const lines = text.split('\n').length - 1;
      if (lines <= LONG_FILE_LINES) return [];
      const header = /^(?:\s*(?:\/\*[\s\S]*?\*\/|\/\/[^\n]*\n))*/.exec(text)?.[0] ?? '';
      return header.replace(/[\s*/]+/g, ' ').includes('over 500 lines because')
        ? []
        : [`${path} has ${lines} lines: split it, or say in its header "over 500 lines because ..."`];
    });
}

/** Files are kebab-case nouns of the field; a folder of odds and ends is where cycles start. */
export function fileNames(files: readonly SourceFile[]): string[] {
  const vague = /(^|[/.-])(utils?|helpers?|common|misc|managers?)([/.-]|$)/;
  const kebab = /^[a-z0-9]+(-[a-z0-9]+)*(\.test|\.d)?\.ts$/;
  return files
    .filter(({ path }) => path.endsWith('.ts') && !path.includes('/generated/'))
    .flatMap(({ path }) => {
      if (vague.test(path)) return [`${path}: name the file or folder after what it is about`];
      return kebab.test(posix.basename(path)) ? [] : [`${path}: a file's name is in kebab-case`];
    });
}
