// The last word, when everything has been mended and had time to settle: every tick of every job's life has
// one outcome, what ran has its record, what has a record of a run ran, and nothing is left hanging.
import { labelsMatch } from '../../../src/common/core/labels.ts';
import type { ScheduleCompiler } from '../../../src/common/core/schedule.ts';
import type { RunRecord } from '../../../src/common/model/run.ts';
import { durationMs } from '../../../src/common/model/duration.ts';
import { instant, type Millis } from '../../../src/common/model/time.ts';
import type { Revision } from '../../../src/common/store/etcd.ts';
import { longestRun } from './definitions.ts';
import type { Judge, Start } from './judge.ts';
import { nameOf, type JobVersion, type Ledger, type WorkerSession } from './ledger.ts';
import { definitionOf, livesOf, ticksOf, type Life, type Outcome } from './ticks.ts';
import { EPOCH } from './world.ts';

/** Longer than a worker needs to catch up. */
export const SLACK: Millis = 30_000;
/** A wall clock may be so far off when a session begins, or a change is written late. */
const ROUGHLY: Millis = 5_000;
/** A worker that lives so long after the end of a task has recorded it: it may have been cut off for a while. */
const TIME_TO_RECORD: Millis = 45_000;

export interface AuditOptions {
  readonly ledger: Ledger;
  readonly judge: Judge;
  readonly now: Millis;
  readonly compiler: ScheduleCompiler;
  /** A process of that name was killed in that time. */
  readonly wasKilled: (name: string, from: Millis, to: Millis) => boolean;
}

/** Answers the lives that it has judged, for others to compare with. */
export function audit(options: AuditOptions): Life[] {
  const { ledger } = options;
  const byJob = new Map<string, RunRecord[]>();
  for (const record of ledger.records.values()) {
    const all = byJob.get(record.job);
    if (all) all.push(record);
    else byJob.set(record.job, [record]);
  }
  const lives = [...ledger.jobs.keys()].flatMap((job) =>
    livesOf(ledger, options.compiler, job, byJob.get(job) ?? []),
  );
  for (const life of lives) auditLife(options, life);
  auditRuns(options);
  auditLeft(options);
  return lives;
}

const isGone = (ledger: Ledger, job: string, created: Revision): boolean =>
  ledger.jobs.get(job)?.some((version) => version.created === created && !version.record) ?? false;

const words = ({ record, owner }: Outcome): string =>
  `${record.id} (${record.state}${owner === undefined ? '' : ` of ${owner}`})`;

/** Each worker has its own under `mode: all`; what is told of the job as a whole is the only one. */
const contradict = (by: readonly Outcome[]): boolean =>
  by.length > 1 &&
  (by.some(({ owner }) => owner === undefined) || new Set(by.map(({ owner }) => owner)).size < by.length);

/** `mode: all`: it joined after the tick, with a clock that said that it was before it (protocol, Clocks). */
function joinedBehind({ sessions }: Ledger, tick: number, owner: string | undefined): boolean {
  const session = owner === undefined ? undefined : sessions.get(owner);
  return session !== undefined && EPOCH + session.at > tick && session.joinedAt < tick;
}

function auditLife({ ledger, judge, now }: AuditOptions, life: Life): void {
  const { job, created, since, until, begins, ticks, outcomes } = life;
  // Deleted with its job: the run leaves no trace.
  const isDeleted = isGone(ledger, job, created);
  let lastTold = since;
  const counted = new Set<RunRecord>();
  for (const [tick, all] of outcomes) {
    lastTold = Math.max(lastTold, tick);
    for (const { record } of all) {
      if (!record.ticks || counted.has(record)) continue;
      counted.add(record);
      const { from, to, count } = record.ticks;
      if (isEarly(ledger, record)) judge.violate(4, job, `${record.id} gives up ticks that may still run`);
      const found = [...ticksOf(record, ticks)].length;
      if (found !== count && from > begins && (until === undefined || to <= until))
        judge.violate(
          4,
          job,
          `${record.id} counts ${count} ticks from ${from} to ${to}, and there are ${found}`,
        );
    }
  }
  const goesOn = life.next === undefined && life.pausedAt === undefined;
  const due = goesOn ? Math.max(lastTold, EPOCH + now - SLACK) : lastTold;
  const claimed = new Set<number>();
  for (const { run } of ledger.claims.values())
    if (run.job === job && run.jobCreated === created && run.cause.tick !== undefined)
      claimed.add(run.cause.tick);
  for (
    let tick = ticks.nextAfter(instant(since));
    tick !== undefined && tick <= due;
    tick = ticks.nextAfter(tick)
  ) {
    const by = outcomes.get(tick) ?? [];
    if (contradict(by.filter(({ owner }) => !joinedBehind(ledger, tick, owner))))
      judge.violate(4, job, `tick ${tick} has ${by.length} outcomes: ${by.map(words).join(', ')}`);
    if (by.length > 0 || tick <= begins) continue;
    if (isDeleted ? claimed.has(tick) : isInHand(ledger, life, tick)) continue;
    if (goesOn && tick > lastTold && mayWait(ledger, life, tick, EPOCH + now - SLACK)) continue;
    if (!mayBeUntold(ledger, life, tick))
      judge.violate(4, job, `tick ${tick} has no outcome; since ${since}, settled up to ${lastTold}`);
  }
  if (goesOn) auditSessions({ ledger, judge, now }, life);
}

