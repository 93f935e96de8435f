// `onLostLease`: what becomes of tasks whose worker's claim ends while they run.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test as alone } from 'vitest';
import type { JobDefinitionInput } from '../../../src/common/model/job.ts';
import type { RunRecord } from '../../../src/common/model/run.ts';
import { perform } from '../../../src/common/store/intent.ts';
import { requestKill } from '../../../src/common/store/transactions/jobs.ts';
import type { RunningWorker } from '../../../src/worker/main.ts';
import type { Handler } from '../../../src/worker/tasks/handler.ts';
import { createGate } from '../../support/gate.ts';
import { openJournal } from '../../support/journal.ts';
import { expectEachTickOnce, inState } from '../../support/outcomes.ts';
import { startTcpProxy } from '../../support/tcp-proxy.ts';
import { waitFor } from '../../support/wait.ts';
import { jobOwnedBy, useWorkers } from '../../support/workers.ts';

/** They mostly wait: all at the same time, each on its own prefix. */
const test = alone.concurrent;

const cluster = useWorkers();
const NAMES = [{ name: 'cut-off' }, { name: 'other' }];
const owned = (nth: number): string => jobOwnedBy('cut-off', NAMES, nth);

interface CutOff {
  readonly worker: RunningWorker;
  readonly oldId: string;
  /** Half-open, as when a cable is pulled: nobody is told that the connection is gone. */
  cut(): void;
  mend(): Promise<void>;
}

async function startCutOff(handlers: Record<string, Handler> = {}): Promise<CutOff> {
  const proxy = await startTcpProxy(cluster.shared.server);
  cluster.shared.cleanup(() => proxy.stop());
  const [worker] = await cluster.start(1, {
    name: 'cut-off',
    endpoint: proxy.address,
    drainTimeoutMs: 500,
    handlers,
  });
  const oldId = worker!.workerId!;
  const reconnect = (): void => {
    proxy.resume('up');
    proxy.resume('down');
  };
  // Before the worker is stopped: it records what it ran.
  cluster.shared.cleanup(reconnect);
  return {
    worker: worker!,
    oldId,
    cut() {
      proxy.pause('up');
      proxy.pause('down');
    },
    async mend() {
      reconnect();
      await waitFor(() => worker!.workerId !== undefined && worker!.workerId !== oldId, {
        what: 'the worker registers anew',
        timeout: 40_000,
      });
    },
  };
}

/** A file that a task waits for. */
function signalFile(): { readonly path: string; give(): void } {
  const dir = mkdtempSync(join(tmpdir(), 'etcron-signal-'));
  cluster.shared.cleanup(() => rmSync(dir, { recursive: true, force: true }));
  const path = join(dir, 'go');
  return { path, give: () => writeFileSync(path, '') };
}

const recordOf = (job: string, id: string): Promise<RunRecord | undefined> =>
  cluster.jobs.runs(job).then((runs) => runs.find((run) => run.id === id));

const ended = (job: string, id: string, isIt: (run: RunRecord) => boolean = () => true): Promise<RunRecord> =>
  waitFor(() => recordOf(job, id).then((run) => run && isIt(run) && run), {
    what: `the end of ${job}/${id}`,
  });

/** `id`: that run, and not a later one. */
const runOn = (job: string, worker: string, id?: string): Promise<RunRecord> =>
  waitFor(
    () =>
      cluster.jobs
        .active()
        .then((runs) =>
          runs.find(
            (run) =>
              run.job === job &&
              run.state === 'running' &&
              run.worker === worker &&
              (id ?? run.id) === run.id,
          ),
        ),
    { what: `${job} runs on ${worker}`, timeout: 40_000 },
  );

const everySecond = (name: string, more: Partial<JobDefinitionInput>): JobDefinitionInput => ({
  name,
  schedule: '* * * * * *',
  task: { kind: 'handler', name: 'gate' },
  ...more,
});

