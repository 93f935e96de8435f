// A job's life, played in steps of a second by the rules of worker and master: what etcd would hold after it,
// and what truly became of each tick. The oracle of the outcomes; it shares no code with them.
import { dueAt, settledUntil, type TickSource } from '../../../src/common/core/due.ts';
import { armedRun, endedRun, lostRun, passedTicks, startedRun } from '../../../src/common/core/lifecycle.ts';
import { makeRunId } from '../../../src/common/model/ids.ts';
import type { RunRecord } from '../../../src/common/model/run.ts';
import { instant, type Instant } from '../../../src/common/model/time.ts';

const SECOND = 1_000;
export const START = Date.parse('2026-03-01T00:00:00Z');

/** Ticks at whole multiples of so many seconds. */
export const every = (seconds: number): TickSource => {
  const period = seconds * SECOND;
  return {
    nextAfter: (at) => instant((Math.floor(at / period) + 1) * period),
    atOrBefore: (at) => instant(Math.floor(at / period) * period),
    countBetween: (after, until) => Math.max(0, Math.floor(until / period) - Math.floor(after / period)),
  };
};

export interface LifeOptions {
  readonly seconds: number;
  readonly period: number;
  readonly overlap: 'forbid' | 'queue' | 'allow';
  readonly catchUp: 'latest' | 'all' | 'none';
  readonly keep: number;
  readonly maxAge: number;
  readonly retry: boolean;
  /** Out of a thousand steps. */
  readonly chances: {
    end: number;
    death: number;
    outage: number;
    back: number;
    pause: number;
    resume: number;
    manual: number;
  };
}

export interface Era {
  readonly after: number;
  until: number;
  readonly paused: boolean;
}

export interface Life {
  now: Instant;
  readonly records: Map<string, RunRecord>;
  readonly active: Map<string, RunRecord>;
  readonly retriesAsked: Map<string, RunRecord>;
  readonly eras: Era[];
  cursor: Instant | undefined;
  held: { runId: string; startAt: number } | undefined;
  /** By tick, the newest: of those that are due and not in it nothing has been decided. */
  readonly truth: Map<number, 'ran' | 'lost' | 'skipped' | 'missed' | 'on'>;
}

