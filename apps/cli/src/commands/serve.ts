import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import type { DimseSettings, ServerSettings, TlsFiles, UploadLimits, WorkSettings } from '@mammoscope/server';
import { Command, InvalidArgumentError, Option } from 'commander';
import { INTERRUPTED, WORK_FAILED } from '../exit-codes.ts';
import { collect, listOption, positiveNumber, threadsOption } from '../options.ts';

interface WorkFlags {
  readonly data: string;
  readonly model?: readonly string[];
  readonly workers: number;
  readonly threads?: number;
  readonly analysisSeconds: number;
  readonly heartbeatSeconds: number;
  readonly institution: string;
  readonly department: string;
  readonly station: string;
}

interface ServeFlags extends WorkFlags {
  readonly host: string;
  readonly port: number;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly tokens?: string;
  readonly watch?: string;
  readonly dimsePort?: number;
  readonly aeTitle: string;
  readonly dimseFrom?: readonly string[];
  readonly pacs?: readonly string[];
  readonly pacsCredentials?: readonly string[];
  readonly group: string;
  readonly settleSeconds: number;
  readonly maxUploadBytes?: number;
  readonly maxFileBytes?: number;
  readonly maxFrames?: number;
  readonly maxPixels?: number;
  readonly uploadSeconds?: number;
  readonly viewer?: string;
}

interface TokenFlags {
  readonly role: 'reader' | 'operator';
  readonly groups: readonly string[];
  readonly tokens: string;
}

/** `serve`, `serve worker`, `serve token`; the server itself is loaded when one of them runs. */
export function serveCommand(): Command {
  const command = workOptions(new Command('serve'))
    .description(
      'a server: studies come in by the page, DICOMweb, C-STORE or a folder, are read by runs, and the results leave as JSON and DICOM objects',
    )
    .option(
      '--host <address>',
      'address to listen on; beyond this machine it needs --tokens, --tls-cert and --tls-key',
      '127.0.0.1',
    )
    .option('--port <n>', 'port to listen on', portNumber, 8080)
    .option('--tls-cert <file>', 'certificate (PEM)')
    .option('--tls-key <file>', 'its key (PEM)')
    .option(
      '--tokens <file>',
      'tokens that "serve token" wrote; without it everybody on this machine may do everything',
    )
    .option('--watch <folder>', 'take the files that are put into a folder')
    .option('--dimse-port <n>', 'take images by DICOM C-STORE on this port', portNumber)
    .option('--ae-title <name>', 'AE title of the server', 'MAMMOSCOPE')
    .option(
      '--dimse-from <names>',
      'AE titles that may send, separated by commas (all, on this machine, unless given)',
      listOption,
    )
    .option(
      '--pacs <name=url>',
      'a PACS with DICOMweb that studies are fetched from and results sent to (repeatable)',
      collect,
    )
    .option(
      '--pacs-credentials <name=file>',
      'a file whose line is sent to that PACS as the header Authorization (repeatable)',
      collect,
    )
    .option('--group <name>', 'group of studies that come without a user: by folder, by C-STORE', 'local')
    .option(
      '--settle-seconds <n>',
      'a study without a new image for so long is complete and is read',
      positiveNumber,
      5,
    )
    .option('--max-upload-bytes <n>', 'the most that one request may upload (2 GB unless given)', positiveNumber)
    .option('--max-file-bytes <n>', 'the most that one file may have (1 GiB unless given)', positiveNumber)
    .option('--max-frames <n>', 'the most frames that an image may have (500 unless given)', positiveNumber)
    .option('--max-pixels <n>', 'the most pixels that a frame may have (2^27 unless given)', positiveNumber)
    .option('--upload-seconds <n>', 'what one upload may take (600 unless given)', positiveNumber)
    .option('--viewer <folder>', 'another page than the viewer, which is built when it is first asked for')
    .addHelpText(
      'after',
      '\nWith DATABASE_URL (postgres://...) in the environment the database is that PostgreSQL, else one in the data folder.\n\nExample:\n  ./mammoscope serve --model run',
    )
    .enablePositionalOptions() // what stands behind worker or token is theirs
    .action((flags: ServeFlags) => serve(flags));
  command.addCommand(
    workOptions(new Command('worker'))
      .description('workers alone, on a machine that shares DATABASE_URL and the data folder with a server')
      .addHelpText(
        'after',
        '\nDATABASE_URL in the environment names the PostgreSQL of the server.\n\nExample:\n  ./mammoscope serve worker --model run --data /mnt/mammoscope',
      )
      .action((flags: WorkFlags) => work(flags)),
  );
  command.addCommand(
    new Command('token')
      .description('make a token; it is printed once, and the file has its digest')
      .argument('<user>', 'whose it is')
      .addOption(
        new Option('--role <role>', 'reader looks, operator also uploads, queues, removes and sends')
          .choices(['reader', 'operator'])
          .default('reader'),
      )
      .option('--groups <names>', "groups whose studies are seen, separated by commas; '*' for all", listOption, [
        'local',
      ])
      .option('--tokens <file>', 'file of the tokens', 'tokens.json')
      .addHelpText('after', '\nExample:\n  ./mammoscope serve token anna --role operator --tokens tokens.json')
      .action((user: string, flags: TokenFlags) => token(user, flags)),
  );
  return command;
}

