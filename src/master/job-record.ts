// What is stored of a definition: pure arithmetic of generations and of `since`, the instant before which
// nothing ever fires (invariant 6).
import type { JobDefinition, JobRecord } from '../common/model/job.ts';
import type { Instant } from '../common/model/time.ts';

/** What decides when a job ticks: a change of any of it starts its life of ticks anew. */
const TIMING = ['schedule', 'timezone', 'dst', 'jitter', 'startAt', 'endAt', 'anchor'] as const;

const same = (a: unknown, b: unknown): boolean => canonical(a) === canonical(b);

/** JSON with sorted keys: the order in which fields were written means nothing. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

export const sameDefinition = (a: JobDefinition, b: JobDefinition): boolean => same(a, b);

export function newJobRecord(definition: JobDefinition, now: Instant): JobRecord {
  return { definition, since: now, anchor: now, generation: 1, createdAt: now, updatedAt: now };
}

export function changedJobRecord(previous: JobRecord, definition: JobDefinition, now: Instant): JobRecord {
  const before = previous.definition;
  const retimed = TIMING.some((field) => !same(before[field], definition[field]));
  const resumed = before.paused && !definition.paused;
  return {
    definition,
    // The clock of the master that answers decides: one that was ahead must not keep the job silent.
    since: retimed || resumed ? now : Math.min(previous.since, now),
    anchor: previous.anchor,
    generation: previous.generation + 1,
    createdAt: previous.createdAt,
    updatedAt: now,
  };
}