test('cut off beyond the TTL: what is to be killed is dead before the next run, the rest runs on and tells its end', async () => {
  const journals = { kill: openJournal(), continue: openJournal() };
  for (const journal of Object.values(journals)) cluster.shared.cleanup(() => journal.remove());
  const go = signalFile();
  const gate = createGate();
  const away = await startCutOff({ gate: gate.handler });
  const [other] = await cluster.start(1, { name: 'other', handlers: { gate: () => undefined } });
  const task = (journal: keyof typeof journals): JobDefinitionInput['task'] => ({
    kind: 'shell',
    command: journals[journal].task(
      `case $ETCRON_WORKER in cut-off-*) while [ ! -e ${go.path} ]; do note beat; sleep 0.05; done; note end; exit 3;; esac`,
    ),
  });
  const retry = { limit: 1, delay: '10ms' } as const;
  const [killed, kept, killedHandler, keptHandler] = [0, 1, 2, 3].map(owned) as [
    string,
    string,
    string,
    string,
  ];
  await cluster.jobs.create(everySecond(killed, { task: task('kill') }));
  await cluster.jobs.create(everySecond(kept, { task: task('continue'), onLostLease: 'continue', retry }));
  await cluster.jobs.create(everySecond(killedHandler, {}));
  await cluster.jobs.create(everySecond(keptHandler, { onLostLease: 'continue', retry }));
  const jobs = [killed, kept, killedHandler, keptHandler];
  const before = await Promise.all(jobs.map((job) => runOn(job, away.oldId)));
  const [, keptRun, , keptHandlerRun] = before as [RunRecord, RunRecord, RunRecord, RunRecord];

  away.cut();
  await waitFor(
    async () => {
      const all = await Promise.all(jobs.map((job) => cluster.jobs.runs(job)));
      return all.every((runs) =>
        runs.some(({ worker, state }) => worker === other!.workerId && state === 'succeeded'),
      );
    },
    { what: 'another worker runs each job', timeout: 40_000 },
  );

  // By the tasks' own marks.
  const beats = (journal: keyof typeof journals) =>
    journals[journal].lines().filter(({ worker }) => worker === away.oldId);
  const nextStart = (journal: keyof typeof journals) =>
    journals[journal].starts().find(({ worker }) => worker === other!.workerId)!.at;
  expect(beats('kill').at(-1)!.at).toBeLessThan(nextStart('kill'));
  await waitFor(() => beats('continue').at(-1)!.at > nextStart('continue'), {
    what: 'the other one runs beside the next',
  });
  expect(gate.of(killedHandler)[0]!.endedAt).toBeDefined();
  expect(gate.of(keptHandler)[0]!.endedAt).toBeUndefined();
  for (const [job, run] of [
    [kept, keptRun],
    [keptHandler, keptHandlerRun],
  ] as const) {
    expect(await recordOf(job, run.id)).toMatchObject({ state: 'lost', onLostLease: 'continue' });
    expect((await recordOf(job, run.id))!.reason).toContain('may be running on');
  }
  expect((await cluster.jobs.allRuns()).filter(({ cause }) => cause.retryOf !== undefined)).toEqual([]);

  await away.mend();
  const newId = away.worker.workerId!;
  // Held again, it is shown as running, and its loss is no longer told.
  expect(await runOn(kept, newId, keptRun.id)).toMatchObject({ id: keptRun.id, mayHaveOverlapped: true });
  expect(await runOn(keptHandler, newId, keptHandlerRun.id)).toMatchObject({
    id: keptHandlerRun.id,
    mayHaveOverlapped: true,
  });
  expect(await recordOf(kept, keptRun.id)).toBeUndefined();
  go.give();
  gate.open();
  const failed = await ended(kept, keptRun.id);
  expect(failed).toMatchObject({
    state: 'failed',
    exitCode: 3,
    worker: newId,
    mayHaveOverlapped: true,
    attempts: [{ outcome: 'failed', exitCode: 3 }],
  });
  expect(failed.reason).toMatch(/^the claim was lost \(expired\) at \d{4}-.*Z and the task ran on/);
  expect(await ended(keptHandler, keptHandlerRun.id)).toMatchObject({
    state: 'succeeded',
    mayHaveOverlapped: true,
  });
  // A further attempt is a run of its own, with a claim.
  const again = await waitFor(
    () => cluster.jobs.runs(kept).then((runs) => runs.find(({ cause }) => cause.retryOf === keptRun.id)),
    { what: 'it is tried again' },
  );
  expect(again).toMatchObject({ attempt: 2, cause: { kind: 'retry', tick: keptRun.cause.tick } });
  await Promise.all([away.worker.stop(), other!.stop()]);
  for (const job of jobs) {
    const runs = await cluster.jobs.runs(job);
    expectEachTickOnce(runs);
    expect(runs[0]).toMatchObject({
      state: job === kept ? 'failed' : job === keptHandler ? 'succeeded' : 'lost',
    });
    expect(inState(runs, 'lost').length).toBe(job === killed || job === killedHandler ? 1 : 0);
  }
  expect(await cluster.jobs.active()).toEqual([]);
  expect(await cluster.jobs.locks()).toEqual([]);
}, 120_000);

