// The outcome of every tick of a stretch, from a job's records: what `GET /jobs/{job}/ticks` answers and
// `etcron audit` judges. Arithmetic over the schedule and the records, never a loop over ticks: a month of a
// per-second job costs what its records cost. Pure; everything it is given was read at one revision.
import type { RunRecord } from '../model/run.ts';
import { instant, type Instant, type Millis } from '../model/time.ts';
import type { Era } from './outcome-eras.ts';
import {
  beganAt,
  claimsOf,
  isTwice,
  runSpanning,
  type Evidence,
  type PassedStretch,
} from './outcome-evidence.ts';
import { busyWorkers, elsewhere, neverStarted } from './outcome-workers.ts';
import { dueAt, type DueState, type TickSource } from './due.ts';

/**
 * ran: once, however it ended. twice: two claims of one tick. skipped, missed: on record, and why. lost: the worker
 * was lost, nobody knows how it ended. armed, running: under way. waiting: due, and there is still time or reason to
 * wait. not_yet: to come. paused: nothing was due. not_known: its record may have been removed with old history.
 * unexplained: due, and nothing tells what became of it.
 */
export const TICK_OUTCOMES = [
  'ran',
  'twice',
  'skipped',
  'missed',
  'lost',
  'armed',
  'running',
  'waiting',
  'not_yet',
  'paused',
  'not_known',
  'unexplained',
] as const;
export type TickOutcome = (typeof TICK_OUTCOMES)[number];

export interface TickQuestion {
  /** Both ends included. */
  readonly from: Instant;
  readonly to: Instant;
  readonly now: Instant;
  /** A tick that is overdue by less waits: for the lease of a dead worker to end and another to take over. */
  readonly grace: Millis;
  readonly eras: readonly Era[];
  readonly evidence: Evidence;
  /** Ended and active, also by hand: what may have kept a tick waiting. */
  readonly allRuns: readonly RunRecord[];
  /** The last settled tick; undefined: none yet. */
  readonly cursor: Instant | undefined;
  /** Up to here records may be gone. */
  readonly knownAfter: number;
  /** The run that holds the job's lock. */
  readonly held: { readonly runId: string; readonly startAt: number } | undefined;
  /** Runs whose retry is asked for and waits for a worker. */
  readonly retriesAsked: ReadonlySet<string>;
  /** Active runs whose worker is not registered any more. */
  readonly ownerGone: ReadonlySet<string>;
  /** Instants of records that can't be read. */
  readonly unreadable: ReadonlySet<number>;
  /** By the registrations of workers; undefined: one takes what is due, or none was looked at. */
  readonly nobody?: Nobody | undefined;
}

/** No worker takes a tick of the job now. */
export interface Nobody {
  readonly reason: string;
  /** Nobody is there that may run it: what this gives up is to be on record. undefined: somebody is, and is waited for. */
  readonly catchUp: DueState['catchUp'] | undefined;
}

/** Ticks that follow one another with the same outcome. */
export interface Segment {
  /** Its first and last tick. */
  readonly from: Instant;
  readonly to: Instant;
  readonly count: number;
  readonly outcome: TickOutcome;
  readonly reason?: string;
  /** `mode: all`: it ran on some workers and, as the reason says, was skipped or missed on others, or nothing tells. */
  readonly partly?: true;
  /** Of a single tick. */
  readonly runs: readonly RunRecord[];
  /** That of the runs of which the outcome tells; of a tick that ran twice the first. */
  readonly answer?: RunRecord;
  /** What they are ticks of; undefined: of a schedule that is not kept, and only what the record says is known. */
  readonly ticks: TickSource | undefined;
  readonly generation: number;
}

/** A question, and what is worked out of it once. */
interface Asked extends TickQuestion {
  /** `mode: all`: workers that have a run on. */
  readonly busy: ReadonlySet<string>;
}

/** And what holds of the era that is looked at. */
interface Here extends Asked {
  readonly stale: number;
  /** The last tick of the era that is on record: the cursor has passed all before it. */
  readonly settled: number;
  /** Ticks from this one on may wait for a worker, as long as they like. */
  readonly waitsFrom: number;
}

interface Verdict {
  readonly outcome: TickOutcome;
  readonly reason?: string;
  readonly partly?: true;
  readonly runs?: readonly RunRecord[];
  readonly answer?: RunRecord;
}

/** Farthest that a claim is made ahead of its tick, and clocks apart: see STALE below. */
const AHEAD: Millis = 5_000;
const CLOCKS: Millis = 1_000;
/** A pause names the instant at which it was asked for; by when it is written, what comes first may have been claimed. */
const PAUSE_LATE: Millis = 5_000 + AHEAD;

