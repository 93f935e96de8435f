// The product's own account of what became of each tick (GET /jobs/{job}/ticks, `etcron audit`) against the judge's:
// nothing unexplained that has a record, nothing twice that ran once, and of each tick the same.
import { ticksOf } from '../../../src/common/core/outcome-pages.ts';
import type { TickOutcome } from '../../../src/common/core/outcomes.ts';
import { instant } from '../../../src/common/model/time.ts';
import type { RunRecord } from '../../../src/common/model/run.ts';
import { mayWait, SLACK, wasOverdueAtEnd } from './audit.ts';
import type { Coverage } from './coverage.ts';
import type { Judge } from './judge.ts';
import type { Ledger } from './ledger.ts';
import type { SimMaster } from './master.ts';
import type { Life } from './ticks.ts';

export interface ReaderOptions {
  readonly ledger: Ledger;
  readonly judge: Judge;
  readonly lives: readonly Life[];
  readonly coverage: Coverage;
}

/** Resolves when every job that is there has been asked about. */
export async function compareWithReader(master: SimMaster, options: ReaderOptions): Promise<void> {
  const jobs = [...options.ledger.jobs].filter(([, versions]) => versions.at(-1)?.record);
  await Promise.all(jobs.map(([job]) => compareJob(master, options, job)));
}

async function compareJob(master: SimMaster, options: ReaderOptions, job: string): Promise<void> {
  const { ledger, judge, lives, coverage } = options;
  const versions = ledger.jobs.get(job)!;
  const { created } = versions.at(-1)!;
  // One may end while the master reads.
  const wasOn = runsOn(ledger, job);
  const told = await master.outcomes.read(job, {
    grace: SLACK,
    stretch: (now) => ({ from: instant(versions[0]!.record!.createdAt), to: instant(now - SLACK) }),
  });
  const own = lives.filter((life) => life.job === job && life.created === created);
  const retries = retriesOf(ledger, job);
  const asked = new Set([...ledger.triggers.values()].map(({ retryOf }) => retryOf));
  const on = runsOn(ledger, job);
  for (const { tick, segment } of ticksOf(told.segments, { after: -Infinity, limit: 1_000_000 }).ticks) {
    const { outcome } = segment;
    coverage.hit(`ticks: ${outcome}`);
    const life = own.find(({ since, until = Infinity }) => tick > since && tick <= until);
    const records = (life?.outcomes.get(tick) ?? []).map(({ record }) => record);
    const mine = [...records.map((record) => classOf(record, retries)), ...(on.get(tick) ?? [])];
    if (outcome === 'unexplained') {
      // Between two lives the judge looks at nothing, either.
      const waits = life !== undefined && !life.next && mayWait(ledger, life, tick, told.now - SLACK);
      const isExcused =
        !life || (mine.length === 0 && (waits || tick <= life.begins || wasOverdueAtEnd(ledger, life, tick)));
      if (!isExcused)
        judge.violate(
          'also',
          job,
          `tick ${tick} is told as unexplained (${segment.reason}), and is ${mine.join(', ') || 'nothing'}`,
        );
    } else if (outcome === 'twice') {
      if (
        mine.length < 2 ||
        new Set(life!.outcomes.get(tick)!.map(({ owner }) => owner)).size === mine.length
      )
        judge.violate(
          'also',
          job,
          `tick ${tick} is told as run twice (${segment.reason}), and is ${mine.join(', ')}`,
        );
    } else if (outcome === 'waiting' && records.some(({ id, state }) => state === 'lost' && asked.has(id))) {
      // Its retry is asked for, and nobody matches the job any more.
    } else if (
      outcome !== 'not_known' &&
      mine.length > 0 &&
      segment.count === 1 &&
      !mine.includes(outcome) &&
      !wasOn.get(tick)?.includes(outcome)
    ) {
      judge.violate(
        'also',
        job,
        `tick ${tick} is told as ${outcome} (${segment.reason}), and is ${mine.join(', ')}`,
      );
    } else if (
      mine.length === 0 &&
      RECORDED.has(outcome) &&
      life &&
      tick > life.begins &&
      segment.runs.length > 0
    )
      judge.violate('also', job, `tick ${tick} is told as ${outcome}, and no record tells of it`);
  }
}

const RECORDED: ReadonlySet<TickOutcome> = new Set(['ran', 'lost', 'armed', 'running']);

/** By tick: told as armed or running. */
function runsOn({ active }: Ledger, job: string): ReadonlyMap<number, readonly TickOutcome[]> {
  const found = new Map<number, readonly TickOutcome[]>();
  for (const { run } of active.values())
    if (run.job === job && run.cause.tick !== undefined) found.set(run.cause.tick, ['armed', 'running']);
  return found;
}

/** By the run that they retry. */
function retriesOf(ledger: Ledger, job: string): ReadonlyMap<string, RunRecord> {
  const found = new Map<string, RunRecord>();
  for (const record of ledger.records.values())
    if (record.job === job && record.cause.retryOf !== undefined) found.set(record.cause.retryOf, record);
  return found;
}

/** What became of a tick by this record, and by the retries of its run. */
function classOf(record: RunRecord, retries: ReadonlyMap<string, RunRecord>): TickOutcome {
  const retry = retries.get(record.id);
  const after = retry && classOf(retry, retries);
  // A retry that never started changes nothing about what the run before it did.
  if (after !== undefined && after !== 'skipped') return after;
  switch (record.state) {
    case 'killed':
      return record.startedAt === undefined ? 'skipped' : 'ran';
    case 'lost':
    case 'skipped':
    case 'missed':
    case 'armed':
    case 'running':
      return record.state;
    case 'succeeded':
    case 'failed':
    case 'timed_out':
      return 'ran';
  }
}
