/** Feature maps on disk, so that a frozen backbone sees an image once. */
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { FileError, userCache, writeAside } from '@mammoscope/files';
import * as z from 'zod';

/** What features are a function of. */
export interface FeatureKey {
  /** The network, its cut and everything that is done to an image before, in words. */
  readonly recipe: string;
  /** SHA-256 of the backbone's weights. */
  readonly weights: string;
  /** SHA-256 of the image's files. */
  readonly image: string;
  /** The reflection or rotation. */
  readonly variant: number;
}

/** Raised when files are laid out, or features computed, in another way. */
const FORMAT = 'mammoscope-features-2';
/** A header is padded to a multiple of this, so that what follows can be read in place. */
const ALIGNMENT = 16;
const ENDING = '.features';
/** Writes between two looks at what other processes have written. */
const LOOK_EVERY = 64;
/** What is left when the oldest are removed, as a share of the limit: removing one at a time would look through the folder each time. */
const KEPT = 0.9;

const header = z.object({ format: z.literal(FORMAT), key: z.string(), values: z.number().int(), sha256: z.string() });

/** Where features are kept: the user's cache folder. */
export const featureFolder = (): string => userCache('features');

/**
 * A folder with a file a feature map: a line of JSON, then float32, little-endian. A file is written aside and renamed, so that two processes may
 * write the same; what is damaged, cut short or of another version counts as absent and is written again. Above `limitBytes` the
 * files that were used longest ago are removed. A folder that cannot be written is a cache that holds nothing: it only saves time.
 */
export class FeatureCache {
  readonly #folder: string;
  readonly #limitBytes: number;
  #bytes: number | undefined;
  #writes = 0;

  constructor(folder: string, limitBytes: number) {
    this.#folder = folder;
    this.#limitBytes = limitBytes;
  }

  /** The features of a key; undefined where there are none that can be trusted. */
  async read(key: FeatureKey): Promise<Float32Array | undefined> {
    const path = this.#path(key);
    const bytes = await readFile(path).catch(() => undefined);
    const features = bytes && decode(bytes, digestOf(key));
    if (features) await touch(path);
    return features;
  }

  /** Keeps features, unless they are larger than the whole cache may be. */
  async write(key: FeatureKey, features: Float32Array): Promise<void> {
    const bytes = encode(features, digestOf(key));
    if (bytes.length > this.#limitBytes) return;
    try {
      await mkdir(this.#folder, { recursive: true });
      await writeAside(this.#path(key), bytes);
    } catch (error) {
      if (error instanceof FileError || (error as NodeJS.ErrnoException).syscall === 'mkdir') return;
      throw error;
    }
    if (this.#bytes !== undefined) this.#bytes += bytes.length;
    if (this.#bytes === undefined || this.#bytes > this.#limitBytes || ++this.#writes % LOOK_EVERY === 0)
      await this.#shrink();
  }

  #path(key: FeatureKey): string {
    return join(this.#folder, `${digestOf(key)}${ENDING}`);
  }

  async #shrink(): Promise<void> {
    const names = (await readdir(this.#folder)).filter((name) => name.endsWith(ENDING));
    const found = await Promise.all(
      names.map(async (name) => {
        const path = join(this.#folder, name);
        const entry = await stat(path).catch(() => undefined); // another process may have removed it
        return entry && { path, bytes: entry.size, used: entry.mtimeMs };
      }),
    );
    const files = found.filter((file) => file !== undefined).sort((a, b) => a.used - b.used);
    let bytes = files.reduce((sum, file) => sum + file.bytes, 0);
    if (bytes > this.#limitBytes)
      for (const file of files) {
        if (bytes <= KEPT * this.#limitBytes) break;
        await rm(file.path, { force: true });
        bytes -= file.bytes;
      }
    this.#bytes = bytes;
  }
}

function digestOf({ recipe, weights, image, variant }: FeatureKey): string {
  return createHash('sha256')
    .update(JSON.stringify([FORMAT, recipe, weights, image, variant]))
    .digest('hex');
}

const hashOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

function encode(features: Float32Array, key: string): Buffer {
  const payload = Buffer.from(features.buffer, features.byteOffset, features.byteLength);
  const line = JSON.stringify({ format: FORMAT, key, values: features.length, sha256: hashOf(payload) });
  const length = ALIGNMENT * Math.ceil((Buffer.byteLength(line) + 1) / ALIGNMENT);
  return Buffer.concat([Buffer.from(`${line.padEnd(length - 1)}\n`), payload]);
}

/** The features of a file; undefined unless all of it is what was written under the key. */
function decode(bytes: Buffer, key: string): Float32Array | undefined {
  const end = bytes.indexOf('\n') + 1;
  if (end === 0) return undefined;
  let found: z.infer<typeof header>;
  try {
    found = header.parse(JSON.parse(bytes.toString('utf8', 0, end)));
  } catch {
    return undefined;
  }
  const payload = bytes.subarray(end);
  if (found.key !== key || payload.length !== 4 * found.values || hashOf(payload) !== found.sha256) return undefined;
  return new Float32Array(payload.buffer.slice(payload.byteOffset, payload.byteOffset + payload.length));
}

/** Marks a file as used now; one that was removed meanwhile is no loss. */
async function touch(path: string): Promise<void> {
  const now = new Date();
  await utimes(path, now, now).catch(() => undefined);
}