const WAITS = 'due; no worker has settled it yet';
const OVERDUE = 'still due: no worker has settled it';
const NO_RECORD = 'no record tells what became of it, although later ticks were settled';
const DROPPED = 'still due when the definition was changed or paused, which drops it';
const DROPPED_BY_MODE =
  'still due when the job was changed from all workers to one, which drops it where a worker had gone on to a later tick';
const OVERDUE_THEN =
  'overdue, and no worker had settled it, when the definition was changed or paused, which dropped it';

/** `passed`: of which those of other workers may be of this tick, too. */
function verdictOfRuns(
  tick: number,
  runs: readonly RunRecord[],
  passed: readonly PassedStretch[],
  question: Asked,
): Verdict {
  const claims = claimsOf(runs);
  if (isTwice(claims))
    return {
      outcome: 'twice',
      reason: `runs ${claims.map(({ id }) => id).join(' and ')}`,
      runs,
      answer: claims[0]!,
    };
  const verdicts = claims.map((run) => verdictOfClaim(run, runs, question));
  const order = ['running', 'armed', 'waiting', 'lost', 'ran', 'not_known', 'skipped'];
  verdicts.sort((a, b) => order.indexOf(a.outcome) - order.indexOf(b.outcome));
  const verdict = verdicts[0]!;
  const { now, grace, knownAfter, busy } = question;
  const isSettled = tick <= now - grace && tick > knownAfter;
  const note = elsewhere({ tick, claims, passed, isSettled, busy });
  if (note === undefined) return { ...verdict, runs };
  return {
    ...verdict,
    reason: joined(verdict.reason, note),
    ...(verdict.outcome === 'ran' ? { partly: true as const } : {}),
    runs,
  };
}

const joined = (one: string | undefined, more: string | undefined): string =>
  [one, more].filter((text) => text !== undefined).join('; ');

/** A retry that never started changes nothing about what the run before it did. */
function verdictOfClaim(run: RunRecord, runs: readonly RunRecord[], question: Asked): Verdict {
  const { retryOf } = run.cause;
  if (retryOf === undefined || !neverStarted(run)) return { ...verdictOfRun(run, question), answer: run };
  const before = runs.find(({ id }) => id === retryOf);
  const verdict: Verdict = before
    ? verdictOfClaim(before, runs, question)
    : { outcome: 'not_known', reason: `the record of run ${retryOf} may have been removed with old history` };
  return { ...verdict, reason: joined(verdict.reason, `its retry never started: ${run.reason ?? 'killed'}`) };
}

function verdictOfRun(run: RunRecord, { retriesAsked, ownerGone }: TickQuestion): Verdict {
  const told = run.reason === undefined ? {} : { reason: run.reason };
  switch (run.state) {
    case 'armed':
    case 'running':
      return ownerGone.has(run.id)
        ? { outcome: run.state, reason: 'its worker is gone: another is to settle it' }
        : { outcome: run.state };
    case 'lost':
      return retriesAsked.has(run.id)
        ? { outcome: 'waiting', reason: `run ${run.id} was lost; its retry waits for a worker` }
        : { outcome: 'lost', ...told };
    case 'killed':
      return neverStarted(run) ? { outcome: 'skipped', ...told } : { outcome: 'ran', ...told };
    case 'skipped':
    case 'missed':
      return { outcome: run.state, ...told };
    case 'succeeded':
    case 'failed':
    case 'timed_out':
      return { outcome: 'ran', ...told };
  }
}

const verdictOfPassed = ({ record }: PassedStretch): Verdict => ({
  outcome: record.state === 'missed' ? 'missed' : 'skipped',
  ...(record.reason === undefined ? {} : { reason: record.reason }),
});

const NOT_KNOWN: Verdict = {
  outcome: 'not_known',
  reason: 'its record may have been removed with old history',
};

const pauseSurelyBy = ({ after }: Era): number => after + PAUSE_LATE;

