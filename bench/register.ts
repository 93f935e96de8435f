// How fast jobs are created through the API: one request after the other, sixteen at a time, and in batches; and
// how soon a worker that follows knows them all.
import { setTimeout as wait } from 'node:timers/promises';
import { startBenchEtcd } from './support/etcd.ts';
import { printTable, rounded, spreadOf, type Spread } from './support/figures.ts';
import { openFleet } from './support/fleet.ts';
import { reportInputs } from './support/jobs.ts';
import { openClient, startBenchMaster, type Ask } from './support/master.ts';
import { withScope } from './support/scope.ts';
import { numberOf, sized } from './support/size.ts';

const PREFIX = '/bench-register/';
const AT_ONCE = 16;
const BATCHES = [100, 1_000, 5_000];
const PATIENCE_MS = 30_000;

export interface RegisterResult {
  readonly way: string;
  readonly jobs: number;
  readonly seconds: number;
  readonly perSecond: number;
  /** Of one request, ms. */
  readonly request: Spread;
  /** From the last answer until the worker knows all. */
  readonly knownAfterMs: number;
}

/** Runs `count` requests, `atOnce` under way. Answers the time of each. */
async function lanes(count: number, atOnce: number, one: (i: number) => Promise<number>): Promise<number[]> {
  const times: number[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) times.push(await one(next++));
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  return times;
}

async function untilKnown(worker: string, ask: Ask, jobs: number): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const { text } = await ask('GET', `${worker}/metrics`);
    if (Number(/^etcron_worker_jobs(?:\{[^}]*\})? (\d+)/m.exec(text)?.[1]) >= jobs) return;
    if (performance.now() > deadline) throw new Error(`the worker does not know ${jobs} jobs`);
    await wait(10);
  }
}

export const run = (): Promise<readonly RegisterResult[]> =>
  withScope(async (scope) => {
    const jobs = numberOf('JOBS', sized({ smoke: 100, short: 10_000, full: 10_000 }));
    const server = await startBenchEtcd(scope);
    const master = await startBenchMaster(scope, server.endpoint, PREFIX);
    const startWorker = openFleet(scope, {
      endpoints: [server.endpoint],
      prefix: PREFIX,
      slots: 64,
      ttlMs: 10_000,
    });
    const worker = await startWorker('worker-1').whenReady;
    const ask = openClient(scope, master.url);
    const many = reportInputs();
    const definition = (name: string, i: number) => ({ ...many[i % many.length]!, name });
    const must = async (method: string, path: string, status: number, body: unknown): Promise<number> => {
      const answer = await ask(method, path, body);
      if (answer.status !== status || answer.text.includes('"outcome":"refused"'))
        throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`);
      return answer.ms;
    };
    const results: RegisterResult[] = [];
    let known = 0;
    const measured = async (way: string, count: number, doIt: () => Promise<number[]>): Promise<void> => {
      const since = performance.now();
      const request = spreadOf(await doIt());
      const seconds = (performance.now() - since) / 1_000;
      known += count;
      await untilKnown(worker.url, ask, known);
      results.push({
        way,
        jobs: count,
        seconds: rounded(seconds, 2),
        perSecond: rounded(count / seconds),
        request: { p50: rounded(request.p50, 1), p99: rounded(request.p99, 1), max: rounded(request.max, 1) },
        knownAfterMs: rounded(performance.now() - since - seconds * 1_000),
      });
    };
    const post = (prefix: string) => (i: number) =>
      must('POST', '/api/v1/jobs', 201, definition(`${prefix}-${i}`, i));

    const warmUp = Math.min(200, jobs);
    await lanes(warmUp, AT_ONCE, post('warm'));
    known += warmUp;
    await measured('one by one', jobs, () => lanes(jobs, 1, post('one')));
    await measured(`${AT_ONCE} at a time`, jobs, () => lanes(jobs, AT_ONCE, post('more')));
    for (const size of BATCHES.filter((each) => each <= jobs)) {
      await measured(`batches of ${size}`, jobs, () =>
        lanes(Math.ceil(jobs / size), 1, (batch) =>
          must('POST', '/api/v1/batch', 200, {
            operations: Array.from({ length: Math.min(size, jobs - batch * size) }, (_, i) => {
              const number = batch * size + i;
              return { op: 'put', definition: definition(`batch-${size}-${number}`, number) };
            }),
          }),
        ),
      );
    }
    printTable(
      results.map(({ request, ...rest }) => ({
        ...rest,
        'p50 ms': request.p50,
        'p99 ms': request.p99,
        'max ms': request.max,
      })),
    );
    return results;
  });
