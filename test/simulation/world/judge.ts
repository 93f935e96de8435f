// Holds what happened against the invariants of the design, as it happens: the tasks' own marks in true time,
// the master's answers, the ends of leases. It reads the history of etcd, and asks no worker anything.
import { labelsMatch } from '../../../src/common/core/labels.ts';
import type { JobRecord } from '../../../src/common/model/job.ts';
import type { Instant, Millis } from '../../../src/common/model/time.ts';
import type { LeaseId, Revision } from '../../../src/common/store/etcd.ts';
import type { TaskContext, TaskEnd } from '../../../src/worker/tasks/task.ts';
import { nameOf, type Claim, type Ledger } from './ledger.ts';
import type { Marks } from './runner.ts';

export interface Violation {
  /** Of section 3 of the design; `also`: of what else is promised. */
  readonly invariant: 1 | 2 | 3 | 4 | 5 | 6 | 7 | 'also';
  readonly at: Millis;
  readonly job: string;
  readonly what: string;
}

/** A change of a job that a master has answered. */
export interface Answered {
  readonly job: string;
  readonly created: Revision;
  /** The first generation that may start without being named; Infinity: the job is gone. */
  readonly generation: number;
  /** Runs that the answer names. */
  readonly named: readonly string[];
  /** The change began a new life of ticks: none may fire from before this instant, the master's own. */
  readonly floor: Instant | undefined;
}

export interface Start {
  readonly at: Millis;
  readonly context: TaskContext;
  readonly claim: Claim;
  endedAt: Millis | undefined;
  outcome: TaskEnd['outcome'] | undefined;
  /** Its lease ended while it was on, and it is one that runs on then. */
  hasOutlived: boolean;
}

export interface Judge extends Marks {
  answered(change: Answered): void;
  leaseEnded(lease: LeaseId): void;
  readonly starts: ReadonlyMap<string, Start>;
  readonly leaseEnds: ReadonlyMap<LeaseId, Millis>;
  readonly violations: Violation[];
  violate(invariant: Violation['invariant'], job: string, what: string): void;
}

const isFirst = ({ attempt }: TaskContext, { run }: Claim): boolean => attempt === run.attempt;
export const isOfAll = ({ run }: Claim): boolean => run.shard !== undefined;
const isOfSchedule = ({ run }: Claim): boolean =>
  run.cause.kind === 'schedule' || run.cause.kind === 'catch_up';