const rulesOf = ({ record }: JobVersion): string => JSON.stringify(record?.definition.workers);

const matches = ({ record }: JobVersion, session: WorkerSession): boolean =>
  record?.definition.workers.mode === 'all' && labelsMatch(record.definition.workers.labels, session.labels);

const isOfAll = ({ record }: JobVersion): boolean => record?.definition.workers.mode === 'all';

const isPaused = ({ record }: JobVersion): boolean => record?.definition.paused === true;

/** The job's ticks were not settled up to this one when the definition was written; claims given back since count as well. */
function wasOpen(ledger: Ledger, { job, created }: Life, tick: number, { at, cursors }: JobVersion): boolean {
  if (tick > Math.max(cursors.ofAll, cursors.ofJob)) return true;
  return ledger.givenBack.some(
    ({ run, at: since }) =>
      run.job === job && run.jobCreated === created && run.cause.tick === tick && since >= at,
  );
}

/** What ended the life's ticks: the next life, or a pause. */
const endOf = ({ versions, next }: Life): JobVersion | undefined => versions.find(isPaused) ?? next;

/** No worker had settled it for longer than the slack when the life ended, which drops it. */
export function wasOverdueAtEnd(ledger: Ledger, life: Life, tick: number): boolean {
  const end = endOf(life);
  return end !== undefined && tick <= EPOCH + end.at - SLACK + ROUGHLY && wasOpen(ledger, life, tick, end);
}

/**
 * Under `mode: all` a later tick on record does not mean that those before it are settled: each worker has its own, and
 * what nobody was there for is told later. What was open when the life ended, nobody tells any more. Nor when the mode
 * changed and some session had got further.
 */
export function mayBeUntold(ledger: Ledger, life: Life, tick: number): boolean {
  const { versions } = life;
  const end = endOf(life);
  if (end && versions.some(isOfAll) && wasOpen(ledger, life, tick, end)) return true;
  return versions.some((version, index) => {
    const after = versions[index + 1];
    if (!isOfAll(version) || !after || isOfAll(after)) return false;
    return tick <= after.cursors.farthest && wasOpen(ledger, life, tick, after);
  });
}

/** Its run is on, or it waits for one that is; on one worker. How long a run may be on is looked at for itself. */
function isInHand(ledger: Ledger, life: Life, tick: number, worker?: string): boolean {
  const { job, created, versions } = life;
  const last = versions.at(-1)!;
  const waits = last.record?.definition.overlap !== 'allow';
  return [...ledger.active.values()].some(
    ({ run }) =>
      run.job === job &&
      run.jobCreated === created &&
      (worker === undefined || run.worker === worker) &&
      (run.cause.tick === tick ||
        (waits && tick > ledger.cursorOf(job, isOfAll(last) ? run.worker : undefined))),
  );
}

/** `mode: all`: each worker that is there to the end has one outcome of its own for each tick. */
function auditSessions(
  { ledger, judge, now }: Pick<AuditOptions, 'ledger' | 'judge' | 'now'>,
  life: Life,
): void {
  const last = life.versions.at(-1)!;
  if (last.record!.definition.workers.mode !== 'all') return;
  const rules = rulesOf(last);
  const changedAt = life.versions.findLast((version) => rulesOf(version) !== rules)?.at;
  const stands =
    life.versions[
      changedAt === undefined ? 0 : life.versions.findLastIndex((each) => rulesOf(each) !== rules) + 1
    ]!;
  for (const session of ledger.sessions.values()) {
    if (session.goneAt !== undefined || !matches(last, session)) continue;
    const from = Math.max(life.begins, session.joinedAt, EPOCH + session.at, EPOCH + stands.at) + ROUGHLY;
    let tick = life.ticks.nextAfter(instant(from));
    for (; tick !== undefined && tick <= EPOCH + now - SLACK; tick = life.ticks.nextAfter(tick)) {
      const own = (life.outcomes.get(tick) ?? []).filter(({ owner }) => owner === session.id);
      if (own.length !== 1 && (own.length > 1 || !isInHand(ledger, life, tick, session.id)))
        judge.violate(
          4,
          life.job,
          `tick ${tick} has ${own.length} outcomes of ${session.id}, which was there all the time`,
        );
    }
  }
}

