// How late ticks started, in quiet and under faults, and how long each kind of fault was felt. Figures, not
// verdicts: on a busy machine they tell of the machine, too. Pure.
import type { FaultKind } from '../plan.ts';
import type { FaultDone, Sample } from '../events.ts';
import { group, lastRecord, type Facts } from './facts.ts';

export interface Percentiles {
  readonly count: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

export interface Lag {
  readonly quiet: Percentiles;
  readonly faults: Percentiles;
}

export interface Recovery {
  readonly kind: FaultKind;
  readonly times: number;
  /** From the end of the fault until each prompt job had started a tick on time; the slowest job counts. */
  readonly onTime: Percentiles;
  /** Not once before the next fault began. */
  readonly notMeasured: number;
  /** From the beginning of the fault until each job that ran on the victim had started elsewhere. */
  readonly elsewhere: Percentiles | undefined;
}

export interface Growth {
  readonly name: string;
  readonly pid: number;
  readonly minutes: number;
  readonly firstMiB: number;
  readonly lastMiB: number;
  readonly maxMiB: number;
  /** Least squares over its life but its first minute; undefined: too short to tell. */
  readonly mibPerMinute: number | undefined;
}

/** A start is on time within this of its tick. */
const ON_TIME = 1_000;
/** A fault is felt for a while after it ended. */
const AFTERMATH = 5_000;

export function percentiles(values: readonly number[]): Percentiles {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (part: number): number => sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] ?? 0;
  return { count: sorted.length, p50: at(0.5), p95: at(0.95), p99: at(0.99), max: sorted.at(-1) ?? 0 };
}

interface Start {
  readonly job: string;
  readonly worker: string;
  readonly at: number;
  readonly tick: number;
}

function promptStarts(facts: Facts): Start[] {
  return facts.starts.flatMap(({ job, runId, at, worker }) => {
    const cause = facts.history.prompt.has(job) ? lastRecord(facts, job, runId)?.cause : undefined;
    return cause?.tick === undefined || cause.kind === 'retry' ? [] : [{ job, worker, at, tick: cause.tick }];
  });
}

export function lagOf(facts: Facts): Lag {
  const { faults, pausedAt } = facts.history;
  const isQuiet = (tick: number): boolean =>
    !faults.some(({ beganAt, healedAt }) => tick > beganAt - ON_TIME && tick < healedAt + AFTERMATH);
  const starts = promptStarts(facts).filter(({ tick }) => tick <= pausedAt);
  const lags = (some: readonly Start[]): Percentiles => percentiles(some.map(({ at, tick }) => at - tick));
  return {
    quiet: lags(starts.filter(({ tick }) => isQuiet(tick))),
    faults: lags(starts.filter(({ tick }) => !isQuiet(tick))),
  };
}

export function recoveryOf(facts: Facts): Recovery[] {
  const starts = group(promptStarts(facts), ({ job }) => job);
  const byKind = group(facts.history.faults, ({ kind }) => kind);
  return [...byKind].map(([kind, faults]): Recovery => {
    const onTime = faults.map((fault) => onTimeAfter(fault, starts, facts.history.faults));
    const elsewhere = faults.flatMap((fault) => elsewhereAfter(fault, starts));
    return {
      kind: kind as FaultKind,
      times: faults.length,
      onTime: percentiles(onTime.filter((ms) => ms !== undefined)),
      notMeasured: onTime.filter((ms) => ms === undefined).length,
      elsewhere: elsewhere.length > 0 ? percentiles(elsewhere) : undefined,
    };
  });
}

/** undefined: another fault began before. */
function onTimeAfter(
  { healedAt }: FaultDone,
  starts: ReadonlyMap<string, readonly Start[]>,
  faults: readonly FaultDone[],
): number | undefined {
  let slowest = 0;
  for (const some of starts.values()) {
    const first = some.find(({ tick, at }) => tick > healedAt && at - tick <= ON_TIME);
    if (!first) return undefined;
    slowest = Math.max(slowest, first.at - healedAt);
  }
  const next = Math.min(...faults.filter(({ beganAt }) => beganAt > healedAt).map(({ beganAt }) => beganAt));
  return healedAt + slowest <= next ? slowest : undefined;
}

const nameOf = (worker: string): string => worker.replace(/-[0-9a-f]{6}$/, '');

/** Of each prompt job that the victim ran last. */
function elsewhereAfter(
  { victims, beganAt }: FaultDone,
  starts: ReadonlyMap<string, readonly Start[]>,
): number[] {
  return [...starts.values()].flatMap((some) => {
    const before = some.findLast(({ at }) => at <= beganAt);
    if (!before || !victims.includes(nameOf(before.worker))) return [];
    const next = some.find(({ at, worker }) => at > beganAt && worker !== before.worker);
    return next ? [next.at - beganAt] : [];
  });
}

/** Each process that lived for a while; a process that is starting up is no leak. */
export function growthOf(samples: readonly Sample[], atLeastMinutes: number): Growth[] {
  const grown: Growth[] = [];
  for (const some of group(samples, ({ name, pid }) => `${name} ${pid}`).values()) {
    const first = some[0]!;
    const minutes = (some.at(-1)!.at - first.at) / 60_000;
    if (minutes < atLeastMinutes) continue;
    const settled = some.filter(({ at }) => at - first.at >= 60_000);
    const rss = some.map(({ rssMiB }) => rssMiB);
    grown.push({
      name: first.name,
      pid: first.pid,
      minutes,
      firstMiB: (settled[0] ?? first).rssMiB,
      lastMiB: rss.at(-1)!,
      maxMiB: Math.max(...rss),
      mibPerMinute: minutes >= 3 ? slopeOf(settled) : undefined,
    });
  }
  return grown.sort((a, b) => b.minutes - a.minutes);
}

function slopeOf(samples: readonly Sample[]): number {
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const times = samples.map(({ at }) => at / 60_000);
  const sizes = samples.map(({ rssMiB }) => rssMiB);
  const [time, size] = [mean(times), mean(sizes)];
  const spread = times.reduce((sum, each) => sum + (each - time) ** 2, 0);
  return spread === 0
    ? 0
    : times.reduce((sum, each, i) => sum + (each - time) * (sizes[i]! - size), 0) / spread;
}
