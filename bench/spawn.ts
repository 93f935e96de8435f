// How fast shell tasks start through the runner, against `xargs -P` doing the same, in alternating rounds on
// the same machine; and how fast handlers that do nothing start. Uses the compiled runner (npm run build).
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { instant } from '../src/common/model/time.ts';
import { systemClock } from '../src/common/runtime/clock.ts';
import { startRunner, type Runner } from '../src/worker/runner/client.ts';
import { openTaskPort } from '../src/worker/tasks/task-port.ts';
import { printTable } from './support/figures.ts';

const TASKS = 2_000;
const AT_ONCE = 16;
const ROUNDS = 5;
const HANDLERS = 10_000;

export interface SpawnFigures {
  /** Starts a second, best round of each. */
  readonly runnerPerSecond: number;
  readonly xargsPerSecond: number;
  /** Median over the rounds of runner / xargs. */
  readonly ratio: number;
  /** Until all no-op handlers have ended. */
  readonly handlersMs: number;
}

const perSecond = (count: number, since: number): number => count / ((performance.now() - since) / 1000);

function xargsRound(): number {
  const since = performance.now();
  execFileSync('/bin/sh', ['-c', `yes : | head -n ${TASKS} | xargs -P ${AT_ONCE} -I{} /bin/sh -c '{}'`]);
  return perSecond(TASKS, since);
}

let keys = 0;

async function runnerRound(runner: Runner, count: number): Promise<number> {
  const since = performance.now();
  let left = count;
  const lane = async (): Promise<void> => {
    while (left-- > 0) {
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
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  return perSecond(count, since);
}

async function handlerRound(dataDir: string): Promise<number> {
  const clock = systemClock();
  const port = openTaskPort({ handlers: { noop: () => {} }, dataDir, clock, workerEnv: {} });
  const since = performance.now();
  const handles = Array.from({ length: HANDLERS }, (_, n) =>
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

export async function run(): Promise<SpawnFigures> {
  const dataDir = mkdtempSync(join(tmpdir(), 'etcron-bench-'));
  const runner = await startRunner({ dataDir, clock: systemClock(), logger: pino({ level: 'warn' }) });
  try {
    // The first starts bring up the further runners.
    await runnerRound(runner, 300);
    const rounds: { readonly ours: number; readonly theirs: number }[] = [];
    for (let n = 0; n < ROUNDS; n++) {
      rounds.push({ ours: await runnerRound(runner, TASKS), theirs: xargsRound() });
    }
    const ratios = rounds.map(({ ours, theirs }) => ours / theirs).sort((a, b) => a - b);
    const figures: SpawnFigures = {
      runnerPerSecond: Math.max(...rounds.map(({ ours }) => ours)),
      xargsPerSecond: Math.max(...rounds.map(({ theirs }) => theirs)),
      ratio: ratios[ratios.length >> 1]!,
      handlersMs: await handlerRound(dataDir),
    };
    printTable([{ ...figures }]);
    return figures;
  } finally {
    await runner.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}
