/** The features of one region of Xiao 2021, timed. */
import { radiomicsFeatures, XIAO_VOLUME } from '@mammoscope/imaging';
import { RandomStream } from '@mammoscope/random';

/** What the features came to. */
export interface RadiomicsBenchResult {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly features: number;
  /** The first run, in which code is compiled too, and of the runs after it. */
  readonly firstSeconds: number;
  readonly leastSeconds: number;
  readonly medianSeconds: number;
  /** Least processor time of a run, all threads: what the time would be with nothing else on the machine. */
  readonly processorSeconds: number;
}

const FOCUS = 6;

/** A tissue-like ground with noise, of the size that the paper cuts out. */
function region() {
  const { width, height, depth } = XIAO_VOLUME;
  const random = new RandomStream(0, 'bench', 'radiomics');
  return Array.from({ length: depth }, (_, k) => ({
    width,
    height,
    data: Float32Array.from({ length: width * height }, (_, i) => {
      const [x, y] = [i % width, Math.floor(i / width)];
      return 400 + 60 * Math.sin(x / 15 + k / 4) * Math.cos(y / 20) + random.normal(0, 15);
    }),
  }));
}

/** Extracts every feature of the region from all its voxels, once and then `runs` times, on one thread. */
export async function runRadiomicsBench(runs: number): Promise<RadiomicsBenchResult> {
  const slices = region();
  const times: number[] = [];
  const processor: number[] = [];
  let features = 0;
  for (let i = 0; i <= runs; i++) {
    const [start, used] = [performance.now(), process.cpuUsage()];
    features = Object.keys(await radiomicsFeatures(slices, { focus: FOCUS })).length;
    times.push((performance.now() - start) / 1000);
    const { user, system } = process.cpuUsage(used);
    processor.push((user + system) / 1e6);
  }
  const [firstSeconds, ...others] = times as [number, ...number[]];
  others.sort((a, b) => a - b);
  return {
    ...XIAO_VOLUME,
    features,
    firstSeconds,
    leastSeconds: others[0] as number,
    medianSeconds: others[Math.floor(others.length / 2)] as number,
    processorSeconds: Math.min(...processor.slice(1)),
  };
}