export function createJudge(ledger: Ledger, now: () => Millis, say: (line: string) => void): Judge {
  const violations: Violation[] = [];
  const starts = new Map<string, Start>();
  const open = new Map<string, Start>();
  const ended = new Map<LeaseId, Millis>();
  const ranTick = new Map<string, Claim[]>();
  const changes = new Map<string, (Answered & { readonly at: Millis })[]>();

  const violate: Judge['violate'] = (invariant, job, what) => {
    violations.push({ invariant, at: now(), job, what });
    say(`VIOLATION of invariant ${invariant}, ${job}: ${what}`);
  };

  const attemptOf = ({ job, runId, attempt }: TaskContext): string => `${nameOf(job, runId)}#${attempt}`;

  const judgeTick = ({ job, runId }: TaskContext, claim: Claim): void => {
    const { run } = claim;
    const tick = `${job}/${claim.run.jobCreated}/${run.cause.tick}`;
    const others = ranTick.get(tick) ?? [];
    for (const other of others)
      if (isTwice(claim, other))
        violate(
          1,
          job,
          `tick ${run.cause.tick} is started as ${runId} by ${run.worker}, and was as ${other.run.id} by ${other.run.worker}`,
        );
    ranTick.set(tick, [...others, claim]);
    const since = sinceOf(ledger, job, run.jobCreated, run.generation);
    if (since !== undefined && run.cause.tick! <= since)
      violate(
        6,
        job,
        `${runId} runs tick ${run.cause.tick}, from before its definition's life began at ${since}`,
      );
  };

  /** Runs of one job that must not be on at once. */
  const mayNotOverlap = (one: Claim, other: Claim): boolean => {
    // It has given that up with its claim, which its worker may know before the lease has ended.
    if (
      other.definition?.onLostLease === 'continue' &&
      ((other.lease !== undefined && ended.has(other.lease)) ||
        ledger.outlived.has(nameOf(other.run.job, other.run.id)))
    )
      return false;
    if (one.definition?.overlap === 'allow') return false;
    // Further attempts of a run do not wait for what was allowed to overlap it.
    if (other.definition?.overlap === 'allow' && other.revision > one.revision) return false;
    return !isOfAll(one) || !isOfAll(other) || nameOfWorker(one) === nameOfWorker(other);
  };

  const nameOfWorker = ({ run }: Claim): string | undefined => ledger.sessions.get(run.worker!)?.name;

  const isTwice = (one: Claim, other: Claim): boolean =>
    one.run.id !== other.run.id && (!isOfAll(one) || !isOfAll(other) || one.run.worker === other.run.worker);

  const judgePlace = ({ run, definition }: Claim): void => {
    const session = ledger.sessions.get(run.worker!);
    if (session && definition && !labelsMatch(definition.workers.labels, session.labels))
      violate('also', run.job, `${run.id} starts on ${run.worker}, which has not the labels for it`);
  };

  const judgeAnswers = ({ job, runId }: TaskContext, { run }: Claim): void => {
    for (const change of changes.get(job) ?? []) {
      if (change.created !== run.jobCreated) continue;
      if (run.generation < change.generation && !change.named.includes(runId))
        violate(
          3,
          job,
          `${runId} of generation ${run.generation} starts, ${now() - change.at} ms after ${change.generation} was answered`,
        );
      if (
        run.generation >= change.generation &&
        change.floor !== undefined &&
        run.cause.tick! <= change.floor &&
        isOfSchedule({ run } as Claim)
      )
        violate(
          6,
          job,
          `${runId} runs tick ${run.cause.tick}, which had passed when the job was changed at ${change.floor}`,
        );
    }
  };

  return {
    violations,
    violate,
    starts,
    leaseEnds: ended,
    started(context) {
      const { job, runId } = context;
      say(`task ${attemptOf(context)} starts on ${context.worker}`);
      const claim = ledger.claims.get(nameOf(job, runId));
      if (!claim) return violate(1, job, `${runId} starts without a claim`);
      const key = attemptOf(context);
      if (starts.has(key)) violate(1, job, `${key} starts twice`);
      if (claim.run.worker !== context.worker)
        violate(1, job, `${runId} starts on ${context.worker}, and is claimed by ${claim.run.worker}`);
      if (claim.lease !== undefined && ended.has(claim.lease))
        violate(5, job, `${runId} starts on ${context.worker} after its lease has ended`);
      for (const other of open.values())
        if (other.context.job === job && mayNotOverlap(claim, other.claim))
          violate(2, job, `${key} starts while ${attemptOf(other.context)} is on`);
      judgePlace(claim);
      if (isFirst(context, claim)) {
        if (isOfSchedule(claim)) judgeTick(context, claim);
        judgeAnswers(context, claim);
      }
      const start: Start = {
        at: now(),
        context,
        claim,
        endedAt: undefined,
        outcome: undefined,
        hasOutlived: false,
      };
      starts.set(key, start);
      open.set(key, start);
    },
    ended(context, outcome) {
      const key = attemptOf(context);
      say(`task ${key} ends: ${outcome}`);
      const start = open.get(key);
      if (start) Object.assign(start, { endedAt: now(), outcome });
      open.delete(key);
    },
    leaseEnded(lease) {
      ended.set(lease, now());
      for (const start of open.values()) {
        const { claim, context } = start;
        if (claim.lease !== lease) continue;
        if (claim.definition?.onLostLease === 'continue') start.hasOutlived = true;
        else
          violate(
            5,
            context.job,
            `${attemptOf(context)} is still on when the lease of ${context.worker} ends`,
          );
      }
    },
    answered(change) {
      const all = changes.get(change.job) ?? [];
      all.push({ ...change, at: now() });
      changes.set(change.job, all);
      say(
        `answered: ${change.job} is at generation ${change.generation}, started: ${change.named.join(', ') || 'none'}`,
      );
    },
  };
}

export function recordOf(
  ledger: Ledger,
  job: string,
  created: Revision,
  generation: number,
): JobRecord | undefined {
  return ledger.jobs
    .get(job)
    ?.findLast((version) => version.created === created && version.record?.generation === generation)?.record;
}

const sinceOf = (ledger: Ledger, job: string, created: Revision, generation: number): number | undefined =>
  recordOf(ledger, job, created, generation)?.since;
