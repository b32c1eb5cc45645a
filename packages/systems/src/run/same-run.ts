import { SystemError } from '../errors.ts';
import type { RunRecord } from './run-record.ts';

/**
 * A resumed run must be the run that was begun, down to what its bytes depend on. SystemError 'run-mismatch' says what
 * differs and how the run was begun.
 */
export function requireSameRun(folder: string, begun: RunRecord, now: RunRecord): void {
  const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);
  const settings = [...new Set([...Object.keys(begun.recipe), ...Object.keys(now.recipe)])].filter(
    (key) => !same(begun.recipe[key], now.recipe[key]),
  );
  const versions = Object.entries(begun.versions).filter(([name, version]) => now.versions[name] !== version);
  const differences = [
    ...(begun.manifest.sha256 === now.manifest.sha256
      ? []
      : [`another manifest (${begun.manifest.name}, SHA-256 ${begun.manifest.sha256.slice(0, 12)}...)`]),
    ...(same(begun.classes, now.classes) ? [] : [`classes ${begun.classes.join(',')}`]),
    ...(begun.seed === now.seed ? [] : [`seed ${begun.seed}`]),
    ...settings.map((key) => `${key} ${JSON.stringify(begun.recipe[key])}`),
    ...(same(begun.weights, now.weights) ? [] : [`weights ${weightsInWords(begun.weights)}`]),
    ...(begun.device === now.device ? [] : [`--device ${begun.device}`]),
    ...(begun.threads === now.threads ? [] : [`--threads ${begun.threads}`]),
    ...versions.map(([name, version]) => `${name} ${version}`),
  ];
  if (differences.length > 0)
    throw new SystemError(
      'run-mismatch',
      `${folder} holds a run that was begun with ${differences.join(', ')}: repeat "${begun.command}" with --resume, or train anew into another folder`,
    );
}

function weightsInWords(weights: RunRecord['weights']): string {
  const files = Object.entries(weights).map(
    ([network, { name, sha256 }]) => `${network}=${name} (SHA-256 ${sha256.slice(0, 12)}...)`,
  );
  return files.length > 0 ? files.join(', ') : 'drawn at random';
}