/** Of a tick of the era that nothing is on record for. */
function verdictOfNothing(tick: number, era: Era, question: Here): Verdict {
  const { now, grace, cursor, knownAfter, unreadable, stale, settled, nobody, waitsFrom } = question;
  if (unreadable.has(tick)) return { outcome: 'unexplained', reason: 'its record cannot be read' };
  if (era.paused === 'yes')
    return tick <= Math.min(knownAfter, pauseSurelyBy(era)) ? NOT_KNOWN : { outcome: 'paused' };
  const isSettled = cursor !== undefined && tick <= cursor;
  if (era.until === Infinity) {
    if (tick > now) return { outcome: 'not_yet' };
    if (!isSettled) {
      if (tick > now - grace) return { outcome: 'waiting', reason: nobody?.reason ?? WAITS };
      const why = waitsFor(tick, era, question) ?? (tick >= waitsFrom ? nobody?.reason : undefined);
      return why === undefined
        ? { outcome: 'unexplained', reason: joined(OVERDUE, nobody?.reason) }
        : { outcome: 'waiting', reason: why };
    }
  } else if (era.paused === 'since-unknown' && !isSettled) return { outcome: 'paused' };
  if (tick <= knownAfter) return NOT_KNOWN;
  if (tick <= stale)
    return {
      outcome: 'missed',
      reason: 'a run of the definition before had been claimed for a later instant',
    };
  const isOpen = era.until < Infinity && (tick > settled || era.ofAll);
  const wasDueAt = (change: number): boolean =>
    tick <= change && (tick > change - grace || runSpanning(question.allRuns, tick, change) !== undefined);
  if (isOpen && wasDueAt(era.until)) return { outcome: 'missed', reason: DROPPED };
  if (era.ofOneSince.some(wasDueAt)) return { outcome: 'missed', reason: DROPPED_BY_MODE };
  return { outcome: 'unexplained', reason: isOpen && tick > settled ? OVERDUE_THEN : NO_RECORD };
}

/**
 * `queue`, `replace`: any tick waits for the run that is on. `forbid`: those that were due before that began, and
 * behind one of these what came since, which is to be told as skipped, or under `catchUp: all` to be run.
 */
function waitsFor(
  tick: number,
  { overlap, ticks, after }: Era,
  { held, cursor }: TickQuestion,
): string | undefined {
  if (held === undefined || overlap === 'allow') return undefined;
  const wait = `waits for run ${held.runId} to end`;
  if (overlap !== 'forbid' || tick <= held.startAt) return wait;
  const first = ticks.nextAfter(instant(Math.max(after, cursor ?? -Infinity)));
  return first !== undefined && first <= held.startAt ? `behind a tick that ${wait}` : undefined;
}

/**
 * STALE: a run claimed ahead under the definition before may start all the same (the answer to the change named
 * it), and its cursor passes first ticks of the era unclaimed.
 */
function staleUntil(era: Era, { evidence }: TickQuestion): number {
  let until = -Infinity;
  for (const [tick, runs] of evidence.runs) {
    if (tick <= era.after || tick > era.after + AHEAD) continue;
    const isStale = (run: RunRecord): boolean =>
      run.generation < era.generation && (run.armedAt ?? Infinity) <= era.after + CLOCKS;
    if (runs.some(isStale)) until = Math.max(until, tick);
  }
  return until;
}

/** A tick that who comes next may run, or could have run until less than the grace ago, waits. */
function firstThatWaits({ ticks, after, until }: Era, { nobody, cursor, now, grace }: TickQuestion): number {
  if (nobody === undefined || until < Infinity) return Infinity;
  if (nobody.catchUp === undefined) return -Infinity;
  const due = dueAt({ ticks, since: after, cursor, catchUp: nobody.catchUp }, instant(now - grace));
  return due.kind === 'now' ? (due.run ?? Infinity) : -Infinity;
}

function settledIn({ after, until }: Era, evidence: Evidence): number {
  let settled = -Infinity;
  const note = (tick: number): void => {
    if (tick > after && tick <= until && tick > settled) settled = tick;
  };
  for (const tick of evidence.runs.keys()) note(tick);
  for (const { from, to } of evidence.passed) {
    note(from);
    note(to);
  }
  return settled;
}

/** Instants up to and including which a verdict holds that may differ right after. */
function boundsOf(era: Era, question: Here): number[] {
  const { now, grace, cursor, knownAfter, held, evidence, allRuns, unreadable, stale, settled, waitsFrom } =
    question;
  const bounds = [now, now - grace, knownAfter, stale, settled, waitsFrom - 1];
  if (cursor !== undefined) bounds.push(cursor);
  if (held) bounds.push(held.startAt);
  if (era.paused === 'yes') bounds.push(pauseSurelyBy(era));
  for (const tick of evidence.runs.keys()) bounds.push(tick - 1, tick);
  for (const { from, to } of evidence.passed) bounds.push(from - 1, to);
  for (const at of unreadable) bounds.push(at - 1, at);
  for (const change of [era.until, ...era.ofOneSince]) {
    bounds.push(change - grace, change);
    for (const run of allRuns) if ((run.endedAt ?? Infinity) >= change) bounds.push(beganAt(run) - 1);
  }
  return bounds;
}

/**
 * One record tells of all that is skipped for one run, also across a pause in which nothing was due: then it goes on
 * behind it. One that ends within tells of ticks that came while the pause was on its way.
 */
const isOfPause = ({ to }: PassedStretch, { until }: Era): boolean => to <= until;

