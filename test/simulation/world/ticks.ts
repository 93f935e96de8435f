// The judge's own account of what became of each tick: from every record that was ever written, for each stretch
// of a job's life in which its ticks were those of one schedule.
import { compileSchedule } from '../../../src/common/core/definition.ts';
import type { ScheduleCompiler } from '../../../src/common/core/schedule.ts';
import type { TickSource } from '../../../src/common/core/due.ts';
import type { JobDefinition, JobRecord } from '../../../src/common/model/job.ts';
import type { RunRecord } from '../../../src/common/model/run.ts';
import { instant, type Millis } from '../../../src/common/model/time.ts';
import type { Revision } from '../../../src/common/store/etcd.ts';
import type { JobVersion, Ledger } from './ledger.ts';
import { EPOCH } from './world.ts';

/** A stretch of versions of one job with one `since`: the ticks after it are all of one schedule. */
export interface Life {
  readonly job: string;
  readonly created: Revision;
  /** The job had another life before. */
  readonly follows: boolean;
  /** Oldest first. */
  readonly versions: readonly [JobVersion & { record: JobRecord }, ...JobVersion[]];
  /** What followed; undefined: it goes on. */
  readonly next: JobVersion | undefined;
  /** `since` of the life that followed. */
  readonly until: number | undefined;
  readonly pausedAt: Millis | undefined;
  readonly since: number;
  /**
   * An edit on a slow way to etcd is written after the instant that it names: until then ticks were settled, and
   * passed, by the schedule before it.
   */
  readonly begins: number;
  readonly ticks: TickSource;
  readonly outcomes: ReadonlyMap<number, readonly Outcome[]>;
}

export interface Outcome {
  readonly record: RunRecord;
  /** `mode: all`: the worker whose tick it was. */
  readonly owner: string | undefined;
}

/** The records that answer ticks; retries do it for the run before them. */
const answersTicks = ({ cause, state, ticks }: RunRecord): boolean =>
  ticks !== undefined ||
  cause.kind === 'schedule' ||
  cause.kind === 'catch_up' ||
  (state === 'lost' && cause.kind !== 'manual' && cause.kind !== 'retry');

export function definitionOf(
  ledger: Ledger,
  { job, jobCreated, generation }: RunRecord,
): JobDefinition | undefined {
  return ledger.jobs
    .get(job)
    ?.findLast(({ created, record }) => created === jobCreated && record?.generation === generation)?.record
    ?.definition;
}

const ownerOf = (ledger: Ledger, record: RunRecord): string | undefined => {
  if (record.shard) return record.worker;
  return record.ticks && definitionOf(ledger, record)?.workers.mode === 'all' ? record.worker : undefined;
};

export function livesOf(
  ledger: Ledger,
  compiler: ScheduleCompiler,
  job: string,
  records: readonly RunRecord[],
): Life[] {
  const versions = ledger.jobs.get(job) ?? [];
  const groups: JobVersion[][] = [];
  for (const version of versions) {
    const last = groups.at(-1)?.at(-1);
    const goesOn =
      last?.record &&
      version.record &&
      last.created === version.created &&
      last.record.since === version.record.since;
    if (goesOn) groups.at(-1)!.push(version);
    else groups.push([version]);
  }
  return groups.flatMap((group, index): Life[] => {
    const [first] = group as [JobVersion];
    if (!first.record) return [];
    const { definition, since, anchor } = first.record;
    const compiled = compileSchedule(definition, instant(anchor), compiler);
    if (!compiled.ok) throw new Error(`${job} does not compile`);
    const { created } = first;
    const next = groups[index + 1]?.[0];
    const follows = groups[index - 1]?.[0]?.created === created;
    const until = next?.record && next.created === created ? next.record.since : undefined;
    const ticks = compiled.value;
    const outcomes = new Map<number, Outcome[]>();
    for (const record of records) {
      if (record.jobCreated !== created || !answersTicks(record)) continue;
      const outcome = { record, owner: ownerOf(ledger, record) };
      for (const tick of ticksOf(record, ticks)) {
        if (tick <= since || (until !== undefined && tick > until)) continue;
        const others = outcomes.get(tick);
        if (others) others.push(outcome);
        else outcomes.set(tick, [outcome]);
      }
    }
    return [
      {
        job,
        created,
        follows,
        versions: group as unknown as Life['versions'],
        next,
        until,
        pausedAt: group.find(({ record }) => record?.definition.paused)?.at,
        since,
        begins: follows ? Math.max(since, EPOCH + first.at + 1_000) : since,
        ticks,
        outcomes,
      },
    ];
  });
}

/** The ticks of the schedule that a record tells of. */
export function* ticksOf({ ticks: stretch, cause }: RunRecord, ticks: TickSource): Generator<number> {
  if (!stretch) return yield cause.tick!;
  let tick = ticks.nextAfter(instant(stretch.from - 1));
  for (; tick !== undefined && tick <= stretch.to; tick = ticks.nextAfter(tick)) yield tick;
}
