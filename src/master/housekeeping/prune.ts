// History gives way: by age always, by number when space is short. A job's newest records stay.
import type { Clock } from '../../common/core/clock.ts';
import { durationMs } from '../../common/model/duration.ts';
import { makeRunId } from '../../common/model/ids.ts';
import { instant } from '../../common/model/time.ts';
import type { Etcd, KeyRange, KeyValue, Op } from '../../common/store/etcd.ts';
import { codecs, type Keyspace } from '../../common/store/keyspace.ts';
import { listPage } from '../../common/store/queries.ts';
import { pruneHistory } from '../../common/store/transactions/masters.ts';
import { kvsOf } from '../../common/store/transactions/parts.ts';

export interface PruneDeps {
  readonly etcd: Etcd;
  readonly keys: Keyspace;
  readonly clock: Clock;
  /** Awaited before each request. */
  readonly pace: () => Promise<void>;
}

const JOBS_PER_REQUEST = 100;
/** Ids listed in one request when history is cut by number: some 100 bytes each. */
const IDS_PER_REQUEST = 10_000;

interface Job {
  readonly name: string;
  readonly created: number;
  readonly keep: number;
  readonly maxAge: number;
}

async function* jobsInPages({ etcd, keys, pace }: PruneDeps): AsyncGenerator<Job[], void, void> {
  let after: string | undefined;
  do {
    await pace();
    const page = await listPage(etcd, keys.jobs, {
      limit: JOBS_PER_REQUEST,
      ...(after === undefined ? {} : { after }),
    });
    yield page.kvs.flatMap((kv) => toJob(keys, kv));
    after = page.more ? page.kvs.at(-1)!.key : undefined;
  } while (after !== undefined);
}

/** The history of a definition that cannot be read is left alone. */
function toJob(keys: Keyspace, kv: KeyValue): Job[] {
  const decoded = codecs.job.decode(kv.value);
  if (!decoded.ok) return [];
  const { history } = decoded.value.definition;
  return [
    {
      name: keys.partsOf(kv.key)[0]!,
      created: kv.createRevision,
      keep: history.keep,
      maxAge: durationMs(history.for) ?? Infinity,
    },
  ];
}

/** Everything of the job up to `id`, which stays. */
const rangesBefore = (keys: Keyspace, job: string, id: string): KeyRange[] => [
  { key: keys.runsOf(job).key, rangeEnd: keys.run(job, id) },
  { key: keys.outputsOf(job).key, rangeEnd: keys.output(job, id) },
];

const removal = (keys: Keyspace, job: Job, id: string): Op => ({
  type: 'txn',
  txn: pruneHistory(keys, job.name, job.created, rangesBefore(keys, job.name, id)).txn,
});

async function remove({ etcd }: PruneDeps, ops: readonly Op[]): Promise<void> {
  if (ops.length > 0) await etcd.txn({ compare: [], success: ops, failure: [] });
}

/** Removes records older than each job's `history.for`. Removing nothing costs etcd nothing: no revision, no write. */
export async function pruneByAge(deps: PruneDeps): Promise<void> {
  for await (const jobs of jobsInPages(deps)) {
    const now = deps.clock.now();
    const ops = jobs
      .filter((job) => job.maxAge < now)
      .map((job) => removal(deps.keys, job, makeRunId(instant(now - job.maxAge), '000000')));
    if (ops.length === 0) continue;
    await deps.pace();
    await remove(deps, ops);
  }
}

/** Keeps `history.keep / 2^level` records of each job, at least one. */
export async function pruneByCount(deps: PruneDeps, level: number): Promise<void> {
  for await (const jobs of jobsInPages(deps)) {
    for (let from = 0; from < jobs.length;) {
      let to = from;
      for (let ids = 0; to < jobs.length && ids < IDS_PER_REQUEST; to++) ids += keepAt(jobs[to]!, level);
      await cut(deps, jobs.slice(from, to), level);
      from = to;
    }
  }
}

const keepAt = (job: Job, level: number): number => Math.max(1, Math.floor(job.keep / 2 ** level));

async function cut(deps: PruneDeps, jobs: readonly Job[], level: number): Promise<void> {
  await deps.pace();
  const { responses } = await deps.etcd.txn({
    compare: [],
    success: jobs.map((job): Op => ({
      type: 'range',
      ...deps.keys.runsOf(job.name),
      keysOnly: true,
      descending: true,
      limit: keepAt(job, level),
    })),
    failure: [],
  });
  const ops = jobs.flatMap((job, index) => {
    const kept = kvsOf(responses[index]);
    const oldest = kept.at(-1);
    return oldest && kept.length === keepAt(job, level)
      ? [removal(deps.keys, job, deps.keys.partsOf(oldest.key)[1]!)]
      : [];
  });
  if (ops.length === 0) return;
  await deps.pace();
  await remove(deps, ops);
}
