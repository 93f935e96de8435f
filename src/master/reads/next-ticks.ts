// The next tick of every job, kept with the job: asked for anew only where it has passed. Whoever sorts or counts by
// it refreshes first. Costs a look at each job, and a search for those that ticked since it was last asked.
import type { Clock } from '../../common/core/clock.ts';
import { instant, type Instant } from '../../common/model/time.ts';
import { slices } from '../slices.ts';
import type { JobEntry } from '../views/job-index.ts';
import type { Views } from '../views/views.ts';
import { top } from '../top.ts';

export interface NextTicks {
  /** Afterwards `next` of each job is its first tick after the answered instant. Many who ask at once ask once. */
  refresh(): Promise<Instant>;
  /** The first `limit` of the jobs that tick at or before `until`, soonest first, and how many there are. */
  coming(limit: number, until: Instant): { entries: JobEntry[]; total: number };
}

export function nextTicks({ clock, views }: { clock: Clock; views: Views }): NextTicks {
  let refreshing: Promise<Instant> | undefined;

  const refresh = async (): Promise<Instant> => {
    const now = clock.now();
    const slice = slices(clock);
    for (const entry of views.jobs.entries()) {
      if (entry.next <= now)
        entry.next = entry.schedule?.nextAfter(instant(Math.max(now, entry.since))) ?? Infinity;
      if (slice.isDue()) await slice.breathe();
    }
    return now;
  };

  return {
    refresh() {
      refreshing ??= refresh().finally(() => (refreshing = undefined));
      return refreshing;
    },
    coming(limit, until) {
      const first = top(limit, bySoonest);
      let total = 0;
      for (const entry of views.jobs.entries()) {
        if (entry.next > until) continue;
        total++;
        first.add(entry);
      }
      return { entries: first.list(), total };
    },
  };
}

const bySoonest = (a: JobEntry, b: JobEntry): number => a.next - b.next || (a.name < b.name ? -1 : 1);
