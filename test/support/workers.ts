// Real workers in the test's own process, and jobs written as a master writes them.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino, type Logger } from 'pino';
import type { Clock } from '../../src/common/core/clock.ts';
import { fnv1a } from '../../src/common/core/hash.ts';
import { candidatesOf, firstOf } from '../../src/common/core/ranking.ts';
import { jobDefinition, type JobDefinitionInput, type JobRecord } from '../../src/common/model/job.ts';
import type { LockRecord, RunRecord } from '../../src/common/model/run.ts';
import { systemClock } from '../../src/common/runtime/clock.ts';
import type { WorkerConfig } from '../../src/common/runtime/config.ts';
import type { Etcd, Revision } from '../../src/common/store/etcd.ts';
import { perform } from '../../src/common/store/intent.ts';
import { codecs, keyspace, type Codec, type Keyspace } from '../../src/common/store/keyspace.ts';
import { listPages } from '../../src/common/store/queries.ts';
import { deleteJob, writeJob, type JobWrite } from '../../src/common/store/transactions/jobs.ts';
import { start, type RunningWorker } from '../../src/worker/main.ts';
import type { EtcdOptions } from './etcd.ts';
import { useEtcd, type SharedEtcd } from './shared-etcd.ts';
import { waitFor } from './wait.ts';
import type { Handler } from '../../src/worker/tasks/handler.ts';

export interface WorkerSettings {
  readonly endpoint: string;
  readonly prefix: string;
  readonly name?: string;
  readonly slots?: number;
  readonly ttlSeconds?: number;
  readonly drainTimeoutMs?: number;
  /** How far its clock may be off before it goes by those of others; a second by default. */
  readonly maxClockOffsetMs?: number;
  readonly labels?: Record<string, string>;
  readonly clock?: Clock;
  readonly handlers?: Record<string, Handler>;
  /** False: as embedded in an application, which starts no shell and exec tasks. */
  readonly processes?: boolean;
  readonly logger?: Logger;
}

let started = 0;

/** Stopped by its own stop(); its data folder goes with it. */
export async function startTestWorker(settings: WorkerSettings): Promise<RunningWorker> {
  const dataDir = mkdtempSync(join(tmpdir(), 'etcron-worker-'));
  const config: WorkerConfig = {
    etcd: { endpoints: [settings.endpoint], prefix: settings.prefix, timeout: 5_000 },
    log: { level: 'info', format: 'json' },
    name: settings.name ?? `worker-${++started}`,
    labels: settings.labels ?? {},
    slots: settings.slots ?? 64,
    ttl: (settings.ttlSeconds ?? 5) * 1_000,
    dataDir,
    spoolLimitBytes: 1024 ** 3,
    spoolAge: 86_400_000,
    listen: { host: '127.0.0.1', port: 0 },
    advertise: undefined,
    drainTimeout: settings.drainTimeoutMs ?? 1_000,
    maxClockOffset: settings.maxClockOffsetMs ?? 1_000,
  };
  const worker = await start({
    config,
    logger: settings.logger ?? pino({ level: process.env['ETCRON_TEST_LOG'] ?? 'silent' }),
    clock: settings.clock ?? systemClock(),
    ...(settings.handlers ? { handlers: settings.handlers } : {}),
    ...(settings.processes === undefined ? {} : { processes: settings.processes }),
  });
  let stopping: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    await worker.stop();
    rmSync(dataDir, { recursive: true, force: true });
  };
  return {
    url: worker.url,
    whenReady: worker.whenReady,
    get workerId() {
      return worker.workerId;
    },
    stop: () => (stopping ??= stop()),
  };
}

export interface Workers {
  readonly shared: SharedEtcd;
  readonly keys: Keyspace;
  readonly jobs: ReturnType<typeof jobsOf>;
  /** Ready workers on the test's own prefix; what still runs at its end is stopped. */
  start(count: number, settings?: Partial<WorkerSettings>): Promise<RunningWorker[]>;
  /** Resolves when what this test started has drained and is gone. */
  stopAll(): Promise<void>;
}

