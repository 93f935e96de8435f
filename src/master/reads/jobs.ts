// Reading jobs: one straight from etcd, lists from what this master follows.
import type { JobDetail, JobState, JobSummary } from '../../common/api/jobs.ts';
import { decodeCursor, encodeCursor } from '../../common/api/paging.ts';
import type { Clock } from '../../common/core/clock.ts';
import type { RunRecord } from '../../common/model/run.ts';
import type { Etcd } from '../../common/store/etcd.ts';
import type { Keyspace } from '../../common/store/keyspace.ts';
import { brokenJob, jobNow, noSuchJob, readJob } from '../intents/jobs.ts';
import { showJob, showRun } from '../shown.ts';
import type { JobEntry, JobFilter } from '../views/job-index.ts';
import type { Views } from '../views/views.ts';
import { CATCH_UP_MS, type RunReader } from './runs.ts';
import type { TickReader } from './ticks.ts';
import { unschedulable } from './unmatched.ts';
import type { WaitingRuns } from './waiting.ts';

const TICKS_IN_LIST = 3;

export interface JobQuery {
  readonly q?: string | undefined;
  readonly label?: string | readonly string[] | undefined;
  readonly state?: JobState | undefined;
  readonly limit: number;
  readonly cursor?: string | undefined;
}

export interface JobReader {
  /** Knows every write that this master has answered. Throws invalid_input naming `cursor`. */
  list(query: JobQuery): Promise<{ items: JobSummary[]; nextCursor: string | null; total: number }>;
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
}

/** `['team=data,tier', 'x=1']` -> [['team','data'],['tier',undefined],['x','1']]. */
function labelsOf(label: JobQuery['label']): JobFilter['labels'] {
  const texts = label === undefined ? [] : typeof label === 'string' ? [label] : label;
  return texts
    .flatMap((text) => text.split(','))
    .filter((text) => text !== '')
    .map((text) => {
      const at = text.indexOf('=');
      return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
    });
}

export function jobReader(deps: JobReaderDeps): JobReader {
  const { clock, views, runs, ticks } = deps;

  const stateOf = (paused: boolean, running: number): JobState =>
    running > 0 ? 'running' : paused ? 'paused' : 'active';

  const summarize = (entry: JobEntry, lastRun: RunRecord | undefined): JobSummary => {
    const running = views.runs.countOf(entry.name);
    const { record, error } = jobNow(entry.kv);
    const shared = {
      name: entry.name,
      running,
      modRevision: entry.kv.modRevision,
      lastRun: lastRun ? showRun(lastRun) : null,
    };
    if (!record || entry.broken) {
      const told = error ?? 'its definition has another name than its key';
      return {
        ...shared,
        state: 'broken',
        nextTicks: [],
        schedule: [],
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
      timezone,
      paused,
      overlap,
      task: task.kind,
    };
  };

  return {
    async list({ q, label, state, limit, cursor }) {
      const after = decodeCursor('jobs', cursor);
      await views.caughtUp(CATCH_UP_MS);
      const { entries, total } = views.jobs.find(
        { q, labels: labelsOf(label), state },
        { after, limit: limit + 1 },
      );
      const page = entries.slice(0, limit);
      const last = await runs.lastOf(page.map((entry) => entry.name));
      return {
        items: page.map((entry) => summarize(entry, last.get(entry.name))),
        nextCursor: entries.length > limit ? encodeCursor('jobs', page.at(-1)!.name) : null,
        total,
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
        waiting,
        lastRuns: lastRuns.map(showRun),
      };
    },
  };
}
