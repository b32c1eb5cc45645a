/** Largest resident memory of this process. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

/** Bytes, of this process alone where the system tells it: maxRSS counts what the process that forked it held. */
export function peakBytesNow(): number {
  const status = existsSync('/proc/self/status') ? readFileSync('/proc/self/status', 'utf8') : '';
  return 1024 * Number(/VmHWM:\s*(\d+)/.exec(status)?.[1] ?? process.resourceUsage().maxRSS);
}

/** Linux counts the peak anew from here; elsewhere it is that of the whole process. */
export function forgetPeak(): void {
  try {
    writeFileSync('/proc/self/clear_refs', '5');
  } catch {
    // not Linux, or not allowed
  }
}
