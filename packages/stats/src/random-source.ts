/** What a resampling method needs of a random generator; `RandomStream` of the random package has it. */
export interface RandomSource {
  /** A uniform integer in [low, high], both included. */
  integer(low: number, high: number): number;
}