/** Options of whatever reads studies. */
function workOptions(command: Command): Command {
  return command
    .option('--data <folder>', 'folder of studies and results, made if need be', 'mammoscope-data')
    .option('--model <run>', 'run folder that reads the studies (repeatable)', collect)
    .option('--workers <n>', 'processes that read studies', positiveNumber, 1)
    .addOption(threadsOption())
    .option('--analysis-seconds <n>', 'what one analysis may take', positiveNumber, 3600)
    .option(
      '--heartbeat-seconds <n>',
      'a worker that is silent for so long is given up, and its study read by another',
      positiveNumber,
      30,
    )
    .option('--institution <name>', 'where the program runs, for DICOM objects', '')
    .option('--department <name>', 'of the institution, for DICOM objects', '')
    .option('--station <name>', 'name of this machine, for DICOM objects', hostname().slice(0, 16));
}

function portNumber(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  throw new InvalidArgumentError(`"${text}" is no port: give a number from 0 to 65535.`);
}

/** The one setting that comes from the environment, since it may hold a password and a command line is seen by everybody on a machine. */
const workSettings = (flags: WorkFlags): WorkSettings => {
  const { DATABASE_URL } = process.env;
  const {
    data,
    model = [],
    workers,
    threads,
    analysisSeconds,
    heartbeatSeconds,
    institution,
    department,
    station,
  } = flags;
  return {
    ...{ data: resolve(data), runs: model.map((run) => resolve(run)), workers, analysisSeconds, heartbeatSeconds },
    ...{ institution, department, station },
    ...(threads !== undefined && { threads }),
    ...(DATABASE_URL && { databaseUrl: DATABASE_URL }),
  };
};

async function serve(flags: ServeFlags): Promise<void> {
  const { startServer, UPLOAD_LIMITS, pacsAddresses, jsonLog, hearFaults } = await import('@mammoscope/server');
  const { host, port, group, settleSeconds, tokens, watch, tlsCert, tlsKey } = flags;
  const tls = await tlsFiles(tlsCert, tlsKey);
  const dimse = dimseSettings(flags);
  const settings: ServerSettings = {
    ...workSettings(flags),
    ...{ host, port, group, settleSeconds },
    pacs: await pacsAddresses(flags.pacs ?? [], flags.pacsCredentials ?? []),
    limits: limitsOf(flags, UPLOAD_LIMITS),
    ...(tls && { tls }),
    ...(dimse && { dimse }),
    viewer: flags.viewer === undefined ? viewerPage() : async () => resolve(flags.viewer as string),
    ...(tokens !== undefined && { tokens: resolve(tokens) }),
    ...(watch !== undefined && { watch: resolve(watch) }),
  };
  const log = jsonLog(process.stderr);
  const server = await startServer(settings, log);
  const { promise: unsafe, resolve: giveUp } = Promise.withResolvers<void>();
  hearFaults({ log, isUsable: server.isUsable, giveUp });
  process.stdout.write(`${server.url}\n`);
  const failed = Promise.race([unsafe, server.failed]).then(() => WORK_FAILED);
  const code = await Promise.race([untilStopped().then(() => 0), failed]);
  await server.stop();
  process.exit(code);
}

/** The viewer, built when its page is first asked for. */
function viewerPage(): () => Promise<string> {
  let folder: Promise<string> | undefined;
  return () => {
    folder ??= import('@mammoscope/viewer/built-page')
      .then(({ builtPage }) => builtPage())
      .catch((error) => {
        folder = undefined; // the next who asks tries again
        throw error;
      });
    return folder;
  };
}

async function work(flags: WorkFlags): Promise<void> {
  const { startWorkers, jsonLog, hearFaults } = await import('@mammoscope/server');
  const log = jsonLog(process.stderr);
  const workers = await startWorkers(workSettings(flags), log);
  // it only starts processes: a fault harms none of them
  hearFaults({ log, isUsable: async () => true, giveUp: () => process.exit(WORK_FAILED) });
  await untilStopped();
  await workers.stop();
  process.exit(0);
}

async function token(user: string, { role, groups, tokens }: TokenFlags): Promise<void> {
  const { addToken } = await import('@mammoscope/server');
  process.stdout.write(`${await addToken(resolve(tokens), { name: user, role, groups })}\n`);
}

/** A file comes in a request, so it may not have more bytes than that. */
function limitsOf(flags: ServeFlags, usual: UploadLimits): UploadLimits {
  const { maxFrames, maxPixels, uploadSeconds, maxFileBytes = usual.fileBytes } = flags;
  const { maxUploadBytes: requestBytes = Math.max(usual.requestBytes, maxFileBytes) } = flags;
  return {
    ...{ ...usual, requestBytes, fileBytes: Math.min(requestBytes, maxFileBytes) },
    ...(maxFrames !== undefined && { frames: maxFrames }),
    ...(maxPixels !== undefined && { pixels: maxPixels }),
    ...(uploadSeconds !== undefined && { uploadSeconds }),
  };
}

function dimseSettings({ dimsePort, aeTitle, dimseFrom = [] }: ServeFlags): DimseSettings | undefined {
  return dimsePort === undefined ? undefined : { port: dimsePort, aeTitle, callers: dimseFrom };
}

async function tlsFiles(cert: string | undefined, key: string | undefined): Promise<TlsFiles | undefined> {
  if (cert === undefined || key === undefined) return undefined;
  return { cert: await readFile(cert), key: await readFile(key) };
}

/** Resolves at the first Ctrl-C or SIGTERM; the second leaves at once. */
function untilStopped(): Promise<void> {
  return new Promise((stopped) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const)
      process.once(signal, () => {
        process.once(signal, () => process.exit(INTERRUPTED));
        stopped();
      });
  });
}
