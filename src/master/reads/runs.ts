// Reading runs: those that hold a claim, and the records of those that have ended.
import { RECENT_RUNS, type RecentRunView } from '../../common/api/jobs.ts';
import { decodeCursor, encodeCursor } from '../../common/api/paging.ts';
import { ProblemError } from '../../common/api/problems.ts';
import type { RunView } from '../../common/api/values.ts';
import type { RunRecord, RunState } from '../../common/model/run.ts';
import type { Etcd, KeyValue, Op } from '../../common/store/etcd.ts';
import { codecs, type Keyspace } from '../../common/store/keyspace.ts';
import { listPage } from '../../common/store/queries.ts';
import { kvsOf } from '../../common/store/transactions/parts.ts';
import { recentOfEnded, recentOfRecord, showRun } from '../shown.ts';
import { endedRun } from '../views/ended-run.ts';
import { orderOf } from '../views/run-index.ts';
import type { Views } from '../views/views.ts';
import type { WaitingRuns } from './waiting.ts';

/** Before a list is answered it must know our own writes; longer than this, and etcd is as good as away. */
export const CATCH_UP_MS = 5_000;
const JOBS_PER_REQUEST = 100;
/** Of these more is read. */
const STRIPS_PER_REQUEST = 25;
/** A run with retries may end behind younger ones; behind many more it is found in its job. */
const LAST_LOOKED_AT = 3;
/** More runs of one job at once than this are not told apart. */
const MOST_LOCKS = 1_000;
/** Records looked at for one page, when a state is asked for: history is bounded at 1,000 a job anyway. */
const SCAN_PAGE = 200;

export interface RunPage {
  readonly items: RunView[];
  readonly nextCursor: string | null;
}

export interface RunReader {
  /** Of a run that holds a claim or has ended; undefined: neither. */
  find(job: string, runId: string): Promise<RunRecord | undefined>;
  /** Throws run_not_found, also of one that waits: it has no record. */
  get(job: string, runId: string): Promise<RunRecord>;
  /** Also of one that waits. Throws run_not_found. */
  show(job: string, runId: string): Promise<RunView>;
  /** Newest first; throws job_not_found, invalid_input. */
  listOfJob(
    job: string,
    query: { state?: RunView['state'] | undefined; limit: number; cursor?: string | undefined },
  ): Promise<RunPage>;
  /** Runs that hold a claim, of all jobs, oldest first. */
  listActive(query: {
    state?: 'armed' | 'running' | undefined;
    /** Only those of this worker. */
    worker?: string | undefined;
    limit: number;
    cursor?: string | undefined;
  }): Promise<RunPage>;
  /** Of each of these jobs the run that ended last, among its newest few. */
  lastOf(jobs: readonly string[]): Promise<Map<string, RunRecord>>;
  /** The same, and of each job its newest runs, claimed ones included, newest first. */
  recentOf(
    jobs: readonly string[],
  ): Promise<{ last: Map<string, RunRecord>; recent: Map<string, RecentRunView[]> }>;
  /** The newest runs of a job, claimed ones included. */
  newest(job: string, limit: number): Promise<RunRecord[]>;
}

/** Of two, the first given when they ended at once. */
const endedLater = (a: RunRecord | undefined, b: RunRecord): RunRecord =>
  a === undefined || (b.endedAt ?? 0) > (a.endedAt ?? 0) ? b : a;

