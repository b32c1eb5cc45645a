import { RandomStream } from '@mammoscope/random';
import {
  type BootstrapMethod,
  bootstrap,
  clusterClasses,
  delong,
  type Interval,
  type LogitInterval,
  resampledAuc,
} from '@mammoscope/stats';

/** An AUC with its intervals. */
export interface AucEstimate {
  readonly auc: number;
  /** DeLong's; with clusters Obuchowski's, as are both intervals. */
  readonly standardError: number;
  /** On the logit scale, or what stands in for it. */
  readonly interval: LogitInterval;
  /** The plain one. */
  readonly plainInterval: Interval;
  /** Whole clusters drawn, in strata of clusters with and without a positive case; null without clusters. */
  readonly bootstrap: {
    readonly interval: Interval & { readonly method: BootstrapMethod };
    readonly standardError: number;
    readonly kept: number;
    readonly discarded: number;
    readonly clusters: number;
  } | null;
}

/** What an AUC's intervals need. */
export interface AucOptions {
  readonly confidence: number;
  readonly seed: number;
  readonly replicates: number;
  readonly bootstrap: BootstrapMethod;
}

/** The AUC of cases; with clusters also by a bootstrap that draws them whole. Throws as delong and bootstrap do. */
export function aucEstimate(
  scores: Float64Array,
  labels: Uint8Array,
  clusters: readonly string[] | undefined,
  { confidence, seed, replicates, bootstrap: method }: AucOptions,
): AucEstimate {
  const { auc, standardError, interval, logitInterval } = delong(scores, labels, {
    level: confidence,
    ...(clusters && { clusters }),
  });
  const base = { auc, standardError, interval: logitInterval, plainInterval: interval };
  if (!clusters) return { ...base, bootstrap: null };
  const drawn = bootstrap(labels.length, resampledAuc(scores, labels), {
    random: new RandomStream(seed, 'stats', 'auc'),
    replicates,
    level: confidence,
    method,
    clusters,
    strata: clusterClasses(labels, clusters),
  });
  return {
    ...base,
    bootstrap: {
      interval: drawn.interval,
      standardError: drawn.standardError,
      kept: drawn.kept,
      discarded: drawn.discarded,
      clusters: drawn.units,
    },
  };
}