function auditRuns(options: AuditOptions): void {
  const { ledger, judge, now } = options;
  const ran = new Set<string>();
  for (const start of judge.starts.values()) {
    const { context, claim, endedAt } = start;
    const { job, runId } = context;
    ran.add(nameOf(job, runId));
    if (isGone(ledger, job, claim.run.jobCreated) || endedAt === undefined || endedAt > now - SLACK) continue;
    const record = ledger.records.get(nameOf(job, runId));
    if (!record) judge.violate(4, job, `${runId} ran, and has no record`);
    else if (record.state === 'missed' || record.state === 'skipped')
      judge.violate(4, job, `${runId} ran, and its record says ${record.state}`);
    else auditEnd(options, start, endedAt, record);
  }
  for (const [name, { state, job, startedAt }] of ledger.records) {
    const tellsOfRun = state === 'succeeded' || state === 'failed' || state === 'timed_out';
    if (tellsOfRun && startedAt !== undefined && !ran.has(name))
      judge.violate(4, job, `${name} is recorded as ${state}, and never ran`);
  }
}

/** The record tells what happened, wherever its worker could. */
function auditEnd(
  { ledger, judge, wasKilled }: AuditOptions,
  start: Start,
  endedAt: Millis,
  record: RunRecord,
): void {
  const { claim, context, outcome, hasOutlived } = start;
  const { job, runId } = context;
  if (hasOutlived && record.state !== 'lost' && !record.mayHaveOverlapped)
    judge.violate('also', job, `${runId} ran on after its claim had ended, and its record does not tell`);
  if (outcome !== 'succeeded' || record.state === 'succeeded') return;
  const name = ledger.sessions.get(claim.run.worker!)?.name ?? '';
  if (wasKilled(name, start.at, endedAt + TIME_TO_RECORD)) return;
  const leaseEnd = (claim.lease === undefined ? undefined : judge.leaseEnds.get(claim.lease)) ?? Infinity;
  if (hasOutlived || leaseEnd > endedAt + TIME_TO_RECORD)
    judge.violate(
      'also',
      job,
      `${runId} succeeded, its worker lived on, and its record says ${record.state}`,
    );
}

/** That nobody was there tells nothing of ticks that who comes next may run. */
function isEarly(ledger: Ledger, record: RunRecord): boolean {
  const { catchUp, workers } = definitionOf(ledger, record) ?? {};
  if (workers?.mode !== 'one' || catchUp?.policy !== 'all') return false;
  const isOfNobody = /^no worker.* was there to run it$/.test(record.reason ?? '');
  return isOfNobody && record.ticks!.to + durationMs(catchUp.window)! >= record.endedAt!;
}

/** Nobody is there that may run it, and who comes may do so: its record was not due by then. */
export function mayWait(ledger: Ledger, { job, versions, ticks }: Life, tick: number, by: number): boolean {
  const { catchUp, workers } = versions.at(-1)!.record!.definition;
  if (workers.mode === 'all' || isMatched(ledger, job)) return false;
  const isNewest = (ticks.nextAfter(instant(tick)) ?? Infinity) > by;
  if (catchUp.policy === 'none' || (catchUp.policy === 'latest' && !isNewest)) return false;
  return tick + durationMs(catchUp.window)! >= by;
}

const isMatched = ({ jobs, sessions }: Ledger, job: string): boolean => {
  const wanted = jobs.get(job)?.at(-1)?.record?.definition.workers.labels;
  return [...sessions.values()].some(
    ({ goneAt, labels }) => goneAt === undefined && labelsMatch(wanted, labels),
  );
};

/** Nothing hangs. */
function auditLeft({ ledger, judge, now }: AuditOptions): void {
  // A claim is carried through to its answer for as long as its worker lives.
  for (const { id, job, state, reason } of ledger.records.values()) {
    if (state === 'lost' && reason?.startsWith('its claim was carried out after'))
      judge.violate(4, job, `${id} was claimed, and its living worker did not know`);
  }
  for (const { run, at } of ledger.active.values()) {
    const definition = definitionOf(ledger, run);
    if (at < now - Math.max(SLACK, definition ? longestRun(definition) : 0))
      judge.violate(4, run.job, `${run.id} of ${run.worker} is active since ${at}, and never settled`);
  }
  for (const [name, { at }] of ledger.triggers) {
    const [job = ''] = name.split('/');
    if (at < now - SLACK && isMatched(ledger, job))
      judge.violate(4, job, `request ${name} stands since ${at}, and nobody takes it`);
  }
}
