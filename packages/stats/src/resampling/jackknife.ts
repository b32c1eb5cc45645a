import type { ResampledStatistic, ResamplingUnits } from './units.ts';

/**
 * BCa's acceleration from a jackknife over units: with l the influence (n_s - 1) (mean - value without the unit) within
 * stratum s, sum(n_s^-3 sum l^3) / (6 sum(n_s^-2 sum l^2)^(3/2)). Undefined where the statistic has no value without
 * some unit, or where no unit has influence. One statistic a unit.
 * Source: Davison and Hinkley 1997 (see bootstrap.ts), equation 5.29; for one stratum Efron and Tibshirani 1993,
 * equation 14.15.
 */
export function jackknifeAcceleration(
  statistic: ResampledStatistic,
  count: number,
  { unitOf, units, strata }: ResamplingUnits,
): number | undefined {
  const casesOf: number[][] = Array.from({ length: units }, () => []);
  unitOf.forEach((unit, row) => {
    casesOf[unit]?.push(row);
  });
  const multiplicities = new Uint32Array(count).fill(1);
  let [cubes, squares] = [0, 0];
  for (const members of strata) {
    const n = members.length;
    const without = new Float64Array(n);
    for (let i = 0; i < n; i++) {
      const cases = casesOf[members[i] as number] as number[];
      for (const row of cases) multiplicities[row] = 0;
      const value = statistic(multiplicities);
      for (const row of cases) multiplicities[row] = 1;
      if (value === undefined) return undefined;
      without[i] = value;
    }
    const mean = without.reduce((sum, value) => sum + value, 0) / n;
    const influences = without.map((value) => (n - 1) * (mean - value));
    cubes += influences.reduce((sum, value) => sum + value ** 3, 0) / n ** 3;
    squares += influences.reduce((sum, value) => sum + value ** 2, 0) / n ** 2;
  }
  return squares > 0 ? cubes / (6 * squares ** 1.5) : undefined;
}
