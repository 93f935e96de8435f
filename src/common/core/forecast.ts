// How many jobs tick in each second of a stretch to come. Jobs that tick alike are counted once and multiplied: by
// schedule and shift, intervals by length and phase. Work is given out in steps, so that who does it can give way.
// Pure. Never walks more ticks than it is allowed: what is denser is counted by arithmetic, and said to be.
import type { Instant, Millis } from '../model/time.ts';
import { instant } from '../model/time.ts';
import { EverySchedule, OnceSchedule } from './every.ts';
import type { Schedule } from './schedule-contract.ts';
import { BoundedSchedule, UnionSchedule } from './schedule-union.ts';

const SECOND: Millis = 1_000;
/** Ticks walked in all, 0.5 us each. */
const MOST_STEPS = 2_000_000;
/** Schedules that are counted slot by slot, some ms each. */
const MOST_BY_SLOT = 300;
/** Between two pauses. */
const STEPS = 1_024;

export interface Stretch {
  /** Whole seconds. */
  readonly from: Instant;
  readonly seconds: number;
  readonly slotSeconds: number;
}

export interface TickForecast {
  readonly jobs: number;
  /** Per second; parts of a tick where they were laid evenly over a slot. */
  readonly perSecond: Float64Array;
  readonly isApproximate: boolean;
}

interface Limits {
  readonly steps: number;
  readonly bySlot: number;
}

interface Group {
  readonly base: Schedule;
  readonly shift: Millis;
  /** Bounds of the shifted ticks. */
  readonly from: number;
  readonly to: number;
  jobs: number;
}

export interface Forecaster {
  add(schedule: Schedule): void;
  /** To be gone through to its end; between two steps others may have their turn. */
  count(): Generator<void, TickForecast>;
}

export function createForecaster(
  { from, seconds, slotSeconds }: Stretch,
  limits: Limits = { steps: MOST_STEPS, bySlot: MOST_BY_SLOT },
): Forecaster {
  const groups = new Map<string, Group>();
  const ids = new Map<Schedule, number>();
  const end = from + seconds * SECOND;
  let jobs = 0;

  const idOf = (schedule: Schedule): number => {
    const known = ids.get(schedule);
    if (known !== undefined) return known;
    ids.set(schedule, ids.size);
    return ids.size - 1;
  };

  /** Equal for schedules that tick in the same seconds: what is less than a second makes no difference only to these. */
  const keyOf = (base: Schedule, shift: Millis): string => {
    if (base instanceof EverySchedule) {
      const { interval } = base;
      const phase = (base.phase + shift) % interval;
      return `every ${interval} ${interval % SECOND === 0 ? Math.floor(phase / SECOND) : phase}`;
    }
    if (base instanceof UnionSchedule) {
      const members = base.members.map((member) =>
        member instanceof EverySchedule ? `every ${member.interval} ${member.phase}` : `${idOf(member)}`,
      );
      return `${members.sort((a, b) => (a < b ? -1 : 1)).join()} ${shift}`;
    }
    return `${idOf(base)} ${base instanceof OnceSchedule ? shift : Math.floor(shift / SECOND)}`;
  };

  function* walk({ base, shift, from: low, to: high, jobs: count }: Group, perSecond: Float64Array) {
    const first = Math.max(from, low);
    const last = Math.min(end - 1, high);
    let step = 0;
    for (
      let tick = base.nextAfter(instant(first - 1 - shift));
      tick !== undefined && tick + shift <= last;
      tick = base.nextAfter(tick)
    ) {
      perSecond[Math.floor((tick + shift - from) / SECOND)]! += count;
      if (++step % STEPS === 0) yield;
    }
  }

  const countIn = ({ base, shift, from: low, to: high }: Group, after: number, until: number): number => {
    const first = Math.max(after, low - 1);
    const last = Math.min(until, high);
    return last <= first ? 0 : base.countBetween(instant(first - shift), instant(last - shift));
  };

  const lay = (perSecond: Float64Array, first: number, last: number, ticks: number): void => {
    for (let second = first; second < last; second++) perSecond[second]! += ticks / (last - first);
  };

  return {
    add(schedule) {
      if (schedule.isManual) return;
      jobs++;
      let base = schedule;
      let shift = 0;
      let low = -Infinity;
      let high = Infinity;
      if (schedule instanceof BoundedSchedule) {
        ({ base, shift } = schedule);
        low = schedule.from <= from ? -Infinity : schedule.from;
        high = schedule.to >= end ? Infinity : schedule.to;
      }
      const key = `${keyOf(base, shift)} ${low} ${high}`;
      const known = groups.get(key);
      if (known) known.jobs++;
      else groups.set(key, { base, shift, from: low, to: high, jobs: 1 });
    },

    *count() {
      const perSecond = new Float64Array(seconds);
      const counted: { readonly group: Group; readonly ticks: number }[] = [];
      let step = 0;
      for (const group of groups.values()) {
        const ticks = countIn(group, from - 1, end - 1);
        if (ticks > 0) counted.push({ group, ticks });
        if (++step % 16 === 0) yield;
      }
      // The sparse ones first: most are walked, whatever the few dense ones are.
      counted.sort((a, b) => a.ticks - b.ticks);
      let left = limits.steps;
      let bySlot = limits.bySlot;
      let isApproximate = false;
      for (const { group, ticks } of counted) {
        left -= ticks;
        if (left >= 0) {
          yield* walk(group, perSecond);
          yield;
          continue;
        }
        isApproximate = true;
        if (bySlot-- <= 0) {
          lay(perSecond, 0, seconds, ticks * group.jobs);
          yield;
          continue;
        }
        for (let at = 0; at < seconds; at += slotSeconds) {
          const until = Math.min(seconds, at + slotSeconds);
          const inSlot = countIn(group, from + at * SECOND - 1, from + until * SECOND - 1);
          if (inSlot > 0) lay(perSecond, at, until, inSlot * group.jobs);
          yield;
        }
      }
      return { jobs, perSecond, isApproximate };
    },
  };
}
