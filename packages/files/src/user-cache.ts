import { homedir } from 'node:os';
import { join } from 'node:path';

/** A place in the user's cache folder (XDG Base Directory Specification): what is there can be made again at any time. */
export function userCache(...parts: readonly string[]): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'mammoscope', ...parts);
}
