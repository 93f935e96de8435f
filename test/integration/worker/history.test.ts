// History under pressure: a job of every second, for an hour, through the real recorder on a real etcd.
import { expect, test } from 'vitest';
import { endedRun } from '../../../src/common/core/lifecycle.ts';
import { jobDefinition } from '../../../src/common/model/job.ts';
import { instant } from '../../../src/common/model/time.ts';
import { systemClock } from '../../../src/common/runtime/clock.ts';
import { startBatcher } from '../../../src/common/store/batcher.ts';
import { perform } from '../../../src/common/store/intent.ts';
import { claimRun, settleTicks } from '../../../src/common/store/transactions/claims.ts';
import type { Etcd } from '../../../src/common/store/etcd.ts';
import { createRecorder } from '../../../src/worker/recorder.ts';
import { pino } from 'pino';
import { TICK, useTransactions, type TestJob, type TestWorker } from '../../support/transactions.ts';

const store = useTransactions();
const KEEP = 20;
const HOUR = 3_600;
const definition = jobDefinition.parse({
  name: 'job',
  schedule: '* * * * * *',
  task: { kind: 'shell', command: 'true' },
  history: { keep: KEEP },
});

interface Life {
  readonly job: TestJob;
  readonly worker: TestWorker;
  /** Claims and records the run of this second of the hour; answers what the claim read of the cursor. */
  second(n: number): Promise<void>;
  /** Passes this second as skipped. */
  skip(n: number): Promise<void>;
  count(): Promise<number>;
  /** Requests other than those that claim and record. */
  looks(): number;
  /** A new process in the place of the worker: it has looked at nothing. */
  restart(): void;
}

async function live(): Promise<Life> {
  const job = await store.job('job');
  const worker = await store.worker();
  const { keys } = store;
  let looks = 0;
  const etcd: Etcd = {
    ...store.etcd,
    txn: (...args) => (looks++, store.etcd.txn(...args)),
  };
  const batcher = startBatcher({ etcd: store.etcd });
  store.shared.cleanup(() => batcher.stop());
  let suffix = 0;
  const newRecorder = () =>
    createRecorder({
      etcd,
      batcher,
      keys,
      clock: systemClock(),
      logger: pino({ level: 'silent' }),
      randomSuffix: () => String(suffix++).padStart(6, '0'),
      tasks: undefined as never,
      beginOutput: () => () => {},
    });
  let recorder = newRecorder();
  let cursor = 0;
  return {
    job,
    worker,
    async second(n) {
      const tick = TICK + n * 1_000;
      const run = store.run(job, worker, tick);
      const request = store.claim(job, worker, {
        run,
        startAt: tick,
        cursor: { revision: cursor, to: tick },
      });
      const claimed = await perform(etcdOf(), claimRun(keys, request));
      if (!claimed.ok) throw new Error(claimed.reason);
      cursor = claimed.fencingToken;
      const ended = endedRun(run, { state: 'succeeded', at: instant(tick + 10) });
      const result = await recorder.record(
        {
          definition,
          run,
          membership: { ...worker, since: instant(0), isValid: () => true, deadline: Infinity as never },
          lock: 'job',
          fencingToken: claimed.fencingToken,
          jobRevision: job.revision,
          startAt: instant(tick),
        },
        ended,
        `output of ${n}\n`,
      );
      expect(result).toBe('recorded');
    },
    async skip(n) {
      const tick = TICK + n * 1_000;
      const skipped = { ...store.run(job, worker, tick), state: 'skipped' as const, endedAt: tick };
      const settled = await perform(
        etcdOf(),
        settleTicks(keys, {
          job: job.name,
          jobRevision: job.revision,
          cursor: { revision: cursor, to: tick },
          records: [skipped],
        }),
      );
      if (!settled.ok) throw new Error(settled.reason);
      cursor = (await store.etcd.range({ key: keys.cursor(job.name) })).kvs[0]!.modRevision;
    },
    count: async () => (await store.etcd.range({ ...keys.runsOf(job.name), countOnly: true })).count,
    looks: () => looks,
    restart: () => void (recorder = newRecorder()),
  };
  function etcdOf(): Etcd {
    return store.etcd;
  }
}

test('a job of every second leaves, after an hour, what it keeps and a few more; one read in ten records', async () => {
  const life = await live();
  let most = 0;
  for (let n = 0; n < HOUR; n++) {
    await life.second(n);
    if (n % 10 === 9) most = Math.max(most, await life.count());
  }
  expect(most).toBeLessThanOrEqual(KEEP + 12);
  expect(await life.count()).toBeLessThanOrEqual(KEEP + 12);
  expect(
    (await store.etcd.range({ ...store.keys.outputsOf('job'), countOnly: true })).count,
  ).toBeLessThanOrEqual(17);
  expect(life.looks()).toBeLessThanOrEqual(HOUR / 10 + 1);
}, 180_000);

test('ticks that were skipped count as well', async () => {
  const life = await live();
  for (let n = 0; n < 600; n++) await (n % 3 === 0 ? life.second(n) : life.skip(n));
  expect(await life.count()).toBeLessThanOrEqual(KEEP + 3 * 12);
}, 120_000);

test('workers that are restarted all the time still prune', async () => {
  const life = await live();
  for (let n = 0; n < 600; n++) {
    await life.second(n);
    if (n % 7 === 6) life.restart();
  }
  expect(await life.count()).toBeLessThanOrEqual(KEEP + 60);
}, 120_000);