test('an end that comes while etcd is away is told over the loss, once', async () => {
  const gate = createGate();
  const away = await startCutOff({ gate: gate.handler });
  const [other] = await cluster.start(1, { name: 'other', handlers: { gate: () => undefined } });
  const [ends, fails] = [owned(0), owned(1)];
  await cluster.jobs.create(everySecond(ends, { onLostLease: 'continue' }));
  const go = signalFile();
  await cluster.jobs.create(
    everySecond(fails, {
      onLostLease: 'continue',
      retry: { limit: 3, on: { exitCodes: [1] } },
      task: { kind: 'shell', command: `while [ ! -e ${go.path} ]; do sleep 0.05; done; echo bye; exit 7` },
    }),
  );
  const first = await runOn(ends, away.oldId);
  const second = await runOn(fails, away.oldId);
  away.cut();
  await ended(ends, first.id, ({ state }) => state === 'lost');
  await ended(fails, second.id, ({ state }) => state === 'lost');
  gate.open();
  go.give();
  await waitFor(() => gate.of(ends)[0]!.endedAt !== undefined, { what: 'it ends' });
  const told = gate.of(ends)[0]!.endedAt!;
  await away.mend();
  const succeeded = await ended(ends, first.id, ({ state }) => state !== 'lost');
  expect(succeeded).toMatchObject({ state: 'succeeded', mayHaveOverlapped: true });
  expect(succeeded.endedAt).toBeGreaterThanOrEqual(told);
  const failed = await ended(fails, second.id, ({ state }) => state !== 'lost');
  expect(failed).toMatchObject({ state: 'failed', exitCode: 7, mayHaveOverlapped: true });
  expect(failed.reason).toMatch(/^not tried again: retry\.on does not name exit code 7; the claim was lost/);
  const output = await cluster.shared.etcd.range({ key: cluster.keys.output(fails, second.id) });
  expect(output.kvs[0]?.value).toBe('bye\n');
  await Promise.all([away.worker.stop(), other!.stop()]);
  for (const job of [ends, fails]) expectEachTickOnce(await cluster.jobs.runs(job));
  expect(await cluster.jobs.active()).toEqual([]);
}, 120_000);

