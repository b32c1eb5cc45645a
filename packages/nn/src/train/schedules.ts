/**
 * Learning-rate schedules: pure functions on the host. A schedule's state is plain data that survives JSON, so that a
 * checkpoint holds it; the rates, one a group of parameters, are part of it. What a tick is (an epoch, a step) is the
 * caller's affair.
 */

/** Where a schedule stands. */
export interface ScheduleState {
  /** Ticks that have passed. */
  readonly time: number;
  /** The learning rate of each group, in force until the next tick. */
  readonly rates: readonly number[];
}

/** How learning rates go on. */
export interface Schedule<S extends ScheduleState = ScheduleState> {
  /** The state before the first tick. */
  readonly initial: S;
  /** The state after one more tick. `figure` is what was measured during it; only some schedules look at it. */
  advance(state: S, figure: number): S;
}

/** A schedule whose rates depend on the time alone. */
function timed(rates: readonly number[], rateAt: (rate: number, time: number) => number): Schedule {
  requireRates(rates);
  const at = (time: number): ScheduleState => ({ time, rates: rates.map((rate) => rateAt(rate, time)) });
  return { initial: at(0), advance: ({ time }) => at(time + 1) };
}

/** Rates that stay as they are. */
export function constantSchedule(rates: readonly number[]): Schedule {
  return timed(rates, (rate) => rate);
}

/** Multiplies the rates by gamma after every `size` ticks; PyTorch's StepLR. */
export function stepSchedule(
  rates: readonly number[],
  { size, gamma = 0.1 }: { readonly size: number; readonly gamma?: number },
): Schedule {
  requirePositiveInteger('stepSchedule', 'size', size);
  return timed(rates, (rate, time) => rate * gamma ** Math.floor(time / size));
}

/**
 * Half a cosine from the rates down to a minimum over `length` ticks (Loshchilov and Hutter 2017, equation 5, without
 * restarts; PyTorch's CosineAnnealingLR), where it stays: PyTorch's goes up again.
 */
export function cosineSchedule(
  rates: readonly number[],
  { length, minimum = 0 }: { readonly length: number; readonly minimum?: number },
): Schedule {
  requirePositiveInteger('cosineSchedule', 'length', length);
  return timed(rates, (rate, time) => {
    const share = (1 + Math.cos((Math.PI * Math.min(time, length)) / length)) / 2;
    return minimum + (rate - minimum) * share;
  });
}

/** When a plateau schedule reduces the rates; PyTorch's names and defaults where they are not given. */
export interface PlateauOptions {
  /** Whether the figure is to fall (a loss) or to rise (an AUC); 'min'. */
  readonly mode?: 'min' | 'max';
  /** What the rates are multiplied by; 0.1. */
  readonly factor?: number;
  /** Ticks without improvement that are let pass: the one after them reduces the rates; 10. */
  readonly patience?: number;
  /** Relative change that counts as an improvement; 1e-4. */
  readonly threshold?: number;
  /** Ticks after a reduction in which none is counted as bad; 0. */
  readonly cooldown?: number;
  /** No rate goes below; 0. */
  readonly minimum?: number;
}

/** A plateau schedule's state; `best` is null before the first tick, as infinity is not in JSON. */
export interface PlateauState extends ScheduleState {
  readonly best: number | null;
  readonly badTicks: number;
  readonly cooldownLeft: number;
}

/** A reduction smaller than this is not made; PyTorch's eps. */
const LEAST_REDUCTION = 1e-8;

/**
 * Multiplies the rates by a factor when a figure has stopped improving; PyTorch's ReduceLROnPlateau. RangeError from
 * advance when the figure is not finite.
 */
export function plateauSchedule(rates: readonly number[], options: PlateauOptions = {}): Schedule<PlateauState> {
  const { mode = 'min', factor = 0.1, patience = 10, threshold = 1e-4, cooldown = 0, minimum = 0 } = options;
  requireRates(rates);
  if (!(factor > 0 && factor < 1)) throw new RangeError(`plateauSchedule requires a factor in (0, 1), got ${factor}`);
  const improves = (figure: number, best: number) =>
    mode === 'min' ? figure < best * (1 - threshold) : figure > best * (1 + threshold);
  const reduce = (rate: number) => {
    const reduced = Math.max(rate * factor, minimum);
    return rate - reduced > LEAST_REDUCTION ? reduced : rate;
  };
  return {
    initial: { time: 0, rates: [...rates], best: null, badTicks: 0, cooldownLeft: 0 },
    advance(state, figure) {
      const time = state.time + 1;
      if (!Number.isFinite(figure)) {
        throw new RangeError(`plateauSchedule requires a finite figure at tick ${time}, got ${figure}`);
      }
      const better = state.best === null || improves(figure, state.best);
      const cooling = state.cooldownLeft > 0;
      const badTicks = better || cooling ? 0 : state.badTicks + 1;
      const next = { time, best: better ? figure : state.best, rates: state.rates };
      if (badTicks > patience) return { ...next, rates: state.rates.map(reduce), badTicks: 0, cooldownLeft: cooldown };
      return { ...next, badTicks, cooldownLeft: cooling ? state.cooldownLeft - 1 : 0 };
    },
  };
}

/** The state of a warm-up and of the schedule that follows it. */
export interface WarmUpState<S extends ScheduleState> extends ScheduleState {
  readonly after: S;
}

/**
 * Raises the rates linearly, from `start` times the first rates of another schedule to all of them over `length` ticks;
 * then that schedule begins (PyTorch's SequentialLR of LinearLR and the other). Figures of the warm-up are not looked at.
 */
export function warmUp<S extends ScheduleState>(
  schedule: Schedule<S>,
  { length, start = 0 }: { readonly length: number; readonly start?: number },
): Schedule<WarmUpState<S>> {
  requirePositiveInteger('warmUp', 'length', length);
  const at = (time: number, after: S): WarmUpState<S> => {
    const share = Math.min(time / length, 1);
    return { time, rates: after.rates.map((rate) => rate * (start + (1 - start) * share)), after };
  };
  return {
    initial: at(0, schedule.initial),
    advance: ({ time, after }, figure) => at(time + 1, time < length ? after : schedule.advance(after, figure)),
  };
}

function requireRates(rates: readonly number[]): void {
  for (const [group, rate] of rates.entries()) {
    if (!(rate >= 0 && rate < Infinity)) {
      throw new RangeError(`group ${group} requires a finite learning rate of 0 or more, got ${rate}`);
    }
  }
}

function requirePositiveInteger(schedule: string, what: string, value: number): void {
  if (!Number.isInteger(value) || value < 1) {
    throw new RangeError(`${schedule} requires a whole ${what} of 1 or more, got ${value}`);
  }
}
