import assert from 'node:assert/strict';

/** Tolerance where both sides do the same few operations in double precision. */
export const EXACT = 1e-12;

/** Asserts |actual - expected| <= tolerance, absolute. */
export function assertClose(actual: number, expected: number, tolerance: number, what: string): void {
  assert.ok(Math.abs(actual - expected) <= tolerance, `${what}: ${actual}, expected ${expected} within ${tolerance}`);
}

/** Asserts |actual / expected - 1| <= tolerance. */
export function assertRelative(actual: number, expected: number, tolerance: number, what: string): void {
  assertClose(actual, expected, Math.abs(expected) * tolerance, what);
}
