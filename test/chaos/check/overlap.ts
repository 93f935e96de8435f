// Invariants 2 and 5 by the tasks' own marks: no two runs of a job at the same time, tokens that grow, and no
// task that outlives its worker's claim. Marks are in the order in which they were written. Pure.
import type { JournalLine } from '../../support/journal.ts';
import type { Violation } from '../events.ts';
import { definitionOf, group, iso, keyOfRun, lastRecord, toldWithin, type Facts } from './facts.ts';

export function checkOverlap(facts: Facts): Violation[] {
  return [...overlaps(facts), ...outlived(facts)];
}

interface Span {
  readonly runId: string;
  readonly from: JournalLine;
  readonly to: JournalLine;
}

/** `worker3-1a2b3c`: the worker's name, without the suffix of its session. */
const nameOf = (worker: string): string => worker.replace(/-[0-9a-f]{6}$/, '');

function overlaps(facts: Facts): Violation[] {
  const found: Violation[] = [];
  const spans = group(
    [...facts.marks.values()].map((lines): Span & { readonly job: string } => ({
      job: lines[0]!.job,
      runId: lines[0]!.runId,
      from: lines[0]!,
      to: lines.at(-1)!,
    })),
    ({ job, runId, from }) => {
      const record = lastRecord(facts, job, runId);
      const definition = record && definitionOf(facts, record)?.definition;
      if (definition?.overlap === 'allow') return `${job} ${runId}`;
      // Each worker by itself; its next session is the same worker.
      return definition?.workers.mode === 'all' ? `${job} ${nameOf(from.worker)}` : job;
    },
  );
  for (const some of spans.values()) {
    some.sort((a, b) => a.from.sequence - b.from.sequence);
    let longest: Span | undefined;
    let last: Span | undefined;
    for (const span of some) {
      const { job } = span;
      if (longest && span.from.sequence < longest.to.sequence && !mayOverlap(facts, job, longest, span))
        found.push({
          what: 'overlap',
          job,
          detail: `run ${span.runId} began at ${iso(span.from.at)} on ${span.from.worker}; ${longest.runId} went on until ${iso(longest.to.at)} on ${longest.from.worker}`,
        });
      if (last && span.from.fencingToken <= last.from.fencingToken && !mayOverlap(facts, job, last, span))
        found.push({
          what: 'token that does not grow',
          job,
          detail: `run ${span.runId} with ${span.from.fencingToken} after ${last.runId} with ${last.from.fencingToken}`,
        });
      if (!longest || span.to.sequence > longest.to.sequence) longest = span;
      last = span;
    }
  }
  return found;
}

/** Its lease was revoked while it was alive, and it went on no longer than it takes to be told. */
function wasRevokedAlive(facts: Facts, { to }: Span): boolean {
  const at = facts.revokedAlive.get(to.worker);
  return at !== undefined && to.at <= at + toldWithin(facts);
}

/** `onLostLease: continue`, and the record of the one that ran on says so, or that nobody knows. */
function mayOverlap(facts: Facts, job: string, one: Span, other: Span): boolean {
  if (wasRevokedAlive(facts, one)) return true;
  return [one, other].some(({ runId }) => {
    const record = facts.runs.get(keyOfRun(job, runId));
    return (
      record !== undefined &&
      definitionOf(facts, record)?.definition.onLostLease === 'continue' &&
      (record.mayHaveOverlapped === true || record.state === 'lost')
    );
  });
}

/** The recorder is told of the end of a lease after it ended, never before; so there is nothing to allow for. */
function outlived(facts: Facts): Violation[] {
  const found: Violation[] = [];
  const ends = new Map(facts.history.sessionEnds.map(({ worker, at }) => [worker, at]));
  for (const lines of facts.marks.values()) {
    const { job, runId } = lines[0]!;
    const allowed = (worker: string): number => (facts.revokedAlive.has(worker) ? toldWithin(facts) : 0);
    const late = lines.find(({ worker, at }) => at > (ends.get(worker) ?? Infinity) + allowed(worker));
    if (!late) continue;
    const record = lastRecord(facts, job, runId);
    if (record && definitionOf(facts, record)?.definition.onLostLease === 'continue') continue;
    const detail = `run ${runId} wrote ${lines.at(-1)!.at - ends.get(late.worker)!} ms after the lease of ${late.worker} had ended`;
    found.push({ what: 'task that outlived its claim', job, detail });
  }
  return found;
}