function segmentsOfEra(era: Era, asked: Asked): Segment[] {
  const question: Here = {
    ...asked,
    stale: staleUntil(era, asked),
    settled: settledIn(era, asked.evidence),
    waitsFrom: firstThatWaits(era, asked),
  };
  const { ticks, generation } = era;
  const { evidence } = question;
  const low = Math.max(era.after, question.from - 1);
  const high = Math.min(era.until, question.to);
  const cuts = boundsOf(era, question).filter((at) => at > low && at < high);
  const segments: Segment[] = [];
  let open: PassedStretch[] = [];
  let nextPassed = 0;
  let before = low;
  for (const at of [...new Set(cuts)].sort((a, b) => a - b).concat(high)) {
    const first = at > before ? ticks.nextAfter(instant(before)) : undefined;
    if (first !== undefined && first <= at) {
      for (; (evidence.passed[nextPassed]?.from ?? Infinity) <= first; nextPassed++)
        open.push(evidence.passed[nextPassed]!);
      open = open.filter(({ to }) => to >= first);
      const runs = evidence.runs.get(first);
      const passed = open.findLast((each) => era.paused !== 'yes' || isOfPause(each, era));
      const verdict = runs
        ? verdictOfRuns(first, runs, open, question)
        : passed
          ? verdictOfPassed(passed)
          : verdictOfNothing(first, era, question);
      const last = ticks.atOrBefore(instant(at)) ?? first;
      const count = last === first ? 1 : ticks.countBetween(instant(before), last);
      segments.push({ from: first, to: last, count, runs: [], ticks, generation, ...verdict });
    }
    before = at;
  }
  return segments;
}

/** What records tell of instants that are ticks of no schedule that is known: of an earlier definition. */
function segmentsOffSchedule(question: Asked): Segment[] {
  const { eras, evidence, from, to } = question;
  const start = eras[0]?.after ?? Infinity;
  const eraAt = (at: number): Era | undefined => eras.find((era) => at > era.after && at <= era.until);
  const isTick = (at: number): boolean => eraAt(at)?.ticks.nextAfter(instant(at - 1)) === at;
  const segments: Segment[] = [];
  for (const [tick, runs] of evidence.runs) {
    if (tick < from || tick > to || isTick(tick)) continue;
    const { generation } = runs[0]!;
    const verdict = verdictOfRuns(tick, runs, evidence.passed, question);
    const at = instant(tick);
    segments.push({ from: at, to: at, count: 1, runs: [], ticks: undefined, generation, ...verdict });
  }
  for (const passed of evidence.passed) {
    const last = Math.min(passed.to, start);
    const first = Math.max(passed.from, from);
    if (passed.from > start || last < from || first > to) continue;
    const inEras = passed.to > start ? countIn(eras, start, passed.to) : 0;
    const isWhole = passed.from >= from && last <= to;
    // Of a part only the ends are known to be ticks.
    const ends =
      (passed.from >= from ? 1 : 0) + (passed.to === last && last <= to && passed.count > 1 ? 1 : 0);
    const count = isWhole ? Math.max(1, passed.count - inEras) : Math.max(1, ends);
    segments.push({
      from: instant(first),
      to: instant(Math.min(last, to)),
      count,
      runs: [],
      ticks: undefined,
      generation: passed.record.generation,
      ...verdictOfPassed(passed),
    });
  }
  return segments;
}

const countIn = (eras: readonly Era[], after: number, until: number): number => {
  let count = 0;
  for (const era of eras) {
    const low = Math.max(era.after, after);
    const high = Math.min(era.until, until);
    if (high > low) count += era.ticks.countBetween(instant(low), instant(high));
  }
  return count;
};

/** In the order of time; each tick is in one of them. Neighbours that say the same are one. */
export function outcomesOf(question: TickQuestion): readonly Segment[] {
  const asked: Asked = { ...question, busy: busyWorkers(question.allRuns) };
  const all = question.eras.flatMap((era) => segmentsOfEra(era, asked));
  all.push(...segmentsOffSchedule(asked));
  all.sort((a, b) => a.from - b.from);
  const merged: Segment[] = [];
  for (const segment of all) {
    const last = merged.at(-1);
    if (last && saysTheSame(last, segment))
      merged[merged.length - 1] = { ...last, to: segment.to, count: last.count + segment.count };
    else merged.push(segment);
  }
  return merged;
}

const saysTheSame = (a: Segment, b: Segment): boolean =>
  a.ticks !== undefined &&
  a.ticks === b.ticks &&
  a.generation === b.generation &&
  a.outcome === b.outcome &&
  a.reason === b.reason &&
  a.runs.length + b.runs.length === 0;
