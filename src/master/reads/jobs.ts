// Reading jobs: one straight from etcd, lists from what this master follows.
import {
  MOST_LABEL_VALUES,
  MOST_LABELS,
  MOST_WITH_RECENT,
  type JobDetail,
  type JobState,
  type JobSummary,
  type RecentRunView,
} from '../../common/api/jobs.ts';
import { invalidInput } from '../../common/api/problems.ts';
import type { AnswerOf } from '../../common/api/contract.ts';
import type { Clock } from '../../common/core/clock.ts';
import { describeSchedule, hasHash } from '../../common/core/describe.ts';
import type { RunRecord } from '../../common/model/run.ts';
import type { Etcd } from '../../common/store/etcd.ts';
import type { Keyspace } from '../../common/store/keyspace.ts';
import { brokenJob, jobNow, noSuchJob, readJob } from '../intents/jobs.ts';
import { showJob, showRun } from '../shown.ts';
import type { Activity } from '../views/activity.ts';
import type { JobEntry } from '../views/job-index.ts';
import type { Views } from '../views/views.ts';
import { searchJobs, type JobPageQuery } from './job-search.ts';
import type { NextTicks } from './next-ticks.ts';
import { CATCH_UP_MS, type RunReader } from './runs.ts';
import type { TickReader } from './ticks.ts';
import { top } from '../top.ts';
import { unschedulable } from './unmatched.ts';
import type { WaitingRuns } from './waiting.ts';

const TICKS_IN_LIST = 3;

export interface JobQuery extends JobPageQuery {
  readonly include?: 'recent' | undefined;
}

export type NamesQuery = Omit<JobPageQuery, 'name' | 'cursor'>;

type LabelList = AnswerOf<'listLabels'>['body'];

export interface JobReader {
  /** Knows every write that this master has answered. Throws invalid_input naming `cursor`. */
  list(query: JobQuery): Promise<{ items: JobSummary[]; nextCursor: string | null; total: number }>;
  /** The names of those that match, in the order of the list. */
  names(query: NamesQuery): Promise<{ names: string[]; total: number }>;
  labels(): Promise<LabelList>;
  /** The newest, by quorum. Throws job_not_found, job_broken. */
  get(job: string, want: { ticks: number; runs: number }): Promise<JobDetail>;
}

export interface JobReaderDeps {
  readonly etcd: Etcd;
  readonly keys: Keyspace;
  readonly clock: Clock;
  readonly views: Views;
  readonly runs: RunReader;
  readonly waiting: WaitingRuns;
  readonly ticks: TickReader;
  readonly activity: Activity;
  readonly nextTicks: NextTicks;
}

/** A label may have a value of its own for each of 100,000 jobs. */
function commonest<T>(
  counts: ReadonlyMap<string, T>,
  limit: number,
  countOf: (value: T) => number,
): { items: [string, T][]; more: number } {
  const first = top<[string, T]>(limit, ([a, x], [b, y]) => countOf(y) - countOf(x) || (a < b ? -1 : 1));
  for (const each of counts) first.add(each);
  return { items: first.list(), more: Math.max(0, counts.size - limit) };
}

/** Texts kept: some 50 us each to make. */
const MOST_TEXTS = 10_000;

/** Schedules in words; most jobs share theirs with others. */
function wordsOfSchedules(): (schedule: string | readonly string[], job: string) => string {
  const texts = new Map<string, string>();
  return (schedule, job) => {
    const isOwn = [schedule].flat().some(hasHash);
    const key = JSON.stringify(isOwn ? [schedule, job] : schedule);
    const known = texts.get(key);
    if (known !== undefined) return known;
    if (texts.size >= MOST_TEXTS) texts.clear();
    const words = describeSchedule(schedule, job);
    texts.set(key, words);
    return words;
  };
}

export function jobReader(deps: JobReaderDeps): JobReader {
  const { clock, views, runs, ticks } = deps;
  const inWords = wordsOfSchedules();

  const stateOf = (paused: boolean, running: number): JobState =>
    running > 0 ? 'running' : paused ? 'paused' : 'active';

  const summarize = (
    entry: JobEntry,
    lastRun: RunRecord | undefined,
    recent: RecentRunView[] | undefined,
  ): JobSummary => {
    const running = views.runs.countOf(entry.name);
    const { record, error } = jobNow(entry.kv);
    const shared = {
      name: entry.name,
      running,
      modRevision: entry.kv.modRevision,
      lastRun: lastRun ? showRun(lastRun) : null,
      failing: deps.activity.failing.has(entry.name),
      ...(recent && { recent }),
    };
    if (!record || entry.broken) {
      const told = error ?? 'its definition has another name than its key';
      return {
        ...shared,
        state: 'broken',
        nextTicks: [],
        schedule: [],
        scheduleText: '',
        timezone: '',
        paused: false,
        error: told,
      };
    }
    const { description, labels, schedule, timezone, paused, overlap, task } = record.definition;
    return {
      ...shared,
      state: stateOf(paused, running),
      nextTicks: ticks.next(record, clock.now(), TICKS_IN_LIST),
      ...unschedulable(record.definition, views),
      ...(description !== undefined && { description }),
      ...(labels && { labels }),
      schedule: typeof schedule === 'string' ? [schedule] : schedule,
      scheduleText: inWords(schedule, entry.name),
      timezone,
      paused,
      overlap,
      task: task.kind,
    };
  };

  return {
    async list(query) {
      if (query.include && query.limit > MOST_WITH_RECENT)
        throw invalidInput([
          {
            path: 'limit',
            message: `at most ${MOST_WITH_RECENT} with include=recent: ask for a shorter page`,
          },
        ]);
      await views.caughtUp(CATCH_UP_MS);
      const { entries, nextCursor, total } = await searchJobs(query, deps);
      const names = entries.map((entry) => entry.name);
      const { last, recent } = query.include
        ? await runs.recentOf(names)
        : { last: await runs.lastOf(names), recent: undefined };
      return {
        items: entries.map((entry) =>
          summarize(entry, last.get(entry.name), recent && (recent.get(entry.name) ?? [])),
        ),
        nextCursor,
        total,
      };
    },

    async names(query) {
      await views.caughtUp(CATCH_UP_MS);
      const { entries, total } = await searchJobs({ ...query, name: [] }, deps);
      return { names: entries.map(({ name }) => name), total };
    },

    async labels() {
      await views.caughtUp(CATCH_UP_MS);
      const most = commonest(views.jobs.labels(), MOST_LABELS, ({ jobs }) => jobs);
      return {
        items: most.items.map(([key, { jobs, values }]) => {
          const { items, more } = commonest(values, MOST_LABEL_VALUES, (count) => count);
          return { key, jobs, values: items.map(([value, count]) => ({ value, jobs: count })), more };
        }),
        more: most.more,
      };
    },

    async get(job, want) {
      const found = await readJob(deps, job);
      if (!found) throw noSuchJob(job);
      const { kv, record } = found;
      if (!record) throw brokenJob(job, found.error);
      const running = views.runs.countOf(job);
      const [waiting, lastRuns] = await Promise.all([deps.waiting.ofJob(job), runs.newest(job, want.runs)]);
      return {
        ...showJob(kv, record),
        state: stateOf(record.definition.paused, running),
        running,
        nextTicks: ticks.next(record, clock.now(), want.ticks),
        ...unschedulable(record.definition, views),
        scheduleText: inWords(record.definition.schedule, job),
        failing: deps.activity.failing.has(job),
        waiting,
        lastRuns: lastRuns.map(showRun),
      };
    },
  };
}
