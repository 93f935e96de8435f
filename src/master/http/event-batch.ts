// What happened since the last batch, each thing once and as it stands now. Bounded whatever happens: what is too much
// is counted. Claims and records come by different ways, so either may be heard of first.
import { MOST_IN_BATCH, type EventBatch } from '../../common/api/events.ts';
import { ENDS, type End } from '../../common/core/activity.ts';
import type { RunRecord } from '../../common/model/run.ts';
import { top } from '../top.ts';
import { briefOfEnded, briefOfRecord, shownTime } from '../shown.ts';
import type { EndedRun } from '../views/ended-run.ts';

/** Runs that are told apart until the batch is made. */
const MOST_HELD = 20_000;

type JobNews = EventBatch['jobs'][number];
type WorkerNews = EventBatch['workers'][number];
type Run = RunRecord | EndedRun;

export interface EventGathering {
  job(news: JobNews): void;
  worker(news: WorkerNews): void;
  /** As its worker wrote it while it holds its claim. */
  claimed(run: RunRecord): void;
  ended(run: EndedRun): void;
  /** The claim is gone; whether the run has a record is still to be heard. */
  letGo(job: string, id: string): void;
  /** The next batch is told even when nothing is in it. */
  touch(): void;
  /** Something is to be told. */
  readonly isEmpty: boolean;
  /** The batch, and begins the next. Undefined: there is nothing to tell. */
  take(now: number, isFresh: boolean): EventBatch | undefined;
}

const keyOf = (job: string, id: string): string => `${job} ${id}`;
const isEnded = (run: Run): run is EndedRun => 'version' in run;

const noEnds = (): Record<End, number> =>
  Object.fromEntries(ENDS.map((end) => [end, 0])) as Record<End, number>;

/** What went wrong first, then the newest. */
const isWrong = ({ state }: Run): boolean =>
  state === 'failed' || state === 'timed_out' || state === 'lost' || state === 'missed';
const byWorth = (a: Run, b: Run): number =>
  Number(isWrong(b)) - Number(isWrong(a)) || (a.id > b.id ? -1 : a.id < b.id ? 1 : 0);

export function createGathering(): EventGathering {
  const jobs = new Map<string, JobNews>();
  const workers = new Map<string, WorkerNews>();
  let runs = new Map<string, Run>();
  let ends = noEnds();
  let unheld = 0;
  let isTouched = false;
  /** Ended in this batch and in the one before: an older word of them may still come. */
  let over = new Set<string>();
  let overBefore = new Set<string>();
  /** Let go of in this batch, and in the one before. */
  let free = new Map<string, { job: string; id: string }>();
  let freeBefore = new Map<string, { job: string; id: string }>();

  const isOver = (key: string): boolean => over.has(key) || overBefore.has(key);
  const hold = (key: string, run: Run): void => {
    if (runs.size < MOST_HELD || runs.has(key)) runs.set(key, run);
    else unheld++;
  };

  return {
    job: (news) => void jobs.set(news.name, news),
    worker: (news) => void workers.set(news.id, news),
    claimed(run) {
      const key = keyOf(run.job, run.id);
      free.delete(key);
      freeBefore.delete(key);
      if (!isOver(key)) hold(key, run);
    },
    ended(run) {
      const key = keyOf(run.job, run.id);
      ends[run.state]++;
      if (over.size < MOST_HELD) over.add(key);
      hold(key, run);
    },
    letGo(job, id) {
      const key = keyOf(job, id);
      const held = runs.get(key);
      // Armed and given back between two batches: nobody heard of it.
      if (held && !isEnded(held)) runs.delete(key);
      if (!isOver(key) && free.size < MOST_HELD) free.set(key, { job, id });
    },
    touch() {
      isTouched = true;
    },
    get isEmpty() {
      return jobs.size + workers.size + runs.size + free.size + freeBefore.size === 0;
    },
    take(now, isFresh) {
      // Those of the batch before have had time to be told of as ended.
      const gone = [...freeBefore].flatMap(([key, run]) => (isOver(key) ? [] : [run]));
      const listed = top<Run>(MOST_IN_BATCH, byWorth);
      for (const run of runs.values()) listed.add(run);
      const some = listed.list();
      const batch: EventBatch = {
        at: shownTime(now),
        fresh: isFresh,
        jobs: [...jobs.values()].slice(0, MOST_IN_BATCH),
        workers: [...workers.values()].slice(0, MOST_IN_BATCH),
        runs: some.map((run) => (isEnded(run) ? briefOfEnded(run) : briefOfRecord(run))),
        gone: gone.slice(0, MOST_IN_BATCH),
        ended: ends,
        more: {
          jobs: Math.max(0, jobs.size - MOST_IN_BATCH),
          workers: Math.max(0, workers.size - MOST_IN_BATCH),
          runs: unheld + runs.size - some.length + Math.max(0, gone.length - MOST_IN_BATCH),
        },
      };
      const isNothing = jobs.size + workers.size + runs.size + gone.length + unheld === 0 && !isTouched;
      isTouched = false;
      jobs.clear();
      workers.clear();
      runs = new Map();
      ends = noEnds();
      unheld = 0;
      overBefore = over;
      over = new Set();
      freeBefore = free;
      free = new Map();
      return isNothing ? undefined : batch;
    },
  };
}