export function runReader({
  etcd,
  keys,
  views,
  waiting,
}: {
  etcd: Etcd;
  keys: Keyspace;
  views: Views;
  waiting: WaitingRuns;
}): RunReader {
  const parse = (value: string): RunRecord | undefined => {
    const decoded = codecs.run.decode(value);
    return decoded.ok ? decoded.value : undefined;
  };

  const claimed = (job: string): RunRecord[] =>
    views.runs
      .of(job)
      .flatMap((run) => run.record ?? [])
      .sort((a, b) => (a.id > b.id ? -1 : 1));

  /** Ended runs before `before`, newest first, as far as needed for `limit` that match. */
  const ended = async (
    job: string,
    state: RunState | undefined,
    before: string | undefined,
    limit: number,
  ): Promise<RunRecord[]> => {
    const found: RunRecord[] = [];
    let after = before === undefined ? undefined : keys.run(job, before);
    while (found.length < limit) {
      const page = await listPage(etcd, keys.runsOf(job), {
        descending: true,
        limit: state === undefined ? limit - found.length : SCAN_PAGE,
        ...(after === undefined ? {} : { after }),
      });
      for (const kv of page.kvs) {
        const record = parse(kv.value);
        if (record && (state === undefined || record.state === state)) found.push(record);
      }
      if (!page.more) break;
      after = page.kvs.at(-1)!.key;
    }
    return found.slice(0, limit);
  };

  /** Of each of these jobs its newest records, newest first: `atOnce` jobs a request, all requests at once. */
  const newestRecords = async (
    jobs: readonly string[],
    atOnce: number,
    limit: number,
  ): Promise<readonly (readonly [job: string, kvs: readonly KeyValue[]])[]> => {
    const readSome = async (chunk: readonly string[]) => {
      const success = chunk.map((job): Op => ({
        type: 'range',
        ...keys.runsOf(job),
        limit,
        descending: true,
      }));
      const { responses } = await etcd.txn({ compare: [], success, failure: [] });
      return chunk.map((job, index) => [job, kvsOf(responses[index])] as const);
    };
    const chunks = Array.from({ length: Math.ceil(jobs.length / atOnce) }, (_, i) =>
      jobs.slice(i * atOnce, (i + 1) * atOnce),
    );
    return (await Promise.all(chunks.map(readSome))).flat();
  };

  const lastEnded = (kvs: readonly KeyValue[]): RunRecord | undefined =>
    kvs.flatMap(({ value }) => parse(value) ?? []).reduce<RunRecord | undefined>(endedLater, undefined);

  const find = async (job: string, runId: string): Promise<RunRecord | undefined> => {
    const worker = views.runs.find(job, runId)?.worker;
    const { responses } = await etcd.txn({
      compare: [],
      success: [
        { type: 'range', key: keys.run(job, runId) },
        ...(worker === undefined ? [] : [{ type: 'range', key: keys.active(worker, job, runId) } as const]),
      ],
      failure: [],
    });
    const [record, active] = responses.map((response) => kvsOf(response)[0]);
    const kv = record ?? active;
    if (kv) return parse(kv.value);
    // Claimed so lately that the view had not heard of it: its lock knows the worker.
    return worker === undefined ? claimedNow(job, runId) : undefined;
  };

  const claimedNow = async (job: string, runId: string): Promise<RunRecord | undefined> => {
    const locks = await etcd.txn({
      compare: [],
      success: [
        { type: 'range', key: keys.lock(job) },
        { type: 'range', ...keys.locksBelow(job), limit: MOST_LOCKS },
      ],
      failure: [],
    });
    const held = locks.responses
      .flatMap((response) => kvsOf(response))
      .map((kv) => codecs.lock.decode(kv.value));
    const lock = held.find((each) => each.ok && each.value.runId === runId);
    if (!lock?.ok) return undefined;
    const { responses } = await etcd.txn({
      compare: [],
      success: [
        { type: 'range', key: keys.active(lock.value.worker, job, runId) },
        { type: 'range', key: keys.run(job, runId) },
      ],
      failure: [],
    });
    const kv = responses.map((response) => kvsOf(response)[0]).find((each) => each !== undefined);
    return kv && parse(kv.value);
  };

  const noSuchRun = (job: string, runId: string): ProblemError =>
    new ProblemError('run_not_found', `there is no run ${runId} of ${job}, or its history has been pruned`);

  return {
    find,
    async get(job, runId) {
      const record = await find(job, runId);
      if (!record) throw noSuchRun(job, runId);
      return record;
    },
    async show(job, runId) {
      const record = await find(job, runId);
      if (record) return showRun(record);
      const asked = await waiting.find(job, runId);
      if (asked) return asked;
      // Taken between the two looks.
      const taken = await find(job, runId);
      if (!taken) throw noSuchRun(job, runId);
      return showRun(taken);
    },

    async listOfJob(job, { state, limit, cursor }) {
      const before = decodeCursor('runs', cursor);
      await views.caughtUp(CATCH_UP_MS);
      // First: what is taken meanwhile is then found as claimed or ended, and shown once.
      const asked = state === undefined || state === 'waiting' ? await waiting.ofJob(job) : [];
      const [exists, records] = await Promise.all([
        etcd.range({ key: keys.job(job), countOnly: true }),
        state === 'waiting' ? [] : ended(job, state, before, limit + 1),
      ]);
      if (exists.count === 0) throw new ProblemError('job_not_found', `there is no job ${job}`);
      const known = new Set(records.map((record) => record.id));
      const isAfter = (id: string): boolean => (before === undefined || id < before) && !known.has(id);
      const now = claimed(job).filter(
        (run) => (state === undefined || run.state === state) && isAfter(run.id),
      );
      for (const run of now) known.add(run.id);
      const all = [...[...now, ...records].map(showRun), ...asked.filter(({ id }) => isAfter(id))].sort(
        (a, b) => (a.id > b.id ? -1 : 1),
      );
      const items = all.slice(0, limit);
      return {
        items,
        nextCursor: all.length > limit ? encodeCursor('runs', items.at(-1)!.id) : null,
      };
    },

    async listActive({ state, worker, limit, cursor }) {
      const after = decodeCursor('active', cursor);
      await views.caughtUp(CATCH_UP_MS);
      const found = views.runs.list({ state, worker }, { after, limit: limit + 1 });
      const items = found.slice(0, limit);
      return {
        items: items.flatMap((run) => (run.record ? [showRun(run.record)] : [])),
        nextCursor: found.length > limit ? encodeCursor('active', orderOf(items.at(-1)!)) : null,
      };
    },

    async lastOf(jobs) {
      const last = new Map<string, RunRecord>();
      for (const [job, kvs] of await newestRecords(jobs, JOBS_PER_REQUEST, LAST_LOOKED_AT)) {
        const record = lastEnded(kvs);
        if (record) last.set(job, record);
      }
      return last;
    },

    async recentOf(jobs) {
      const last = new Map<string, RunRecord>();
      const recent = new Map<string, RecentRunView[]>();
      for (const [job, kvs] of await newestRecords(jobs, STRIPS_PER_REQUEST, RECENT_RUNS)) {
        const record = lastEnded(kvs.slice(0, LAST_LOOKED_AT));
        if (record) last.set(job, record);
        const ended = kvs.flatMap((kv) => endedRun(kv, job, keys.partsOf(kv.key)[1] ?? '') ?? []);
        const known = new Set(ended.map(({ id }) => id));
        const now = claimed(job).filter((run) => !known.has(run.id));
        const all = [...now.map(recentOfRecord), ...ended.map(recentOfEnded)];
        const newest = all.sort((a, b) => (a.id > b.id ? -1 : 1)).slice(0, RECENT_RUNS);
        if (newest.length > 0) recent.set(job, newest);
      }
      return { last, recent };
    },

    async newest(job, limit) {
      if (limit === 0) return [];
      const records = await ended(job, undefined, undefined, limit);
      const known = new Set(records.map((record) => record.id));
      const now = claimed(job).filter((run) => !known.has(run.id));
      return [...now, ...records].sort((a, b) => (a.id > b.id ? -1 : 1)).slice(0, limit);
    },
  };
}
