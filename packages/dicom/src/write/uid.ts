import { createHash } from 'node:crypto';

/**
 * A UID from a name: the first 128 bits of the SHA-256 of the parts, as a UUID of version 8 (RFC 9562, 5.8), under the root 2.25 (PS3.5
 * B.2). The same parts give the same UID, so what is computed from a seed has the same identity everywhere.
 */
export function uidOf(...parts: readonly (string | number)[]): string {
  const bytes = createHash('sha256').update(JSON.stringify(parts)).digest().subarray(0, 16);
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x80; // version 8
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80; // variant of RFC 9562
  return `2.25.${BigInt(`0x${bytes.toString('hex')}`)}`;
}
