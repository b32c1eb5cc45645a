import { RandomStream } from '@mammoscope/random';
import { type Coverage, type CoverageOptions, coverage } from '@mammoscope/stats';

/** The coverage of every interval of the stats package by simulation, from a seed. Throws as coverage does. */
export function intervalCoverage({
  seed,
  ...options
}: Omit<CoverageOptions, 'random'> & { readonly seed: number }): readonly Coverage[] {
  return coverage({ random: new RandomStream(seed, 'stats', 'coverage'), ...options });
}
