// Runs as bars, and the ticks that come: from the views alone.
import { MOST_COMING_JOBS, MOST_COMING_TICKS, type Timeline } from '../../common/api/timeline.ts';
import { invalidInput } from '../../common/api/problems.ts';
import { MINUTE } from '../../common/core/activity.ts';
import type { Clock } from '../../common/core/clock.ts';
import { parseInstant } from '../../common/core/every.ts';
import type { RunRecord } from '../../common/model/run.ts';
import { instant, type Instant } from '../../common/model/time.ts';
import { briefOfEnded, briefOfRecord, shownTime } from '../shown.ts';
import { slices } from '../slices.ts';
import type { Activity } from '../views/activity.ts';
import type { EndedRun } from '../views/ended-run.ts';
import type { JobEntry } from '../views/job-index.ts';
import type { Views } from '../views/views.ts';
import type { NextTicks } from './next-ticks.ts';
import { shownSince } from './overview.ts';
import { CATCH_UP_MS } from './runs.ts';
import { top } from '../top.ts';

const DEFAULT_MINUTES = 15;

export interface TimelineQuery {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly limit: number;
  readonly job?: string | undefined;
  readonly worker?: string | undefined;
  readonly ahead: number;
}

export interface TimelineReader {
  /** Throws invalid_input. */
  read(query: TimelineQuery): Promise<Timeline>;
}

type Bar = EndedRun | RunRecord;
const beganAt = ({ startedAt, scheduledFor }: Bar): number => startedAt ?? scheduledFor;
const isEnded = (run: Bar): run is EndedRun => 'version' in run;
const isWrong = ({ state }: Bar): boolean =>
  state !== 'succeeded' && state !== 'running' && state !== 'armed' && state !== 'skipped';
/** By whether it went wrong, whether it is on, how long it took. */
const byWorth = (a: Bar, b: Bar): number =>
  Number(isWrong(b)) - Number(isWrong(a)) ||
  Number(b.endedAt === undefined) - Number(a.endedAt === undefined) ||
  (b.endedAt ?? 0) - beganAt(b) - ((a.endedAt ?? 0) - beganAt(a)) ||
  (a.id < b.id ? -1 : 1);

export function timelineReader(deps: {
  readonly clock: Clock;
  readonly views: Views;
  readonly activity: Activity;
  readonly nextTicks: NextTicks;
}): TimelineReader {
  const { clock, views, activity, nextTicks } = deps;

  const coming = async (now: Instant, { job, ahead }: TimelineQuery): Promise<Timeline['coming']> => {
    const until = instant(now + ahead * MINUTE);
    let found: { entries: readonly JobEntry[]; total: number } = { entries: [], total: 0 };
    if (ahead > 0) {
      await nextTicks.refresh();
      const one = job === undefined ? undefined : views.jobs.get(job);
      const entries = one !== undefined && one.next <= until ? [one] : [];
      found =
        job === undefined ? nextTicks.coming(MOST_COMING_JOBS, until) : { entries, total: entries.length };
    }
    const slice = slices(clock, 1);
    const jobs: Timeline['coming']['jobs'] = [];
    for (const { name, schedule, since } of found.entries) {
      if (!schedule) continue;
      const after = instant(Math.max(now, since));
      const ticks: string[] = [];
      let tick = schedule.nextAfter(after);
      while (tick !== undefined && tick <= until && ticks.length < MOST_COMING_TICKS) {
        ticks.push(shownTime(tick));
        tick = schedule.nextAfter(tick);
      }
      const isAll = tick === undefined || tick > until;
      const count = isAll ? ticks.length : schedule.countBetween(after, until);
      if (count > 0) jobs.push({ job: name, ticks, count });
      if (slice.isDue()) await slice.breathe();
    }
    return { until: shownTime(until), jobs, totalJobs: found.total };
  };

  return {
    async read(query) {
      const { limit, job, worker } = query;
      const now = clock.now();
      const to = query.to === undefined ? now : parseInstant(query.to)!;
      const from =
        query.from === undefined ? instant(to - DEFAULT_MINUTES * MINUTE) : parseInstant(query.from)!;
      if (from > to)
        throw invalidInput([{ path: 'from', message: `must not be after \`to\`, ${shownTime(to)}` }]);
      await views.caughtUp(CATCH_UP_MS);
      const isWanted = (run: Bar): boolean =>
        (job === undefined || run.job === job) && (worker === undefined || run.worker === worker);
      const isAny = job === undefined && worker === undefined;
      const recent = activity.recent.between(from, to, isAny ? undefined : isWanted);
      const bars = top<Bar>(limit, byWorth);
      const over = new Set<string>();
      for (const run of recent.runs) {
        over.add(`${run.job} ${run.id}`);
        bars.add(run);
      }
      let { total } = recent;
      for (const { record } of views.runs.all()) {
        if (!record || beganAt(record) > to || !isWanted(record)) continue;
        // Its record came before the news that its claim is gone.
        if (over.has(`${record.job} ${record.id}`)) continue;
        total++;
        bars.add(record);
      }
      const runs = bars.list().sort((a, b) => beganAt(a) - beganAt(b));
      return {
        at: shownTime(now),
        from: shownTime(from),
        to: shownTime(to),
        since: shownSince(activity),
        runs: runs.map((run) => (isEnded(run) ? briefOfEnded(run) : briefOfRecord(run))),
        total,
        cut: total > runs.length,
        coming: await coming(now, worker === undefined ? query : { ...query, ahead: 0 }),
      };
    },
  };
}
