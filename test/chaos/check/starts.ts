// Invariant 1 by the tasks' own marks: each tick started once, each run has its record and each record its run.
// Pure.
import type { RunRecord } from '../../../src/common/model/run.ts';
import type { JournalLine } from '../../support/journal.ts';
import type { Violation } from '../events.ts';
import { definitionOf, group, iso, keyOfRun, lastRecord, wentWithItsJob, type Facts } from './facts.ts';

/** A worker's clock may be off by 1 s before it steps aside, and a mark is written a moment late. */
const EARLY_MS = 1_200;

export function checkStarts(facts: Facts): Violation[] {
  return [
    ...startedTwice(facts),
    ...ticksStartedTwice(facts),
    ...runsWithoutRecord(facts),
    ...recordsWithoutRun(facts),
    ...early(facts),
  ];
}

function startedTwice({ marks }: Facts): Violation[] {
  const found: Violation[] = [];
  for (const lines of marks.values()) {
    const starts = group(
      lines.filter(({ mark }) => mark === 'start'),
      ({ attempt }) => String(attempt),
    );
    for (const [attempt, same] of starts)
      if (same.length > 1)
        found.push({
          what: 'attempt started twice',
          job: same[0]!.job,
          detail: `run ${same[0]!.runId}, attempt ${attempt}: ${same.map(({ at, pid }) => `${iso(at)} pid ${pid}`).join(', ')}`,
        });
  }
  return found;
}

/** Without a retry, each tick starts at most once; with it, at most once for each attempt, and after a failure. */
function ticksStartedTwice(facts: Facts): Violation[] {
  const found: Violation[] = [];
  const attempts = facts.history.marks.filter(({ mark }) => mark === 'start');
  const recordOf = (line: JournalLine): RunRecord | undefined => lastRecord(facts, line.job, line.runId);
  const ofTicks = attempts.filter((line) => recordOf(line)?.cause.tick !== undefined);
  const byTick = group(ofTicks, (line) => {
    const record = recordOf(line)!;
    const worker = isAll(facts, record) ? record.worker : '';
    return `${line.job} ${record.jobCreated} ${record.cause.tick} ${worker}`;
  });
  for (const lines of byTick.values()) {
    if (lines.length === 1) continue;
    const { job } = lines[0]!;
    const record = recordOf(lines[0]!)!;
    const limit = definitionOf(facts, record)?.definition.retry.limit ?? 0;
    const succeeded = lines.slice(0, -1).find((line) => recordOf(line)?.state === 'succeeded');
    const isRepeated = succeeded !== undefined && succeeded.runId !== lines.at(-1)!.runId;
    if (lines.length > limit + 1 || isRepeated)
      found.push({
        what: 'tick started twice',
        job,
        detail: `tick ${iso(record.cause.tick!)}: ${lines.map(({ runId, attempt, worker, at }) => `${runId} attempt ${attempt} on ${worker} at ${iso(at)}`).join('; ')}`,
      });
  }
  return found;
}

const isAll = (facts: Facts, record: RunRecord): boolean =>
  definitionOf(facts, record)?.definition.workers.mode === 'all';

function runsWithoutRecord(facts: Facts): Violation[] {
  const found: Violation[] = [];
  for (const { job, runId, worker, at } of facts.starts) {
    const detail = `run ${runId} started on ${worker} at ${iso(at)}`;
    const record = facts.runs.get(keyOfRun(job, runId));
    if (!facts.claims.has(keyOfRun(job, runId))) found.push({ what: 'run without a claim', job, detail });
    else if (!record) {
      if (!wentWithItsJob(facts, job, runId)) found.push({ what: 'run without a record', job, detail });
    } else if (['skipped', 'missed', 'armed', 'running'].includes(record.state))
      found.push({ what: 'run recorded as none', job, detail: `${detail}, recorded as ${record.state}` });
    else if (record.state === 'killed' && record.startedAt === undefined)
      found.push({
        what: 'run recorded as none',
        job,
        detail: `${detail}, recorded as killed before it started`,
      });
  }
  return found;
}

function recordsWithoutRun(facts: Facts): Violation[] {
  const found: Violation[] = [];
  for (const [key, record] of facts.runs) {
    const { job, id, state, exitCode } = record;
    const lines = facts.marks.get(key) ?? [];
    const tell = (what: string): void =>
      void found.push({ what, job, detail: `run ${id} on ${record.worker} is recorded as ${state}` });
    const hasRun = state === 'succeeded' || (state === 'failed' && exitCode !== undefined);
    if (hasRun && !lines.some(({ mark }) => mark === 'start')) tell('record without a run');
    else if (state === 'succeeded' && !lines.some(({ mark }) => mark === 'end'))
      tell('record without its end');
  }
  return found;
}

function early(facts: Facts): Violation[] {
  const found: Violation[] = [];
  for (const { job, runId, at, worker } of facts.starts) {
    const cause = lastRecord(facts, job, runId)?.cause;
    if (cause?.tick === undefined || at >= cause.tick - EARLY_MS) continue;
    const detail = `run ${runId} started ${cause.tick - at} ms before its tick on ${worker}`;
    found.push({ what: 'early start', job, detail });
  }
  return found;
}
