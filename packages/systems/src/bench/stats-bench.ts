/** The statistics that a large study needs, timed: DeLong on many scores, and a bootstrap of whole patients. */
import { RandomStream } from '@mammoscope/random';
import { bootstrap, clusterClasses, delong, resampledAuc } from '@mammoscope/stats';

/** What one statistic came to. */
export interface StatsBenchResult {
  readonly name: string;
  readonly title: string;
  /** Of the runs. */
  readonly leastSeconds: number;
  readonly medianSeconds: number;
}

interface StatsCase {
  readonly title: string;
  readonly run: () => void;
}

/** Scores that rise with the truth and have ties, half of the cases positive; two cases a patient. */
function study(cases: number) {
  const random = new RandomStream(0, 'bench', 'stats');
  const labels = Uint8Array.from({ length: cases }, (_, i) => (i >> 1) & 1);
  const scores = Float64Array.from(labels, (label) => random.integer(0, 999_999) / 1e6 + label / 4);
  return { labels, scores, patients: Uint32Array.from(labels, (_, i) => i >> 1) };
}

const DELONG_SCORES = 1_000_000;
const IMAGES = 10_000;
const REPLICATES = 2000;

/** The cases of `bench stats`, by name; each is made once, and only its statistic is timed. */
const STATS_CASES: Readonly<Record<string, () => StatsCase>> = {
  delong: () => {
    const { scores, labels } = study(DELONG_SCORES);
    return { title: `DeLong's AUC and interval, ${DELONG_SCORES} scores`, run: () => delong(scores, labels) };
  },
  'delong-clustered': () => {
    const { scores, labels, patients: clusters } = study(DELONG_SCORES);
    return {
      title: `the same with clusters of two (Obuchowski)`,
      run: () => delong(scores, labels, { clusters }),
    };
  },
  bootstrap: () => {
    const { scores, labels, patients: clusters } = study(IMAGES);
    const strata = clusterClasses(labels, clusters);
    return {
      title: `AUC, ${REPLICATES} bootstrap replicates of whole patients, ${IMAGES} images`,
      run: () => {
        const random = new RandomStream(0, 'bench', 'bootstrap');
        bootstrap(IMAGES, resampledAuc(scores, labels), { random, replicates: REPLICATES, clusters, strata });
      },
    };
  },
};

/** Times each statistic `runs` times, on one thread. */
export function runStatsBench(runs: number): StatsBenchResult[] {
  return Object.entries(STATS_CASES).map(([name, make]) => {
    const { title, run } = make();
    const times = Array.from({ length: runs }, () => {
      const start = performance.now();
      run();
      return (performance.now() - start) / 1000;
    }).sort((a, b) => a - b);
    return {
      name,
      title,
      leastSeconds: times[0] as number,
      medianSeconds: times[Math.floor(times.length / 2)] as number,
    };
  });
}
