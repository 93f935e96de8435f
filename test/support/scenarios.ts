// Several scenarios of real processes at the same time, each on its own prefix of one etcd, each judged by
// its own test: the time they take is mostly waiting for ticks.
import { afterAll, beforeAll, test } from 'vitest';
import { connectEtcd } from '../../src/common/store/client.ts';
import type { Etcd } from '../../src/common/store/etcd.ts';
import { keyspace, type Keyspace } from '../../src/common/store/keyspace.ts';
import { startEtcd, type TestEtcd } from './etcd.ts';
import { openJournal, type Journal } from './journal.ts';
import { startWorkerProcess, type WorkerProcess, type WorkerProcessOptions } from './processes.ts';
import { jobsOf, takesWork } from './workers.ts';

export interface Stage {
  readonly etcd: Etcd;
  readonly server: TestEtcd;
  readonly keys: Keyspace;
  readonly jobs: ReturnType<typeof jobsOf>;
  worker(name: string, more?: Partial<WorkerProcessOptions>): Promise<WorkerProcess>;
  /** One journal for each job. */
  journal(): Journal;
  /** SIGTERM to all workers that are there; resolves when they are gone. */
  stopAll(): Promise<void>;
}

export type Scenario = (stage: Stage) => Promise<void>;

/** Each name becomes a test; all begin together. */
export function scenarios(all: Readonly<Record<string, Scenario>>, timeout: number): void {
  const outcomes = new Map<string, Promise<void>>();
  let server: TestEtcd | undefined;
  let etcd: Etcd | undefined;

  const play = async (scenario: Scenario, index: number): Promise<void> => {
    const keys = keyspace(`/scenario-${index}/`);
    const workers: WorkerProcess[] = [];
    const journals: Journal[] = [];
    const stopAll = async (): Promise<void> => {
      await Promise.all(workers.map((worker) => worker.stop()));
    };
    try {
      await scenario({
        etcd: etcd!,
        server: server!,
        keys,
        jobs: jobsOf(etcd!, keys),
        async worker(name, more = {}) {
          const worker = await startWorkerProcess({
            endpoint: server!.endpoint,
            prefix: keys.prefix,
            name,
            ...more,
          });
          workers.push(worker);
          await takesWork(etcd!, keys, worker.workerId);
          return worker;
        },
        journal() {
          const journal = openJournal();
          journals.push(journal);
          return journal;
        },
        stopAll,
      });
    } finally {
      await stopAll();
      for (const journal of journals) journal.remove();
    }
  };

  beforeAll(async () => {
    server = await startEtcd();
    etcd = connectEtcd({ endpoints: [server.endpoint] });
    for (const [index, [name, scenario]] of Object.entries(all).entries()) {
      const outcome = play(scenario, index);
      outcome.catch(() => undefined);
      outcomes.set(name, outcome);
    }
  });

  afterAll(async () => {
    await Promise.allSettled(outcomes.values());
    etcd?.close();
    await server?.remove();
  });

  // oxlint-disable-next-line vitest/expect-expect -- the scenario asserts
  for (const name of Object.keys(all)) test(name, () => outcomes.get(name), timeout);
}
