// The last word, when everything has been mended and had time to settle: every tick of every job's life has
// one outcome, what ran has its record, what has a record of a run ran, and nothing is left hanging.
import { compileSchedule } from '../../../src/common/core/definition.ts';
import { createScheduleCompiler } from '../../../src/common/core/schedule.ts';
import type { RunRecord } from '../../../src/common/model/run.ts';
import { instant, type Instant, type Millis } from '../../../src/common/model/time.ts';
import type { Revision } from '../../../src/common/store/etcd.ts';
import type { Judge } from './judge.ts';
import { nameOf, type JobVersion, type Ledger } from './ledger.ts';
import { EPOCH } from './world.ts';

/** Longer than any run with its retries, and than a worker needs to catch up. */
const SLACK: Millis = 30_000;

/** A stretch of versions of one job with one `since`: the ticks after it are all of one schedule. */
interface Life {
  readonly created: Revision;
  /** The job had another life before. */
  readonly follows: boolean;
  readonly first: JobVersion;
  /** What followed; undefined: it goes on. */
  next: JobVersion | undefined;
  pausedAt: Millis | undefined;
}

function livesOf(versions: readonly JobVersion[]): Life[] {
  const lives: Life[] = [];
  for (const version of versions) {
    const last = lives.at(-1);
    const { record, created, at } = version;
    const goesOn = last !== undefined && last.next === undefined;
    if (record && goesOn && last.created === created && last.first.record!.since === record.since) {
      if (record.definition.paused) last.pausedAt ??= at;
      continue;
    }
    if (goesOn) last.next = version;
    if (record)
      lives.push({
        created,
        follows: last?.created === created,
        first: version,
        next: undefined,
        pausedAt: record.definition.paused ? at : undefined,
      });
  }
  return lives;
}

const answersTicks = ({ cause, state, ticks }: RunRecord): boolean =>
  ticks !== undefined ||
  cause.kind === 'schedule' ||
  cause.kind === 'catch_up' ||
  (state === 'lost' && cause.kind !== 'manual' && cause.kind !== 'retry');

export function audit(ledger: Ledger, judge: Judge, now: Millis): void {
  const compiler = createScheduleCompiler();
  const byJob = new Map<string, RunRecord[]>();
  for (const record of ledger.records.values()) {
    const all = byJob.get(record.job) ?? [];
    all.push(record);
    byJob.set(record.job, all);
  }

  const isGone = (job: string, created: Revision): boolean =>
    ledger.jobs.get(job)?.some((version) => version.created === created && !version.record) ?? false;

  const auditLife = (job: string, life: Life, until: Millis | undefined): void => {
    const { definition, since, anchor } = life.first.record!;
    const compiled = compileSchedule(definition, instant(anchor), compiler);
    if (!compiled.ok) throw new Error(`${job} does not compile`);
    // An edit on a slow way to etcd is written after the instant that it names: until then ticks were settled,
    // and passed, by the schedule before it.
    const begins = life.follows ? Math.max(since, EPOCH + life.first.at + 1_000) : since;
    const ticks = compiled.value;
    const nextAfter = (at: Instant): Instant | undefined => ticks.nextAfter(at);
    const outcomes = new Map<number, string[]>();
    const tell = (tick: number, by: string): void => {
      if (tick <= since || (until !== undefined && tick > until)) return;
      outcomes.set(tick, [...(outcomes.get(tick) ?? []), by]);
    };
    for (const record of byJob.get(job) ?? []) {
      if (record.jobCreated !== life.created || !answersTicks(record)) continue;
      const by = `${record.id} (${record.state})`;
      if (!record.ticks) tell(record.cause.tick!, by);
      else {
        const { from, to, count } = record.ticks;
        let found = 0;
        for (
          let tick = nextAfter(instant(from - 1));
          tick !== undefined && tick <= to;
          tick = nextAfter(tick)
        ) {
          tell(tick, by);
          found++;
        }
        if (found !== count && from > begins && (until === undefined || to <= until))
          judge.violate(4, job, `${by} counts ${count} ticks from ${from} to ${to}, and there are ${found}`);
      }
    }
    // Deleted with its job: the run leaves no trace.
    const isDeleted = isGone(job, life.created);
    const lastTold = Math.max(since, ...outcomes.keys());
    const isComplete = life.next === undefined && life.pausedAt === undefined;
    const due = isComplete ? Math.max(lastTold, EPOCH + now - SLACK) : lastTold;
    const claimed = new Set(
      [...ledger.claims.values()].flatMap(({ run }) =>
        run.job === job && run.jobCreated === life.created && run.cause.tick !== undefined
          ? [run.cause.tick]
          : [],
      ),
    );
    for (let tick = nextAfter(instant(since)); tick !== undefined && tick <= due; tick = nextAfter(tick)) {
      const by = outcomes.get(tick) ?? [];
      if (by.length > 1) judge.violate(4, job, `tick ${tick} has ${by.length} outcomes: ${by.join(', ')}`);
      if (by.length === 0 && tick > begins && !(claimed.has(tick) && (isDeleted || isRecent(tick))))
        judge.violate(4, job, `tick ${tick} has no outcome; since ${since}, settled up to ${lastTold}`);
    }
  };

  const isRecent = (tick: number): boolean => tick > EPOCH + now - SLACK;

  for (const [job, versions] of ledger.jobs) {
    const lives = livesOf(versions);
    for (const [i, life] of lives.entries()) {
      const next = lives[i + 1];
      auditLife(job, life, next && next.created === life.created ? next.first.record!.since : undefined);
    }
  }

  const ran = new Set<string>();
  for (const { context, claim, endedAt } of judge.starts.values()) {
    const { job, runId } = context;
    ran.add(nameOf(job, runId));
    if (isGone(job, claim.run.jobCreated) || endedAt === undefined || endedAt > now - SLACK) continue;
    const record = ledger.records.get(nameOf(job, runId));
    if (!record) judge.violate(4, job, `${runId} ran, and has no record`);
    else if (record.state === 'missed' || record.state === 'skipped')
      judge.violate(4, job, `${runId} ran, and its record says ${record.state}`);
  }
  for (const [name, { state, job, startedAt }] of ledger.records) {
    const tellsOfRun = state === 'succeeded' || state === 'failed' || state === 'timed_out';
    if (tellsOfRun && startedAt !== undefined && !ran.has(name))
      judge.violate(4, job, `${name} is recorded as ${state}, and never ran`);
  }
  // A claim is carried through to its answer for as long as its worker lives.
  for (const { id, job, state, reason } of ledger.records.values()) {
    if (state === 'lost' && reason?.startsWith('its claim was carried out after'))
      judge.violate(4, job, `${id} was claimed, and its living worker did not know`);
  }
  for (const { run, at } of ledger.active.values()) {
    if (at < now - SLACK)
      judge.violate(4, run.job, `${run.id} of ${run.worker} is active since ${at}, and never settled`);
  }
  for (const [name, at] of ledger.triggers) {
    if (at < now - SLACK)
      judge.violate(4, name.split('/')[0]!, `request ${name} stands since ${at}, and nobody takes it`);
  }
}
