// What is stored of a definition: pure arithmetic of generations and of `since`, the instant before which
// nothing ever fires (invariant 6).
import { wishOf } from '../common/core/eligible.ts';
import { sameValue } from '../common/core/same-value.ts';
import type { ChangeKind, JobChange, JobDefinition, JobRecord } from '../common/model/job.ts';
import type { Instant } from '../common/model/time.ts';

/** What decides when a job ticks: a change of any of it starts its life of ticks anew. */
const TIMING = ['schedule', 'timezone', 'dst', 'jitter', 'startAt', 'endAt', 'anchor'] as const;

/** Who changes a definition, and how. */
export interface Origin {
  readonly by?: string;
  /** Generation of the version that is restored. */
  readonly from?: number;
}

export const sameDefinition = (a: JobDefinition, b: JobDefinition): boolean => sameValue(a, b);

/**
 * Under `mode: all` each worker has ticks of its own from its session on: one that the job comes to by an edit must
 * not take those from before the edit for its own. Also by two edits, with `mode: one` between them: whichever of
 * them names other workers.
 */
const goesElsewhere = (before: JobDefinition, after: JobDefinition): boolean =>
  (before.workers.mode === 'all' || after.workers.mode === 'all') &&
  !sameValue(wishOf(before), wishOf(after));

const changeOf = ({ by, from }: Origin, kind: ChangeKind): JobChange => ({
  kind: from === undefined ? kind : 'restored',
  ...(by !== undefined && { by }),
  ...(from !== undefined && { from }),
});

function kindOf(before: JobDefinition, after: JobDefinition): ChangeKind {
  if (before.paused === after.paused || !sameDefinition({ ...before, paused: after.paused }, after))
    return 'edited';
  return after.paused ? 'paused' : 'resumed';
}

/** `generationBefore`: of the value that it replaces, which could not be read; 0: there is none. */
export function newJobRecord(
  definition: JobDefinition,
  now: Instant,
  origin: Origin = {},
  generationBefore = 0,
): JobRecord {
  return {
    definition,
    since: now,
    anchor: now,
    generation: generationBefore + 1,
    createdAt: now,
    updatedAt: now,
    change: changeOf(origin, generationBefore === 0 ? 'created' : 'edited'),
  };
}

export function changedJobRecord(
  previous: JobRecord,
  definition: JobDefinition,
  now: Instant,
  origin: Origin = {},
): JobRecord {
  const before = previous.definition;
  const retimed =
    TIMING.some((field) => !sameValue(before[field], definition[field])) || goesElsewhere(before, definition);
  const resumed = before.paused && !definition.paused;
  return {
    definition,
    // The clock of the master that answers decides: one that was ahead must not keep the job silent.
    since: retimed || resumed ? now : Math.min(previous.since, now),
    anchor: previous.anchor,
    generation: previous.generation + 1,
    createdAt: previous.createdAt,
    updatedAt: now,
    change: changeOf(origin, kindOf(before, definition)),
  };
}
