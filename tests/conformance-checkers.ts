/** What other people's checkers of DICOM objects say: dciodvfy of dicom3tools, dsrdump of dcmtk. */
import { spawnSync } from 'node:child_process';

/** Why a program cannot be asked; false where it can. */
export const missing = (program: string): string | false =>
  spawnSync(program, ['--version']).error ? `${program} is not installed` : false;

/** Everything that dciodvfy says of an object: the name of its kind alone, where nothing is wrong. */
export function dciodvfySays(path: string): string {
  const { stdout, stderr } = spawnSync('dciodvfy', [path], { encoding: 'utf8' });
  return `${stdout}${stderr}`.trim();
}

/** dsrdump says these of every report: it has no checker of texts in UTF-8, and templates are held to their rules elsewhere. */
const SAID_OF_ALL =
  /^W: (The VR checker does not support this Specific Character Set: ISO_IR 192|Check for template constraints not yet supported)$/;

/** What dsrdump prints of a report that it reads with the constraints of its class, and what it finds wrong with it. */
export function dsrdumpSays(path: string): {
  readonly text: string;
  readonly faults: readonly string[];
  readonly status: number | null;
} {
  const { stdout, stderr, status } = spawnSync('dsrdump', [path], { encoding: 'utf8' });
  return { text: stdout, faults: stderr.split('\n').filter((line) => line && !SAID_OF_ALL.test(line)), status };
}