/** One etcd for the file, workers for each test: call at the top of the file. */
export function useWorkers(options: EtcdOptions = {}): Workers {
  const shared = useEtcd(options);
  // By prefix: of each test its own.
  const runningOf = new Map<string, Set<RunningWorker>>();
  return {
    shared,
    async stopAll() {
      const all = [...(runningOf.get(shared.prefix) ?? [])];
      runningOf.delete(shared.prefix);
      await Promise.all(all.map((worker) => worker.stop()));
    },
    get keys() {
      return keyspace(shared.prefix);
    },
    get jobs() {
      return jobsOf(shared.etcd, keyspace(shared.prefix));
    },
    async start(count, settings = {}) {
      const { server, prefix } = shared;
      const workers = await Promise.all(
        Array.from({ length: count }, () =>
          startTestWorker({ endpoint: server.endpoint, prefix, ...settings }),
        ),
      );
      const running = runningOf.get(prefix) ?? new Set<RunningWorker>();
      runningOf.set(prefix, running);
      for (const worker of workers) {
        running.add(worker);
        shared.cleanup(() => {
          running.delete(worker);
          return worker.stop();
        });
      }
      await Promise.all(
        workers.map(async (worker) => {
          await worker.whenReady;
          await takesWork(shared.etcd, keyspace(prefix), () => worker.workerId);
        }),
      );
      return workers;
    },
  };
}

/**
 * Others leave it its share of the jobs from its registration on, which follows its being ready. A worker whose
 * session is lost meanwhile, as on a machine that is busy, registers anew under another id.
 */
export function takesWork(etcd: Etcd, keys: Keyspace, worker: string | (() => string | undefined)) {
  let seen: string | undefined;
  return waitFor(
    async () => {
      const id = typeof worker === 'string' ? worker : worker();
      seen = id === undefined ? 'it has no session' : undefined;
      if (id === undefined) return false;
      const { kvs } = await etcd.range({ key: keys.worker(id) });
      const record = kvs[0] && codecs.worker.decode(kvs[0].value);
      seen = record?.ok ? `${id} is ${record.value.state}` : `${id} is not registered`;
      return record?.ok && record.value.state !== 'loading';
    },
    { what: 'it is registered as one that takes work', timeout: 30_000, seen: () => seen },
  );
}

/** A job's name of which the first in the ranking is that worker: by its name, or by its id when ids are given. */
export function jobOwnedBy(
  owner: string,
  workers: readonly { name: string; id?: string; slots?: number }[],
  nth = 0,
): string {
  const candidates = candidatesOf(workers.map((worker) => ({ slots: 64, id: worker.name, ...worker })));
  let found = 0;
  for (let i = 0; ; i++) {
    const job = `job-${i}`;
    if (firstOf(fnv1a(job), candidates)?.id === owner && found++ === nth) return job;
  }
}

/** A job record as a master writes it: defaults filled, no tick before now. */
export function jobRecord(
  input: JobDefinitionInput,
  times: { since?: number; generation?: number } = {},
): JobRecord {
  const now = Date.now();
  return {
    definition: jobDefinition.parse(input),
    since: times.since ?? now,
    anchor: now,
    generation: times.generation ?? 1,
    createdAt: now,
    updatedAt: now,
  };
}

/** What a test asks of etcd about jobs and runs. */
export function jobsOf(etcd: Etcd, keys: Keyspace) {
  const read = async <T>(range: { key: string; rangeEnd: string }, codec: Codec<T>): Promise<T[]> => {
    const found: T[] = [];
    for await (const page of listPages(etcd, range)) {
      for (const kv of page.kvs) {
        const decoded = codec.decode(kv.value);
        if (!decoded.ok) throw new Error(`${kv.key}: ${decoded.error}`);
        found.push(decoded.value);
      }
    }
    return found;
  };
  const write = async (record: JobRecord, expected: Revision): Promise<Extract<JobWrite, { ok: true }>> => {
    const written = await perform(etcd, writeJob(keys, record, expected));
    if (!written.ok) throw new Error(`${record.definition.name} was not written: it is at another revision`);
    return written;
  };
  return {
    create: (input: JobDefinitionInput, times?: { since?: number }) => write(jobRecord(input, times), 0),
    write,
    remove: (job: string, revision: Revision) => perform(etcd, deleteJob(keys, job, revision)),
    runs: (job: string): Promise<RunRecord[]> => read(keys.runsOf(job), codecs.run),
    allRuns: (): Promise<RunRecord[]> => read(keys.runs, codecs.run),
    active: (): Promise<RunRecord[]> => read(keys.actives, codecs.run),
    locks: (): Promise<LockRecord[]> => read(keys.locks, codecs.lock),
  };
}
