// Which jobs this worker schedules: its share of the ranking, kept up to date as workers come and go.
import type { Clock, Timer } from '../common/core/clock.ts';
import type { Millis } from '../common/model/time.ts';
import type { JobEntry, JobTable } from './job-table.ts';

/** One stretch of ranking, before other work gets its turn. */
const SLICE: Millis = 8;
/** Jobs ranked between two looks at the clock. */
const CHUNK = 256;

export interface OwnershipOptions {
  readonly clock: Clock;
  readonly table: JobTable;
  readonly isOwn: (entry: JobEntry) => boolean;
  readonly onGained: (entry: JobEntry) => void;
  readonly onLost: (entry: JobEntry) => void;
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

export function createOwnership({ clock, table, isOwn, onGained, onLost }: OwnershipOptions): Ownership {
  let slice: Timer | undefined;
  let left: Iterator<JobEntry> | undefined;

  let anew = false;

  const judge = (entry: JobEntry): void => {
    const own = isOwn(entry);
    if (own === entry.owned && !(own && anew)) return;
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
