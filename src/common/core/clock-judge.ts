// How far our wall clock can be believed, and what has to be taken off it. Pure: it is told what the clocks
// say. It never lets a time run ahead of what the majority of three clocks says, and it never believes a step
// forward before somebody has confirmed it, or nobody could for a while.
//
//   agreed --stepped forward--> doubted   (goes on as if it had not been stepped; asks the others)
//   doubted --the others agree, or nobody can tell for HOLD--> agreed   (time jumps: catch-up decides)
//   agreed, doubted --the others say otherwise--> aside   (their time is used; other workers go first)
//   aside --within the limit again--> agreed
import type { Millis, Monotonic } from '../model/time.ts';
import { offsetFromMedian } from './clock-offset.ts';
import type { ClockBounds } from './clock-samples.ts';

/** A difference between wall and monotonic time that no slewing makes between two looks. */
export const STEP: Millis = 500;
/** A step forward that nobody can confirm or deny is believed after this: more than the time between two heartbeats. */
export const HOLD: Millis = 12_000;
/** The clocks measured best decide: with hundreds of them, most were measured loosely. */
const BEST = 5;
/** Smaller changes of a correction are the network's. */
const TREMOR: Millis = 100;
/** Part of the limit below which a clock is believed again. */
const BACK_WITHIN = 0.8;

export interface ClockView {
  /** Our wall clock less our monotonic one. */
  readonly base: Millis;
  readonly at: Monotonic;
  readonly others: readonly ClockBounds[];
  /** Processes that are registered besides us, measured or not. */
  readonly present: number;
}

export interface ClockJudge {
  /** To be taken off the wall clock; whole milliseconds. */
  readonly correction: Millis;
  /** Our clock is off: others go first. */
  readonly isAside: boolean;
  /** A step that is not judged yet. */
  readonly isDoubted: boolean;
  /** It may be ahead, or it may be the network: the others have to be asked. */
  readonly isUnclear: boolean;
  /** How far we are ahead of the median; half the difference when there is one other. */
  readonly offset: Millis;
  /** There are three clocks or more. */
  readonly isKnown: boolean;
  isStep(base: Millis): boolean;
  /** What the wall clock was stepped by since the last look; 0: it was not. */
  look(base: Millis, at: Monotonic): Millis;
  judge(view: ClockView): void;
}

export function createClockJudge(maxOffset: Millis): ClockJudge {
  let lastBase: Millis | undefined;
  let correction: Millis = 0;
  let isAside = false;
  let doubt: { readonly by: Millis; readonly since: Monotonic } | undefined;
  let isUnclear = false;
  let offset: Millis = 0;
  let isKnown = false;

  const agree = (): void => {
    isAside = false;
    doubt = undefined;
    correction = 0;
  };

  const stepAside = (lead: Millis): void => {
    isAside = true;
    doubt = undefined;
    if (Math.abs(lead - correction) > TREMOR) correction = Math.round(lead);
  };

  /** Three clocks or more. What the news took on its way makes us seem ahead: that has to be proven. */
  const byMajority = (base: Millis, others: readonly ClockBounds[]): void => {
    const most = offsetFromMedian(others.map(({ lo }) => lo - base));
    offset = most;
    if (most < -maxOffset) return stepAside(most);
    if (Math.abs(most) <= (isAside ? maxOffset * BACK_WITHIN : maxOffset)) return agree();
    if (most <= maxOffset) return;
    const best = others
      .filter(({ hi }) => hi !== Infinity)
      .sort((a, b) => a.hi - a.lo - (b.hi - b.lo))
      .slice(0, BEST);
    const least = best.length < 2 ? -Infinity : offsetFromMedian(best.map(({ hi }) => hi - base));
    if (least > maxOffset) stepAside(most);
    else isUnclear = true;
  };

  /** Neither of two clocks is more right than the other, but for what we know of a step of ours. */
  const byTheOther = (lead: Millis): void => {
    if (Math.abs(lead) <= maxOffset) return agree();
    if (isAside) {
      if (Math.abs(lead - correction) <= maxOffset) stepAside(lead);
    } else if (doubt && Math.abs(lead - doubt.by) <= maxOffset) stepAside(lead);
  };

  return {
    get correction() {
      return correction;
    },
    get isAside() {
      return isAside;
    },
    get isDoubted() {
      return doubt !== undefined;
    },
    get isUnclear() {
      return isUnclear;
    },
    get offset() {
      return offset;
    },
    get isKnown() {
      return isKnown;
    },
    isStep: (base) => lastBase !== undefined && Math.abs(base - lastBase) >= STEP,
    look(base, at) {
      const step = lastBase === undefined ? 0 : base - lastBase;
      lastBase = base;
      if (Math.abs(step) < STEP) return 0;
      const by = (doubt?.by ?? 0) + step;
      // Wherever the wall clock went, time goes on as before, until it is known better. But a step back that
      // nothing speaks against is believed: late is better than early.
      if (isAside) correction = Math.round(correction + step);
      // Up: a wall clock that tells whole milliseconds makes a step seem less than it was.
      else correction = Math.max(0, Math.ceil(by));
      doubt = Math.abs(by) < STEP ? undefined : { by, since: at };
      return step;
    },
    judge({ base, at, others, present }) {
      isUnclear = false;
      isKnown = others.length >= 2;
      const isOld = doubt !== undefined && at - doubt.since >= HOLD;
      if (isKnown) byMajority(base, others);
      else {
        offset = offsetFromMedian(others.map(({ lo }) => lo - base));
        const only = others[0];
        if (only && (present <= 1 || isOld) && (isAside || doubt)) byTheOther(base - only.lo);
      }
      if (doubt && isOld) {
        doubt = undefined;
        if (!isAside) correction = 0;
      }
    },
  };
}
