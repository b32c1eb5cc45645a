import { normalCdf, normalQuantile } from '../distributions/normal.ts';
import { tailProbability } from '../interval.ts';

/**
 * The probabilities at which a BCa interval reads the quantiles of the replicates: Phi(z0 + (z0 + z) / (1 - a (z0 +
 * z))) for the deviates z of both tails, with z0 the deviate of the share of replicates below the estimate, ties one
 * half. Undefined where all replicates lie on one side of the estimate, or where a (z0 + z) reaches 1. O(n).
 * Source: Efron, "Better bootstrap confidence intervals", Journal of the American Statistical Association 82 (1987),
 * 171-185.
 */
export function bcaProbabilities(
  replicates: ArrayLike<number>,
  estimate: number,
  acceleration: number,
  level: number,
): readonly [lower: number, upper: number] | undefined {
  let below = 0;
  for (let i = 0; i < replicates.length; i++) {
    const value = replicates[i] as number;
    below += value < estimate ? 1 : value === estimate ? 0.5 : 0;
  }
  const bias = normalQuantile(below / replicates.length);
  const z = normalQuantile(tailProbability(level));
  if (!Number.isFinite(bias) || acceleration * (bias + z) >= 1 || acceleration * (bias - z) >= 1) return undefined;
  const at = (deviate: number) => normalCdf(bias + (bias + deviate) / (1 - acceleration * (bias + deviate)));
  return [at(z), at(-z)];
}
