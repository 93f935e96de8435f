// The overview, put together from the views. It is made once a second at most, however many look at it.
import { LONGEST_SHOWN, WINDOWS, type ActivityView, type Overview } from '../../common/api/overview.ts';
import type { Clock } from '../../common/core/clock.ts';
import { mayRun } from '../../common/core/eligible.ts';
import type { RunRecord } from '../../common/model/run.ts';
import { instant, type Millis } from '../../common/model/time.ts';
import type { WorkerState } from '../../common/model/worker.ts';
import type { Etcd } from '../../common/store/etcd.ts';
import type { Keyspace } from '../../common/store/keyspace.ts';
import { MINUTE } from '../../common/core/activity.ts';
import { briefOfEnded, briefOfRecord, shownTime } from '../shown.ts';
import type { Activity } from '../views/activity.ts';
import type { Views } from '../views/views.ts';
import type { NextTicks } from './next-ticks.ts';
import { CATCH_UP_MS } from './runs.ts';

/** An overview serves all who ask within this time. */
const GOOD_FOR: Millis = 1_000;
const MOST = 50;

export interface OverviewReader {
  overview(want: { failures: number; next: number }): Promise<Overview>;
  activity(window: keyof typeof WINDOWS): ActivityView;
}

export interface OverviewDeps {
  readonly etcd: Etcd;
  readonly keys: Keyspace;
  readonly clock: Clock;
  readonly views: Views;
  readonly activity: Activity;
  readonly nextTicks: NextTicks;
}

export function overviewReader(deps: OverviewDeps): OverviewReader {
  const { etcd, keys, clock, views, activity } = deps;
  let made: { readonly at: number; readonly overview: Promise<Overview> } | undefined;

  const make = async (): Promise<Overview> => {
    await views.caughtUp(CATCH_UP_MS);
    const [waiting, now] = await Promise.all([
      etcd.range({ ...keys.triggers, countOnly: true }),
      deps.nextTicks.refresh(),
    ]);
    return {
      at: shownTime(now),
      since: shownSince(activity),
      complete: activity.isLearned,
      jobs: countJobs(views, activity),
      runs: { ...runsNow(views), waiting: waiting.count },
      failures: activity.failures(MOST).map(({ run, count, firstAt }) => ({
        run: briefOfEnded(run),
        count,
        firstAt: shownTime(firstAt),
        failing: activity.failing.has(run.job),
      })),
      next: deps.nextTicks
        .coming(MOST, instant(Number.MAX_SAFE_INTEGER))
        .entries.map(({ name, next }) => ({ job: name, tick: shownTime(next) })),
      workers: countWorkers(views),
    };
  };

  return {
    async overview({ failures, next }) {
      const now = clock.monotonic();
      if (made === undefined || now - made.at >= GOOD_FOR) {
        const overview = make();
        made = { at: now, overview };
        // Who asks next asks anew.
        overview.catch(() => (made = undefined));
      }
      const all = await made.overview;
      return { ...all, failures: all.failures.slice(0, failures), next: all.next.slice(0, next) };
    },
    activity(window) {
      const { bucket, minutes } = WINDOWS[window];
      const now = clock.now();
      const buckets = activity.buckets(now - (minutes - bucket) * MINUTE, now, bucket);
      return {
        at: shownTime(now),
        since: shownSince(activity),
        complete: activity.isLearned,
        bucketSeconds: (bucket * MINUTE) / 1000,
        buckets: buckets.map(({ at, counts, started, lagP50Ms, lagP99Ms, lagMaxMs }) => ({
          at: shownTime(at),
          ...counts,
          started,
          lagP50Ms: lagP50Ms === undefined ? null : tenths(lagP50Ms),
          lagP99Ms: lagP99Ms === undefined ? null : tenths(lagP99Ms),
          lagMaxMs: lagMaxMs === undefined ? null : tenths(lagMaxMs),
        })),
      };
    },
  };
}

const tenths = (ms: Millis): Millis => Math.round(ms * 10) / 10;

export const shownSince = ({ since }: Activity): string | null =>
  since === undefined ? null : shownTime(since);

function countJobs({ jobs, runs, workers }: Views, { failing }: Activity): Overview['jobs'] {
  const records = workers.records();
  // What any worker can run is not among the wishes; with no worker at all, nobody runs anything.
  const unschedulable =
    records.length === 0
      ? jobs.size - jobs.pausedCount - jobs.brokenCount
      : jobs
          .wishes()
          .filter((wish) => !records.some((worker) => mayRun(wish, worker)))
          .reduce((sum, wish) => sum + wish.jobs, 0);
  return {
    total: jobs.size,
    active: jobs.size - jobs.pausedCount - jobs.brokenCount,
    paused: jobs.pausedCount,
    broken: jobs.brokenCount,
    failing: failing.size,
    unschedulable,
    running: runs.jobCount,
  };
}

function runsNow({ runs }: Views): Omit<Overview['runs'], 'waiting'> {
  const counts = { running: 0, armed: 0 };
  const running: RunRecord[] = [];
  for (const { record } of runs.all()) {
    if (record?.state === 'armed') counts.armed++;
    else counts.running++;
    if (record?.state === 'running') running.push(record);
  }
  const longest = running
    .sort((a, b) => (a.startedAt ?? a.scheduledFor) - (b.startedAt ?? b.scheduledFor))
    .slice(0, LONGEST_SHOWN);
  return { ...counts, longest: longest.map(briefOfRecord) };
}

function countWorkers({ workers }: Views): Overview['workers'] {
  const records = workers.records();
  const byState: Partial<Record<WorkerState, number>> = {};
  let slots = 0;
  let busy = 0;
  for (const { state, slots: own, running } of records) {
    byState[state] = (byState[state] ?? 0) + 1;
    if (state !== 'ready' && state !== 'full') continue;
    slots += own;
    busy += running;
  }
  return { total: records.length, byState, slots, busy };
}