/** Plays on; `look` is called after each step. */
export function playLife(options: LifeOptions, random: () => number, look: (life: Life) => void): Life {
  const { overlap, chances } = options;
  const ticks = every(options.period);
  const life: Life = {
    now: instant(START),
    records: new Map(),
    active: new Map(),
    retriesAsked: new Map(),
    eras: [{ after: START, until: Infinity, paused: false }],
    cursor: undefined,
    held: undefined,
    truth: new Map(),
  };
  const version = { job: 'j', generation: 1, jobCreated: 1 };
  const happens = (chance: number): boolean => random() * 1_000 < chance;
  let serial = 0;
  const suffix = (): string => (serial++).toString(16).padStart(6, '0');
  const dead = new Map<string, number>();
  const manual: string[] = [];
  let isOut = false;
  let cut: string | undefined;
  let skip: { lock: string; id: string; from: number; to: number; count: number } | undefined;

  const put = (record: RunRecord): void => {
    life.records.set(record.id, record);
    const newest = [...life.records.keys()].sort().toReversed();
    // A look rides on one of some records, and its deletion on a later one.
    if (cut !== undefined && cut <= record.id) for (const id of newest) if (id < cut) life.records.delete(id);
    cut = random() < 0.3 && newest.length > options.keep ? newest[options.keep - 1] : undefined;
  };

  const claim = (id: string, cause: RunRecord['cause'], scheduledFor: number): void => {
    const { now } = life;
    const run = armedRun({
      ...version,
      id,
      cause,
      worker: 'w-000000',
      scheduledFor: instant(scheduledFor),
      now,
      attempt: 1,
    });
    life.active.set(id, happens(500) ? run : startedRun(run, now, 1, 1));
    if (overlap !== 'allow') life.held = { runId: id, startAt: now };
    if (cause.tick !== undefined) life.truth.set(cause.tick, 'on');
  };

  const end = (run: RunRecord): void => {
    life.active.delete(run.id);
    if (life.held?.runId === run.id) life.held = undefined;
    put(
      endedRun(startedRun(run, life.now, 1, 1), {
        state: random() < 0.8 ? 'succeeded' : 'failed',
        at: life.now,
      }),
    );
    if (run.cause.tick !== undefined) life.truth.set(run.cause.tick, 'ran');
  };

  const settle = (run: RunRecord): void => {
    dead.delete(run.id);
    life.active.delete(run.id);
    if (life.held?.runId === run.id) life.held = undefined;
    put(lostRun(run, life.now));
    if (run.cause.tick !== undefined) life.truth.set(run.cause.tick, 'lost');
    if (options.retry) life.retriesAsked.set(run.id, run);
  };

  const passTicks = (state: 'skipped' | 'missed', from: number, to: number): void => {
    for (let tick = from; tick <= to; tick += options.period * SECOND) life.truth.set(tick, state);
  };

  const schedule = (): void => {
    const { now } = life;
    const era = life.eras.at(-1)!;
    const since = instant(era.after);
    for (const [lost, run] of life.retriesAsked) {
      if (life.held) break;
      life.retriesAsked.delete(lost);
      const { tick } = run.cause;
      claim(
        makeRunId(now, suffix()),
        { kind: 'retry', retryOf: lost, ...(tick === undefined ? {} : { tick }) },
        tick ?? now,
      );
    }
    while (manual.length > 0 && !life.held) claim(manual.shift()!, { kind: 'manual', by: 'me' }, now);
    if (era.paused) return;
    const { cursor } = life;
    if (life.held) {
      if (overlap !== 'forbid') return;
      const base = settledUntil({ since, cursor });
      const from = ticks.nextAfter(base)!;
      const to = ticks.atOrBefore(now)!;
      if (to < from || from <= life.held.startAt) return;
      const lock = life.held.runId;
      const count = ticks.countBetween(base, to);
      skip =
        skip?.lock === lock && skip.to === cursor
          ? { ...skip, to, count: skip.count + count }
          : { lock, id: makeRunId(from, suffix()), from, to, count };
      put(passedTicks(version, 'skipped', skip, { reason: 'on', at: now, id: skip.id }));
      passTicks('skipped', from, to);
      life.cursor = to;
      return;
    }
    const due = dueAt({ ticks, since, cursor, catchUp: { policy: options.catchUp, window: 20_000 } }, now);
    if (due.kind !== 'now') return;
    if (due.missed) {
      put(passedTicks(version, 'missed', due.missed, { reason: 'nobody', at: now, suffix: suffix() }));
      passTicks('missed', due.missed.from, due.missed.to);
      life.cursor = instant(due.missed.to);
    }
    if (due.run === undefined) return;
    claim(makeRunId(due.run, suffix()), { kind: due.late ? 'catch_up' : 'schedule', tick: due.run }, due.run);
    life.cursor = due.run;
  };

  for (let step = 0; step < options.seconds; step++) {
    life.now = instant(START + step * SECOND);
    const { now } = life;
    for (const run of life.active.values()) {
      const gone = dead.get(run.id);
      if (gone !== undefined) {
        // The lock goes with the lease, and somebody alive settles the run.
        if (now > gone + 5 * SECOND && life.held?.runId === run.id) life.held = undefined;
        if (now > gone + 6 * SECOND && !isOut) settle(run);
      } else if (happens(chances.death)) dead.set(run.id, now);
      else if (happens(chances.end)) end(run);
    }
    isOut = isOut ? !happens(chances.back) : happens(chances.outage);
    const era = life.eras.at(-1)!;
    if (happens(era.paused ? chances.resume : chances.pause)) {
      era.until = now;
      life.eras.push({ after: now, until: Infinity, paused: !era.paused });
    }
    if (happens(chances.manual)) manual.push(makeRunId(now, suffix()));
    if (!isOut) schedule();
    if (happens(30)) {
      const before = makeRunId(instant(now - options.maxAge), '000000');
      for (const id of life.records.keys()) if (id < before) life.records.delete(id);
    }
    look(life);
  }
  return life;
}
