// Invariant 3: once a change, a pause or a deletion is answered, no run of an older definition starts but those
// that the answer names. Pure.
import type { Violation } from '../events.ts';
import { iso, lastRecord, type Facts } from './facts.ts';

export function checkStale(facts: Facts): Violation[] {
  const found: Violation[] = [];
  for (const { action, job, answeredAt, generation, created, started = [] } of facts.history.actions) {
    if (job === undefined || generation === undefined) continue;
    for (const start of facts.starts) {
      if (start.job !== job || start.at <= answeredAt || started.includes(start.runId)) continue;
      const record = lastRecord(facts, job, start.runId);
      if (!record || record.jobCreated !== created || record.generation >= generation) continue;
      const detail = `run ${start.runId} of generation ${record.generation} started at ${iso(start.at)}; ${action.kind} was answered at ${iso(answeredAt)}`;
      found.push({ what: `stale run after ${action.kind}`, job, detail });
    }
  }
  return found;
}