test('alone, a worker that comes back keeps its run, starts the next beside it, and a kill still reaches it', async () => {
  const gate = createGate();
  const away = await startCutOff({ gate: gate.handler });
  const job = 'alone';
  await cluster.jobs.create(everySecond(job, { onLostLease: 'continue', catchUp: { policy: 'none' } }));
  const first = await runOn(job, away.oldId);
  away.cut();
  // Nobody else is there to settle it: the lease ends, and with it the registration.
  await waitFor(async () => (await cluster.shared.etcd.range(cluster.keys.workers)).kvs.length === 0, {
    what: 'its lease ends',
    timeout: 40_000,
  });
  await away.mend();
  const newId = away.worker.workerId!;
  const adopted = await waitFor(
    () =>
      cluster.jobs
        .active()
        .then((runs) => runs.find(({ id, worker }) => id === first.id && worker === newId)),
    { what: 'the run is held again' },
  );
  expect(adopted).toMatchObject({ state: 'running', mayHaveOverlapped: true });
  expect(await recordOf(job, first.id)).toBeUndefined();
  await waitFor(() => gate.inside(job) === 2, { what: 'the next run starts beside it' });

  const { etcd } = cluster.shared;
  const { leaseId } = await etcd.leaseGrant(60);
  const kill = { by: 'somebody', reason: 'enough', at: Date.now() };
  const request = requestKill(cluster.keys, { job, runId: first.id, workerId: newId, kill, leaseId });
  expect(await perform(etcd, request)).toBe(true);
  const killed = await ended(job, first.id);
  expect(killed).toMatchObject({ state: 'killed', mayHaveOverlapped: true });
  expect(killed.reason).toMatch(/^killed by somebody: enough; the claim was lost/);
  expect((await etcd.range(cluster.keys.kills)).kvs).toEqual([]);
  expect(gate.inside(job)).toBe(1);
  gate.open();
}, 120_000);

test('a run that outlived its claim is waited for by a shutdown, then killed, and leaves no trace of a deleted job', async () => {
  const gate = createGate();
  const away = await startCutOff({ gate: gate.handler });
  const [other] = await cluster.start(1, { name: 'other', handlers: { gate: () => undefined } });
  const [kept, deleted] = [owned(0), owned(1)];
  await cluster.jobs.create(everySecond(kept, { onLostLease: 'continue' }));
  const { revision } = await cluster.jobs.create(everySecond(deleted, { onLostLease: 'continue' }));
  const run = await runOn(kept, away.oldId);
  await runOn(deleted, away.oldId);
  away.cut();
  await ended(kept, run.id, ({ state }) => state === 'lost');
  expect((await cluster.jobs.remove(deleted, revision)).ok).toBe(true);
  await away.mend();
  await runOn(kept, away.worker.workerId!, run.id);
  expect(gate.of(deleted)[0]!.endedAt).toBeUndefined();
  await away.worker.stop();
  expect(gate.of(deleted)[0]!.endedAt).toBeDefined();
  const killed = await recordOf(kept, run.id);
  expect(killed).toMatchObject({ state: 'killed', mayHaveOverlapped: true });
  expect(killed!.reason).toContain('the drain timeout is over; the claim was lost');
  expect(killed!.killedBy).toMatchObject({ by: 'the worker' });
  await other!.stop();
  const left = (await cluster.shared.etcd.range(cluster.keys.all)).kvs.map(({ key }) => key);
  expect(left.filter((key) => key.includes(deleted))).toEqual([]);
}, 120_000);

test('a lease that is revoked while it is alive ends what runs under it when that is told, not with the next keep-alive', async () => {
  // A stuck leader of etcd before 3.5.13 does that. The keep-alives of this TTL are 40 s apart.
  const gate = createGate();
  const handlers = { gate: gate.handler };
  const [worker] = await cluster.start(1, { name: 'revoked', ttlSeconds: 120, handlers });
  const oldId = worker!.workerId!;
  const job = 'long';
  await cluster.jobs.create(everySecond(job, { catchUp: { policy: 'none' } }));
  await runOn(job, oldId);
  const { etcd } = cluster.shared;
  const { kvs } = await etcd.range({ key: cluster.keys.worker(oldId) });
  await etcd.leaseRevoke(kvs[0]!.lease);
  await waitFor(() => worker!.workerId !== undefined && worker!.workerId !== oldId, {
    what: 'the worker registers anew',
  });
  await waitFor(async () => inState(await cluster.jobs.runs(job), 'lost').length > 0, {
    what: 'its run is recorded as lost',
  });
  await waitFor(async () => (await cluster.jobs.active()).some((run) => run.worker === worker!.workerId), {
    what: 'it goes on under its new id',
  });
  expect(gate.inside(job)).toBeLessThanOrEqual(1);
  gate.open();
});
