// History gives way: by age and number, and when space is short by half and half again, and with it the versions of
// definitions. A job's newest records stay, and the definition that stands. Workers prune in passing what they
// record; this is for what they do not: jobs that do not run any more, records of ticks that nothing ran for,
// workers that were restarted before they looked.
import type { Clock } from '../../common/core/clock.ts';
import { durationMs } from '../../common/model/duration.ts';
import { makeRunId } from '../../common/model/ids.ts';
import { instant } from '../../common/model/time.ts';
import type { Etcd, KeyRange, KeyValue, Op, OpResult } from '../../common/store/etcd.ts';
import { codecs, type Keyspace } from '../../common/store/keyspace.ts';
import { listPage } from '../../common/store/queries.ts';
import { noteHistoryCut, pruneHistory, readLeft } from '../../common/store/transactions/masters.ts';
import { VERSIONS_KEPT } from '../../common/store/transactions/jobs.ts';
import { kvsOf } from '../../common/store/transactions/parts.ts';

export interface PruneDeps {
  readonly etcd: Etcd;
  readonly keys: Keyspace;
  readonly clock: Clock;
  /** Awaited before each request. */
  readonly pace: () => Promise<void>;
}

const JOBS_PER_REQUEST = 100;
/** Records above `history.keep` that are left to the workers: they look at a job's history once in ten of its ends. */
const WORKERS_SLACK = 20;
/** Ids listed in one request when history is cut by number: some 100 bytes each. */
const IDS_PER_REQUEST = 10_000;

interface Job {
  readonly name: string;
  readonly created: number;
  readonly keep: number;
  readonly maxAge: number;
  readonly generation: number;
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
  const { definition, generation } = decoded.value;
  const { history } = definition;
  return [
    {
      name: keys.partsOf(kv.key)[0]!,
      created: kv.createRevision,
      keep: history.keep,
      maxAge: durationMs(history.for) ?? Infinity,
      generation,
    },
  ];
}

/** Everything of the job up to `id`, which stays. */
const rangesBefore = (keys: Keyspace, job: string, id: string): KeyRange[] => [
  { key: keys.runsOf(job).key, rangeEnd: keys.run(job, id) },
  { key: keys.outputsOf(job).key, rangeEnd: keys.output(job, id) },
];

const removal = (keys: Keyspace, job: Job, ranges: readonly KeyRange[]): Op => ({
  type: 'txn',
  txn: pruneHistory(keys, job.name, job.created, ranges).txn,
});

async function remove({ etcd, pace }: PruneDeps, ops: readonly Op[]): Promise<readonly OpResult[]> {
  if (ops.length === 0) return [];
  await pace();
  return (await etcd.txn({ compare: [], success: ops, failure: [] })).responses;
}

/**
 * Removes records older than each job's `history.for`, and what is well above its `history.keep`. Removing nothing
 * costs etcd no write; the counting comes with it.
 */
export async function pruneHistories(deps: PruneDeps): Promise<void> {
  for await (const jobs of jobsInPages(deps)) {
    const now = deps.clock.now();
    const ops = jobs.map((job) => {
      const oldest = job.maxAge < now ? makeRunId(instant(now - job.maxAge), '000000') : undefined;
      const ranges = oldest === undefined ? [] : rangesBefore(deps.keys, job.name, oldest);
      return removal(deps.keys, job, ranges);
    });
    const answers = await remove(deps, ops);
    const tooMany = jobs.filter((job, index) => {
      const answer = answers[index];
      return answer?.type === 'txn' && (readLeft(answer.result) ?? 0) > job.keep + WORKERS_SLACK;
    });
    for (const some of inRequests(tooMany, 0)) await cut(deps, some, 0);
  }
}

/** Tells that histories are cut beyond their own limits: who asks what became of a tick has to know. */
export async function noteCut({ etcd, keys, clock }: Omit<PruneDeps, 'pace'>): Promise<void> {
  const intent = noteHistoryCut(keys, clock.now());
  intent.read(await etcd.txn(intent.txn));
}

/** Keeps `history.keep / 2^level` records of each job and as large a part of its versions, at least one of each. */
export async function pruneByCount(deps: PruneDeps, level: number): Promise<void> {
  for await (const jobs of jobsInPages(deps)) {
    for (const some of inRequests(jobs, level)) await cut(deps, some, level);
  }
}

/** In pieces whose newest ids are not too many for one answer. */
function* inRequests(jobs: readonly Job[], level: number): Generator<readonly Job[], void, void> {
  for (let from = 0; from < jobs.length;) {
    let to = from;
    for (let ids = 0; to < jobs.length && ids < IDS_PER_REQUEST; to++) ids += keepAt(jobs[to]!.keep, level);
    yield jobs.slice(from, to);
    from = to;
  }
}

const keepAt = (keep: number, level: number): number => Math.max(1, Math.floor(keep / 2 ** level));

/** All but the newest versions; of these the newest is the definition that stands, which is none of this family. */
function versionsBefore(keys: Keyspace, { name, generation }: Job, level: number): KeyRange[] {
  const oldest = generation - keepAt(VERSIONS_KEPT, level) + 1;
  return level > 0 && oldest > 1
    ? [{ key: keys.versionsOf(name).key, rangeEnd: keys.version(name, oldest) }]
    : [];
}

async function cut(deps: PruneDeps, jobs: readonly Job[], level: number): Promise<void> {
  await deps.pace();
  const { responses } = await deps.etcd.txn({
    compare: [],
    success: jobs.map((job): Op => ({
      type: 'range',
      ...deps.keys.runsOf(job.name),
      keysOnly: true,
      descending: true,
      limit: keepAt(job.keep, level),
    })),
    failure: [],
  });
  const ops = jobs.flatMap((job, index) => {
    const kept = kvsOf(responses[index]);
    const oldest = kept.at(-1);
    const records =
      oldest && kept.length === keepAt(job.keep, level)
        ? rangesBefore(deps.keys, job.name, deps.keys.partsOf(oldest.key)[1]!)
        : [];
    const ranges = [...records, ...versionsBefore(deps.keys, job, level)];
    return ranges.length > 0 ? [removal(deps.keys, job, ranges)] : [];
  });
  await remove(deps, ops);
}
