// Jobs, workers and claims put into etcd by hand, for tests of single transactions.
import { armedRun } from '../../src/common/core/lifecycle.ts';
import { makeRunId } from '../../src/common/model/ids.ts';
import type { RunRecord } from '../../src/common/model/run.ts';
import { instant } from '../../src/common/model/time.ts';
import type { Etcd, LeaseId, Revision } from '../../src/common/store/etcd.ts';
import { perform } from '../../src/common/store/intent.ts';
import { keyspace, type Keyspace } from '../../src/common/store/keyspace.ts';
import { claimRun, type ClaimRequest } from '../../src/common/store/transactions/claims.ts';
import type { Ending } from '../../src/common/store/transactions/endings.ts';
import { deleteJob, writeJob } from '../../src/common/store/transactions/jobs.ts';
import { useEtcd, type SharedEtcd } from './shared-etcd.ts';
import { jobRecord } from './workers.ts';
import { put } from './writes.ts';

export const TICK = 1_800_000_000_000;
export const TTL_SECONDS = 60;

let suffix = 0;
const nextSuffix = (): string => (++suffix).toString(16).padStart(6, '0');

export interface TestWorker {
  readonly workerId: string;
  readonly leaseId: LeaseId;
  /** As when its lease ends: registration and locks are gone. */
  die(): Promise<void>;
}

export interface TestJob {
  readonly name: string;
  readonly revision: Revision;
  readonly created: Revision;
}

export interface Transactions {
  readonly shared: SharedEtcd;
  readonly etcd: Etcd;
  readonly keys: Keyspace;
  worker(name?: string): Promise<TestWorker>;
  job(name?: string): Promise<TestJob>;
  /** The definition written anew. */
  edit(job: TestJob): Promise<TestJob>;
  remove(job: TestJob): Promise<void>;
  /** An armed run of a tick, as the worker would claim it. */
  run(job: TestJob, worker: TestWorker, tick?: number): RunRecord;
  /** A claim of the job's first tick. */
  claim(job: TestJob, worker: TestWorker, more?: Partial<ClaimRequest>): ClaimRequest;
  /** A claim that was won; fails when it was not. */
  claimed(job: TestJob, worker: TestWorker, more?: Partial<ClaimRequest>): Promise<Claimed>;
  /** Keys of the test's prefix with their values. */
  content(): Promise<Map<string, string>>;
  /** Keys without the prefix. */
  keysLeft(): Promise<string[]>;
}

export interface Claimed {
  readonly request: ClaimRequest;
  readonly run: RunRecord;
  readonly fencingToken: Revision;
  readonly ending: (more?: Partial<Ending>) => Ending;
}

/** One etcd for the file; call at the top of the file. */
export function useTransactions(): Transactions {
  const shared = useEtcd();
  const keys = (): Keyspace => keyspace(shared.prefix);
  const writeAnew = async (name: string, expected: Revision, created?: Revision): Promise<TestJob> => {
    const record = jobRecord({ name, schedule: '* * * * * *', task: { kind: 'shell', command: 'true' } });
    const written = await perform(shared.etcd, writeJob(keys(), record, expected));
    if (!written.ok) throw new Error(`${name} is not at ${expected}`);
    return { name, revision: written.revision, created: created ?? written.revision };
  };

  const self: Transactions = {
    shared,
    get etcd() {
      return shared.etcd;
    },
    get keys() {
      return keys();
    },
    async worker(name = `w${++suffix}`) {
      const { leaseId } = await shared.etcd.leaseGrant(TTL_SECONDS);
      const workerId = `${name}-${nextSuffix()}`;
      await put(shared.etcd, keys().worker(workerId), '{}', leaseId);
      return { workerId, leaseId, die: () => shared.etcd.leaseRevoke(leaseId) };
    },
    job: (name = `job-${++suffix}`) => writeAnew(name, 0),
    edit: (job) => writeAnew(job.name, job.revision, job.created),
    async remove(job) {
      const removed = await perform(shared.etcd, deleteJob(keys(), job.name, job.revision));
      if (!removed.ok) throw new Error(`${job.name} is not at ${job.revision}`);
    },
    run: (job, worker, tick = TICK) =>
      armedRun({
        job: job.name,
        generation: 1,
        jobCreated: job.created,
        id: makeRunId(instant(tick), nextSuffix()),
        cause: { kind: 'schedule', tick },
        worker: worker.workerId,
        scheduledFor: instant(tick),
        now: instant(tick - 100),
        attempt: 1,
      }),
    claim: (job, worker, more = {}) => ({
      run: self.run(job, worker),
      workerId: worker.workerId,
      leaseId: worker.leaseId,
      jobRevision: job.revision,
      lock: 'job',
      startAt: TICK,
      cursor: { revision: 0, to: TICK },
      ...more,
    }),
    async claimed(job, worker, more = {}) {
      const request = self.claim(job, worker, more);
      const result = await perform(shared.etcd, claimRun(keys(), request));
      if (!result.ok) throw new Error(`not claimed: ${result.reason}`);
      const { fencingToken } = result;
      return {
        request,
        run: request.run,
        fencingToken,
        ending: (ended = {}) => ({
          workerId: worker.workerId,
          lock: request.lock,
          run: { ...request.run, state: 'succeeded', endedAt: TICK + 10 },
          fencingToken,
          tail: 'the end of the output',
          ...ended,
        }),
      };
    },
    async content() {
      const { kvs } = await shared.etcd.range(keys().all);
      return new Map(kvs.map(({ key, value }) => [key, value]));
    },
    async keysLeft() {
      return [...(await self.content()).keys()].map((key) => key.slice(shared.prefix.length));
    },
  };
  return self;
}
