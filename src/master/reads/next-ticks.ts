// The next tick of every job, kept with the job: asked for anew only where it has passed. Whoever sorts or counts by
// it refreshes first. Costs a look at each job, and a search for those that ticked since it was last asked.
import type { Clock } from '../../common/core/clock.ts';
import { instant, type Instant } from '../../common/model/time.ts';
import { slices } from '../slices.ts';
import type { JobEntry } from '../views/job-index.ts';
import type { Views } from '../views/views.ts';

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
      const first: JobEntry[] = [];
      let total = 0;
      let bound = Infinity;
      for (const entry of views.jobs.entries()) {
        if (entry.next > until) continue;
        total++;
        if (entry.next >= bound) continue;
        first.push(entry);
        // Weeded out now and then: a sort of few in place of one of all.
        if (first.length >= 4 * limit) {
          first.sort(bySoonest).length = limit;
          bound = first.at(-1)!.next;
        }
      }
      first.sort(bySoonest);
      return { entries: first.slice(0, limit), total };
    },
  };
}

const bySoonest = (a: JobEntry, b: JobEntry): number => a.next - b.next || (a.name < b.name ? -1 : 1);
