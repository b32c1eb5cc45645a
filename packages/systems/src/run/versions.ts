import { readFileSync } from 'node:fs';
import { ortVersion } from '@mammoscope/runtime';

/** Versions of what a run's numbers depend on. */
export function versions(): Record<string, string> {
  const own = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string };
  return { mammoscope: own.version, node: process.versions.node, onnxruntime: ortVersion() };
}
