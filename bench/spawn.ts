// How fast shell tasks start through the runner, against `xargs -P` and against a bare loop of spawn in one process,
// doing the same in alternating rounds on the same machine, and what that does to the event loop of the process that
// asks for it, which is the worker's; and how fast handlers that do nothing start.
import { execFileSync, spawn } from 'node:child_process';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { pino } from 'pino';
import { instant } from '../src/common/model/time.ts';
import { systemClock } from '../src/common/runtime/clock.ts';
import { startRunner, type Runner } from '../src/worker/runner/client.ts';
import { openTaskPort } from '../src/worker/tasks/task-port.ts';
import { median, printTable, rounded } from './support/figures.ts';
import { withScope } from './support/scope.ts';
import { numberOf, sized } from './support/size.ts';

const AT_ONCE = 16;
const WARM_UP = 300;
/** A worker with many jobs is about as large; a fork copies what tells its memory. */
const BALLAST_MIB = 200;
const LOOP_SAMPLING_MS = 1;

export interface SpawnRound {
  readonly way: 'runner' | 'xargs -P' | 'spawn, small process' | 'spawn, large process';
  readonly perSecond: number;
  /** Of the process that asks; none of its own for xargs. */
  readonly loopP99Ms: number | null;
  readonly loopMaxMs: number | null;
}

export interface SpawnFigures {
  /** Starts a second, medians of the rounds. */
  readonly runnerPerSecond: number;
  readonly xargsPerSecond: number;
  readonly spawnPerSecond: number;
  /** Medians over the rounds. */
  readonly runnerToXargs: number;
  readonly runnerToSpawn: number;
  /** Until all no-op handlers have ended. */
  readonly handlers: number;
  readonly handlersMs: number;
  readonly rounds: readonly SpawnRound[];
}

/** Of one task, until it has ended. */
type Starter = (number: number) => Promise<void>;

async function measured(way: SpawnRound['way'], count: number, start: Starter): Promise<SpawnRound> {
  const loop = monitorEventLoopDelay({ resolution: LOOP_SAMPLING_MS });
  loop.enable();
  const since = performance.now();
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) await start(next++);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  const seconds = (performance.now() - since) / 1_000;
  loop.disable();
  const beyond = (ns: number): number => rounded(Math.max(0, ns / 1e6 - LOOP_SAMPLING_MS), 1);
  return {
    way,
    perSecond: rounded(count / seconds),
    loopP99Ms: beyond(loop.percentile(99)),
    loopMaxMs: beyond(loop.max),
  };
}

function xargsRound(count: number): SpawnRound {
  const since = performance.now();
  execFileSync('/bin/sh', ['-c', `yes : | head -n ${count} | xargs -P ${AT_ONCE} -I{} /bin/sh -c '{}'`]);
  const seconds = (performance.now() - since) / 1_000;
  return { way: 'xargs -P', perSecond: rounded(count / seconds), loopP99Ms: null, loopMaxMs: null };
}

let keys = 0;

const byRunner =
  (runner: Runner): Starter =>
  async () => {
    const key = String(++keys);
    const end = await runner.start({
      key,
      job: 'bench',
      runId: key,
      argv: ['/bin/sh', '-c', ':'],
      env: { PATH: process.env['PATH'] ?? '' },
      killGraceMs: 1000,
      outputLimit: 1024,
    }).ended;
    if (end.outcome !== 'succeeded') throw new Error(end.error ?? end.outcome);
  };

/** Reads the output, as a runner does. */
const bySpawn: Starter = () =>
  new Promise((resolve, reject) => {
    const child = spawn('/bin/sh', ['-c', ':'], { stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.resume();
    child.stderr.resume();
    child.once('error', reject);
    child.once('close', () => resolve());
  });

async function handlersRound(dataDir: string, count: number): Promise<number> {
  const clock = systemClock();
  const port = openTaskPort({ handlers: { noop: () => {} }, dataDir, clock, workerEnv: {} });
  const since = performance.now();
  const handles = Array.from({ length: count }, (_, n) =>
    port.startTask(
      { kind: 'handler', name: 'noop' },
      {
        job: 'bench',
        runId: String(n),
        scheduledFor: instant(0),
        attempt: 1,
        fencingToken: n,
        worker: 'bench',
        killGraceMs: 1000,
        outputLimit: 1024,
        timeoutMs: 60_000,
      },
    ),
  );
  await Promise.all(handles.map((handle) => handle.ended));
  return performance.now() - since;
}

export const run = (): Promise<SpawnFigures> =>
  withScope(async (scope) => {
    const tasks = numberOf('JOBS', sized({ smoke: 60, short: 1_000, full: 2_000 }));
    const count = numberOf('ROUNDS', sized({ smoke: 1, short: 3, full: 5 }));
    const handlers = sized({ smoke: 100, short: 10_000, full: 10_000 });
    const dataDir = scope.tempDir();
    const runner = startRunner({ dataDir, clock: systemClock(), logger: pino({ level: 'warn' }) });
    await runner.whenUp;
    scope.onClose(() => runner.stop());
    // The first starts bring up the further runners.
    await measured('runner', Math.min(WARM_UP, tasks), byRunner(runner));
    const rounds: SpawnRound[] = [];
    const ratios: { readonly xargs: number; readonly spawn: number }[] = [];
    for (let n = 0; n < count; n++) {
      const ours = await measured('runner', tasks, byRunner(runner));
      const xargs = xargsRound(tasks);
      const bare = await measured('spawn, small process', tasks, bySpawn);
      rounds.push(ours, xargs, bare);
      ratios.push({ xargs: ours.perSecond / xargs.perSecond, spawn: ours.perSecond / bare.perSecond });
    }
    const ballast = Array.from({ length: BALLAST_MIB }, () => Buffer.alloc(2 ** 20, 1));
    rounds.push(await measured('spawn, large process', tasks, bySpawn));
    rounds.push(await measured('runner', tasks, byRunner(runner)));
    const of = (way: SpawnRound['way']): number =>
      median(rounds.filter((round) => round.way === way).map((round) => round.perSecond));
    const figures: SpawnFigures = {
      runnerPerSecond: of('runner'),
      xargsPerSecond: of('xargs -P'),
      spawnPerSecond: of('spawn, small process'),
      runnerToXargs: rounded(median(ratios.map(({ xargs }) => xargs)), 2),
      runnerToSpawn: rounded(median(ratios.map(({ spawn: bare }) => bare)), 2),
      handlers,
      handlersMs: rounded(await handlersRound(dataDir, handlers)),
      rounds,
    };
    const { rounds: all, ...summary } = figures;
    printTable(
      all.map(({ loopP99Ms, loopMaxMs, ...round }) => ({
        ...round,
        'loop p99 ms': loopP99Ms ?? '-',
        'loop max ms': loopMaxMs ?? '-',
      })),
    );
    console.log(`the last two with ${ballast.length} MiB more in the process that asks`);
    printTable([summary]);
    return figures;
  });
