// Under `mode: all` a tick is of several workers: what became of it on those that did not run it. Only a run tells
// how many there were, as its worker saw them, and views differ for a moment when workers come and go: what is said
// here is a note on the outcome, never an alarm. Pure.
import type { RunRecord } from '../model/run.ts';
import type { PassedStretch } from './outcome-evidence.ts';

export interface TickOfWorkers {
  readonly tick: number;
  /** The last run of each claim. */
  readonly claims: readonly RunRecord[];
  /** What was skipped or missed, of this tick and of others. */
  readonly passed: readonly PassedStretch[];
  /** Whether each worker must have recorded it by now, and no record can have been removed. */
  readonly isSettled: boolean;
  /** Workers that have a run of the job on: they may come to it yet. */
  readonly busy: ReadonlySet<string>;
}

/** Of more workers, only how many. */
const NAMED = 5;

export const busyWorkers = (runs: readonly RunRecord[]): ReadonlySet<string> =>
  new Set(
    runs.flatMap(({ state, shard, worker }) =>
      shard && worker !== undefined && (state === 'armed' || state === 'running') ? [worker] : [],
    ),
  );

/** It ended before it started: its task has not run. */
export const neverStarted = (run: RunRecord): boolean =>
  run.state === 'killed' && run.startedAt === undefined;

/** In words; undefined: it ran on all workers, or on the one that there is under `mode: one`. */
export function elsewhere({ tick, claims, passed, isSettled, busy }: TickOfWorkers): string | undefined {
  const totals = claims.flatMap(({ shard }) => shard?.total ?? []);
  if (totals.length === 0) return undefined;
  const told = new Map<string, string | undefined>();
  const isStarted = claims.some((run) => !neverStarted(run));
  for (const run of claims)
    if (run.worker !== undefined)
      told.set(run.worker, isStarted && neverStarted(run) ? noteOf('skipped', run) : undefined);
  for (const { from, to, record } of passed)
    if (from <= tick && tick <= to && record.worker !== undefined && !told.has(record.worker))
      told.set(record.worker, noteOf(record.state, record));
  const notes = [...told.values()].filter((note) => note !== undefined);
  const words = notes.slice(0, NAMED);
  if (notes.length > NAMED) words.push(`not run by ${notes.length - NAMED} more workers`);
  const total = Math.max(...totals);
  const mayCome = [...busy].filter((worker) => !told.has(worker)).length;
  if (isSettled && told.size + mayCome < total) words.push(`${told.size} of ${total} workers have a record`);
  return words.length === 0 ? undefined : words.join('; ');
}

const noteOf = (state: string, { worker, reason }: RunRecord): string =>
  `${state} on ${worker}${reason === undefined ? '' : `: ${reason}`}`;
