/** How long a frame takes from file to stored values, to be held against a native decoder on the same machine. */
import { DecoderPool } from './codecs/decoder-pool.ts';
import { openDicom } from './open-dicom.ts';

/** Times of one frame. */
export interface FrameTiming {
  readonly pixels: number;
  /** The first frame of a new worker: the codec is loaded and compiled with it. */
  readonly firstMs: number;
  /** The least of the others. */
  readonly leastMs: number;
}

/** Times the reading and decoding of a frame in one worker, `repeats` times after the first. */
export async function timeFrame(path: string, frame = 0, repeats = 3): Promise<FrameTiming> {
  const pool = new DecoderPool({ workers: 1 });
  try {
    await using file = await openDicom(path, { pool });
    const times: number[] = [];
    for (let run = 0; run <= repeats; run++) {
      const start = performance.now();
      await file.frame(frame);
      times.push(performance.now() - start);
    }
    const [firstMs = Number.NaN, ...others] = times;
    return { pixels: file.image.rows * file.image.columns, firstMs, leastMs: Math.min(...others) };
  } finally {
    await pool.close();
  }
}
