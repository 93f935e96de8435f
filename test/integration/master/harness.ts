// A master's app on a real etcd, asked through inject(); every answer is checked against the contract.
import type { FastifyInstance } from 'fastify';
import pino from 'pino';
import { expect } from 'vitest';
import { contract, pathOf, type OperationId } from '../../../src/common/api/contract.ts';
import { isText, type Operation, type Request } from '../../../src/common/api/operation.ts';
import { problem, type Problem } from '../../../src/common/api/problems.ts';
import { instant, type Instant } from '../../../src/common/model/time.ts';
import type { JobDefinitionInput } from '../../../src/common/model/job.ts';
import type { WorkerRecord } from '../../../src/common/model/worker.ts';
import type { RunRecord } from '../../../src/common/model/run.ts';
import { systemClock } from '../../../src/common/runtime/clock.ts';
import { createMetrics } from '../../../src/common/runtime/metrics.ts';
import type { Etcd } from '../../../src/common/store/etcd.ts';
import { codecs, keyspace, type Keyspace } from '../../../src/common/store/keyspace.ts';
import { put } from '../../../src/common/store/transactions/parts.ts';
import { buildApp, type AppDeps } from '../../../src/master/app.ts';
import { startActivity } from '../../../src/master/views/activity.ts';
import { startViews, type Views } from '../../../src/master/views/views.ts';
import type { SharedEtcd } from '../../support/shared-etcd.ts';

type Given<Id extends OperationId> = Partial<Request<(typeof contract)[Id]>>;

export interface Answered {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  // Answers are checked against the contract first; what a test then reads of them it asserts.
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly body: any;
  readonly text: string;
}

export interface TestMaster {
  readonly app: FastifyInstance;
  readonly keys: Keyspace;
  readonly etcd: Etcd;
  readonly views: Views;
  /** All lines of the log so far. */
  log(): string;
  /** Fails unless the answer is one of the contract's, or a problem. */
  call<Id extends OperationId>(
    id: Id,
    given?: Given<Id>,
    headers?: Record<string, string>,
  ): Promise<Answered>;
  /** As `call`, and fails unless it is this problem. */
  refused<Id extends OperationId>(
    code: Problem['code'],
    id: Id,
    given?: Given<Id>,
    headers?: Record<string, string>,
  ): Promise<Problem>;
  /** Writes a key as somebody else would. */
  write(key: string, value: string): Promise<number>;
}

export async function startTestMaster(
  shared: SharedEtcd,
  overrides: Partial<AppDeps> = {},
): Promise<TestMaster> {
  const keys = overrides.keys ?? keyspace(shared.prefix);
  const etcd = overrides.etcd ?? shared.etcd;
  const clock = systemClock();
  const lines: string[] = [];
  const logger = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) });
  const views = startViews({ etcd, keys, clock, logger });
  const activity = startActivity({ etcd, keys, clock, views });
  const app = await buildApp({
    etcd,
    keys,
    clock,
    logger,
    metrics: createMetrics('master', 'test'),
    views,
    activity,
    access: { allowedHosts: [], tokens: [] },
    version: '0.0.0-test',
    quotaBytes: 2 * 1024 ** 3,
    ...overrides,
  });
  shared.cleanup(async () => {
    await app.close();
    activity.stop();
    views.stop();
  });

  const call: TestMaster['call'] = async (id, given = {}, headers = {}) => {
    const op: Operation = contract[id];
    const query = new URLSearchParams();
    for (const [key, value] of Object.entries(given.query ?? {}))
      for (const each of [value].flat()) query.append(key, String(each));
    const answer = await app.inject({
      method: op.method,
      url: `${pathOf(id, given.params as Record<string, string> | undefined)}${query.size > 0 ? `?${query.toString()}` : ''}`,
      headers: { ...(given.headers as Record<string, string> | undefined), ...headers },
      ...(given.body === undefined ? {} : { payload: given.body as object }),
    });
    const body: unknown = /json/.test(String(answer.headers['content-type'])) ? answer.json() : undefined;
    const spec = op.answers[answer.statusCode];
    if (!spec) {
      expect(answer.headers['content-type']).toBe('application/problem+json');
      expect(problem.parse(body)).toMatchObject({ status: answer.statusCode });
    } else if (!isText(spec)) spec.parse(body);
    return {
      status: answer.statusCode,
      headers: answer.headers as Answered['headers'],
      body,
      text: answer.body,
    };
  };

  return {
    app,
    keys,
    etcd,
    views,
    log: () => lines.join(''),
    call,
    async refused(code, id, given, headers) {
      const answer = await call(id, given, headers);
      expect(answer.body).toMatchObject({ code });
      return answer.body as Problem;
    },
    async write(key, value) {
      const { revision } = await etcd.txn({ compare: [], success: [put(key, value)], failure: [] });
      return revision;
    },
  };
}

export const job = (name: string, rest: Partial<JobDefinitionInput> = {}): JobDefinitionInput => ({
  name,
  schedule: '0 3 * * *',
  task: { kind: 'shell', command: 'true' },
  ...rest,
});

export const WORKER = 'w-abc123';

export function runOf(jobName: string, id: string, rest: Partial<RunRecord> = {}): RunRecord {
  const scheduledFor = Date.parse(
    id.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d\.\d{3}Z).*$/, '$1-$2-$3T$4:$5:$6'),
  );
  return {
    id,
    job: jobName,
    state: 'succeeded',
    cause: { kind: 'schedule', tick: scheduledFor },
    worker: WORKER,
    scheduledFor,
    startedAt: scheduledFor,
    endedAt: scheduledFor + 1_000,
    attempt: 1,
    attempts: [],
    generation: 1,
    jobCreated: 1,
    ...rest,
  };
}

export const workerOf = (rest: Partial<WorkerRecord> = {}): WorkerRecord => ({
  id: WORKER,
  name: 'w',
  host: 'h',
  pid: 1,
  version: '0.0.0',
  labels: {},
  slots: 4,
  running: 0,
  state: 'ready',
  http: 'http://127.0.0.1:9',
  token: 'the-token-of-the-worker',
  startedAt: 0,
  wallClock: Date.now(),
  ...rest,
});

/** What a worker writes when it claims a run. */
export async function claim(
  master: TestMaster,
  name: string,
  id: string,
  startAt: Instant | number,
  state: 'armed' | 'running' = 'armed',
  worker = WORKER,
): Promise<void> {
  const { endedAt: _endedAt, startedAt: _startedAt, ...run } = runOf(name, id, { worker });
  await master.etcd.txn({
    compare: [],
    success: [
      put(master.keys.lock(name), codecs.lock.encode({ runId: id, worker, startAt: instant(startAt) })),
      put(master.keys.active(worker, name, id), codecs.run.encode({ ...run, state })),
    ],
    failure: [],
  });
}

/** What it writes when the run has ended (`record`), or when it gives the claim back. */
export async function endClaim(
  master: TestMaster,
  name: string,
  id: string,
  record?: Partial<RunRecord>,
): Promise<void> {
  await master.etcd.txn({
    compare: [],
    success: [
      { type: 'delete', key: master.keys.lock(name) },
      { type: 'delete', key: master.keys.active(WORKER, name, id) },
      ...(record ? [put(master.keys.run(name, id), codecs.run.encode(runOf(name, id, record)))] : []),
    ],
    failure: [],
  });
}
