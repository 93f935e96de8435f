// Which jobs this worker schedules, and of which it keeps the record of ticks that nobody is there for: its
// share of the ranking, kept up to date as workers come and go.
import type { Clock, Timer } from '../common/core/clock.ts';
import type { Millis } from '../common/model/time.ts';
import type { JobEntry, JobTable } from './job-table.ts';

/** One stretch of ranking, before other work gets its turn. */
const SLICE: Millis = 8;
/** Jobs ranked between two looks at the clock. */
const CHUNK = 256;

export const NOTHING = 0;
/** Its ticks are this worker's to claim. */
export const OWNS = 1;
/** Ticks that no worker is there for are this worker's to record. */
export const KEEPS = 2;
/** The sum of what it does. */
export type Place = 0 | 1 | 2 | 3;

export interface OwnershipOptions {
  readonly clock: Clock;
  readonly table: JobTable;
  readonly placeOf: (entry: JobEntry) => Place;
  /** It is this worker's to schedule; told again when it keeps it as well from now on. */
  readonly onGained: (entry: JobEntry) => void;
  readonly onLost: (entry: JobEntry) => void;
  /** It keeps the job's record: told at each judgement, for what there is to record may have changed. */
  readonly onKept: (entry: JobEntry) => void;
  readonly onLetGo: (entry: JobEntry) => void;
}

export interface Ownership {
  judge(entry: JobEntry): void;
  /**
   * All jobs, in slices; a call during one begins anew. `anew`: those that stay this worker's are told as
   * gained too, for while it could not claim they have been let fall.
   */
  judgeAll(anew?: boolean): void;
  stop(): void;
}

export function createOwnership(options: OwnershipOptions): Ownership {
  const { clock, table, placeOf, onGained, onLost, onKept, onLetGo } = options;
  let slice: Timer | undefined;
  let left: Iterator<JobEntry> | undefined;

  let anew = false;

  const judge = (entry: JobEntry): void => {
    const place = placeOf(entry);
    const keeps = (place & KEEPS) !== 0;
    // Requests that name no worker are taken by the one that keeps the job.
    const keepsAnew = keeps && !entry.kept;
    if (keeps) {
      entry.kept = true;
      onKept(entry);
    } else if (entry.kept) {
      entry.kept = false;
      onLetGo(entry);
    }
    const own = (place & OWNS) !== 0;
    if (own === entry.owned && !(own && (anew || keepsAnew))) return;
    entry.owned = own;
    if (own) return onGained(entry);
    // From now on it is another worker that moves the cursor.
    entry.cursorKnown = false;
    onLost(entry);
  };

  const judgeSome = (): void => {
    const until = clock.monotonic() + SLICE;
    do {
      for (let i = 0; i < CHUNK; i++) {
        const next = left!.next();
        if (next.done) {
          slice = undefined;
          left = undefined;
          anew = false;
          return;
        }
        judge(next.value);
      }
    } while (clock.monotonic() < until);
    slice = clock.setTimer(0, judgeSome);
  };

  return {
    judge,
    judgeAll(again = false) {
      anew ||= again;
      left = table.entries.values();
      slice ??= clock.setTimer(0, judgeSome);
    },
    stop() {
      slice?.cancel();
    },
  };
}
