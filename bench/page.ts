// The page's overview while a thousand events of runs a second come: how smooth it stays, by the frames that a browser
// draws. Etcd and master are real; the runs are written as workers write them, by nobody who runs anything, so that
// what is measured is the page. The browser has no graphics processor here: it draws on the same cores.
import { setTimeout as wait } from 'node:timers/promises';
import type { RunRecord } from '../src/common/model/run.ts';
import { makeRunId } from '../src/common/model/ids.ts';
import { instant } from '../src/common/model/time.ts';
import type { Etcd, Op } from '../src/common/store/etcd.ts';
import { codecs, keyspace, type Keyspace } from '../src/common/store/keyspace.ts';
import { needChromium, openPage } from './support/chromium.ts';
import { startBenchEtcd } from './support/etcd.ts';
import { printTable, rounded, spreadOf } from './support/figures.ts';
import { createJobs, jobName, template } from './support/jobs.ts';
import { startBenchMaster } from './support/master.ts';
import { withScope } from './support/scope.ts';
import { numberOf, sized } from './support/size.ts';

const PREFIX = '/bench-page/';
const WORKERS = ['alpha', 'beta', 'gamma'].map((name) => `${name}-0a1b2c`);
/** Between two writes of the storm. */
const BEAT_MS = 50;
/** Ends of runs that went wrong, of a hundred. */
const WRONG_PERCENT = 2;
/** Above it a frame was left out at 60 a second. */
const LATE_FRAME_MS = 25;
/** The timeline fills; then it is measured. */
const WARM_UP_S = 10;

export interface FrameFigures {
  readonly eventsPerSecond: number;
  readonly framesPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** Of all frames, those over 25 ms. */
  readonly latePercent: number;
  /** Of the main thread, for script, style and layout. */
  readonly busyPercent: number;
}

export const run = (): Promise<readonly FrameFigures[]> =>
  withScope(async (scope) => {
    needChromium();
    const jobs = numberOf('JOBS', sized({ smoke: 50, short: 5_000, full: 5_000 }));
    const seconds = numberOf('SECONDS', sized({ smoke: 2, short: 20, full: 60 }));
    const server = await startBenchEtcd(scope);
    const keys = keyspace(PREFIX);
    const job = template({ schedule: '@every 1h', task: { kind: 'shell', command: 'true' } });
    await createJobs(server.client, keys, jobs, () => job);
    const master = await startBenchMaster(scope, server.endpoint, PREFIX);
    const page = await openPage(scope, master.url);
    await page.getByRole('application').scrollIntoViewIfNeeded();

    const figures: FrameFigures[] = [];
    for (const eventsPerSecond of [0, 1_000]) {
      const storm = eventsPerSecond > 0 ? startStorm(server.client, keys, jobs, eventsPerSecond) : undefined;
      if (storm) await wait(WARM_UP_S * 1_000);
      const before = storm?.told() ?? 0;
      const since = performance.now();
      const session = await page.context().newCDPSession(page);
      await session.send('Performance.enable');
      const busyBefore = await taskSeconds(session);
      const frames = await page.evaluate<number[]>(FRAMES(seconds * 1_000));
      const busy = (await taskSeconds(session)) - busyBefore;
      const took = (performance.now() - since) / 1_000;
      const told = (storm?.told() ?? 0) - before;
      await storm?.stop();
      const { p50, p99, max } = spreadOf(frames);
      figures.push({
        eventsPerSecond: rounded(told / took),
        framesPerSecond: rounded((frames.length * 1_000) / frames.reduce((sum, ms) => sum + ms, 0), 1),
        p50Ms: rounded(p50, 1),
        p99Ms: rounded(p99, 1),
        maxMs: rounded(max, 1),
        latePercent: rounded((100 * frames.filter((ms) => ms > LATE_FRAME_MS).length) / frames.length, 2),
        busyPercent: rounded((100 * busy) / took, 1),
      });
    }
    printTable(figures.map((each) => ({ ...each })));
    return figures;
  });

/** Time between one frame and the next, for so long. */
const FRAMES = (ms: number): string => `new Promise((resolve) => {
  const frames = [];
  let last;
  let first;
  const frame = (at) => {
    first ??= at;
    if (last !== undefined) frames.push(at - last);
    last = at;
    if (at - first < ${ms}) requestAnimationFrame(frame);
    else resolve(frames);
  };
  requestAnimationFrame(frame);
})`;

interface Metrics {
  readonly metrics: readonly { readonly name: string; readonly value: number }[];
}

async function taskSeconds(session: {
  send(method: 'Performance.getMetrics'): Promise<Metrics>;
}): Promise<number> {
  const { metrics } = await session.send('Performance.getMetrics');
  return metrics.find(({ name }) => name === 'TaskDuration')?.value ?? 0;
}

interface Storm {
  /** Events so far: starts and ends. */
  readonly told: () => number;
  readonly stop: () => Promise<void>;
}

/** Runs that begin and, a second later, end: as their workers would write them. */
function startStorm(etcd: Etcd, keys: Keyspace, jobs: number, eventsPerSecond: number): Storm {
  const perBeat = (eventsPerSecond / 2) * (BEAT_MS / 1_000);
  const lasts = 1_000 / BEAT_MS;
  const open: RunRecord[][] = [];
  let number = 0;
  let told = 0;
  const ending = new AbortController();

  const beat = async (): Promise<void> => {
    const begun = Array.from({ length: perBeat }, () => begin(number++ % jobs, number));
    open.push(begun);
    const ended = open.length > lasts ? open.shift()! : [];
    const writes = [
      ...begun.map((record): Op[] => [
        {
          type: 'put',
          key: keys.active(record.worker!, record.job, record.id),
          value: codecs.run.encode(record),
        },
      ]),
      ...ended.map((record): Op[] => [
        { type: 'delete', key: keys.active(record.worker!, record.job, record.id) },
        { type: 'put', key: keys.run(record.job, record.id), value: codecs.run.encode(end(record)) },
      ]),
    ];
    for (let from = 0; from < writes.length; from += 50)
      await etcd.txn({ compare: [], success: writes.slice(from, from + 50).flat(), failure: [] });
    told += begun.length + ended.length;
  };
  const going = (async () => {
    for (let next = performance.now(); !ending.signal.aborted; next += BEAT_MS) {
      await wait(Math.max(0, next - performance.now()));
      await beat();
    }
  })();
  return {
    told: () => told,
    async stop() {
      ending.abort();
      await going;
    },
  };
}

function begin(job: number, number: number): RunRecord {
  const now = Date.now();
  return {
    id: makeRunId(instant(now), number.toString(16).padStart(6, '0').slice(-6)),
    job: jobName(job),
    state: 'running',
    cause: { kind: 'schedule', tick: now },
    worker: WORKERS[number % WORKERS.length]!,
    scheduledFor: now,
    startedAt: now,
    startLagMs: number % 20,
    attempt: 1,
    attempts: [],
    generation: 1,
    jobCreated: 1,
  };
}

function end(record: RunRecord): RunRecord {
  const endedAt = Date.now();
  const isWrong = Number.parseInt(record.id.slice(-6), 16) % 100 < WRONG_PERCENT;
  return {
    ...record,
    state: isWrong ? 'failed' : 'succeeded',
    endedAt,
    durationMs: endedAt - record.startedAt!,
    exitCode: isWrong ? 1 : 0,
  };
}
