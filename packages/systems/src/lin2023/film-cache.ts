import type { Plane } from '@mammoscope/imaging';
import { type Film, readFilm, type SeenFilm } from './films.ts';

/** Films are read in 8 or 16 bits; their whole numbers take two bytes each instead of four. */
type Kept = Omit<SeenFilm, 'plane'> & {
  readonly width: number;
  readonly height: number;
  readonly data: Uint16Array | Float32Array;
};

/**
 * Films decoded and standardised, kept in bounded memory: beyond `limitBytes` the film used longest ago goes and is read again
 * when it is asked for. What is given does not depend on the limit.
 */
export class FilmCache {
  readonly #limitBytes: number;
  readonly #read: (film: Film) => Promise<SeenFilm>;
  /** In the order of their last use. */
  readonly #kept = new Map<string, Kept>();
  #bytes = 0;

  constructor(limitBytes: number, read = readFilm) {
    this.#limitBytes = limitBytes;
    this.#read = read;
  }

  /** Of the films kept. */
  get bytes(): number {
    return this.#bytes;
  }

  async get(film: Film): Promise<SeenFilm> {
    const key = film.row.absolutePath;
    const known = this.#kept.get(key);
    if (known) {
      this.#kept.delete(key);
      this.#kept.set(key, known);
      const { width, height, data, ...rest } = known;
      return { ...rest, plane: { width, height, data: data instanceof Float32Array ? data : Float32Array.from(data) } };
    }
    const seen = await this.#read(film);
    this.#keep(key, seen);
    return seen;
  }

  #keep(key: string, { plane, ...rest }: SeenFilm): void {
    const { width, height } = plane;
    const data = packed(plane);
    if (this.#kept.has(key) || data.byteLength > this.#limitBytes) return; // two readers may have asked at once
    this.#kept.set(key, { ...rest, width, height, data });
    this.#bytes += data.byteLength;
    for (const [oldest, { data: old }] of this.#kept) {
      if (this.#bytes <= this.#limitBytes) break;
      this.#kept.delete(oldest);
      this.#bytes -= old.byteLength;
    }
  }
}

function packed({ data }: Plane): Uint16Array | Float32Array {
  const small = Uint16Array.from(data);
  return data.every((value, i) => value === small[i]) ? small : data;
}
