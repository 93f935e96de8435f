// A worker that runs a task is ended, by kill -9 and by SIGTERM: until the task is started again elsewhere. The task
// would take longer than what is left of it; who does not end by SIGTERM is killed some seconds later, as a
// service manager does.
import { setTimeout as wait } from 'node:timers/promises';
import { median } from '../support/figures.ts';
import type { BenchWorker, Start } from '../support/fleet.ts';
import { jobNumber } from '../support/jobs.ts';
import { withScope } from '../support/scope.ts';
import { numberOf, sized } from '../support/size.ts';
import type { Contestant, Figure, Measured } from './contestant.ts';
import { etcron } from './etcron.ts';
import type { Part } from './part.ts';

/** Room for both tasks on each worker, so that whoever takes one over needs not wait for room. */
const SLOTS = 2;
/** One is left at the end. */
const WORKERS = 3;
const START_WITHIN_MS = 30_000;
const TERM_WITHIN_MS = 5_000;
/** No further round is begun when the first ones took this long. */
const ENOUGH_MS = 30_000;

interface Seen extends Start {
  readonly worker: string;
}

interface Timing {
  readonly taskMs: number;
  readonly patienceMs: number;
  readonly rounds: number;
}

interface Round {
  /** From the signal until the task was started again elsewhere; undefined: not within the patience. */
  readonly killMs: number | undefined;
  readonly termMs: number | undefined;
}

export function failoverParts(): readonly Part[] {
  const timing: Timing = {
    taskMs: numberOf('TASK', 30) * 1_000,
    patienceMs: numberOf('PATIENCE', sized({ smoke: 12, short: 70, full: 65 })) * 1_000,
    rounds: numberOf('ROUNDS', sized({ smoke: 1, short: 1, full: 2 })),
  };
  return [
    {
      name: 'failover',
      scenario: 'failover',
      taskMs: timing.taskMs,
      ours: () => failover(etcron, timing),
      peer: (peer) => failover(peer, timing),
    },
  ];
}

/** The median; when one of them is a bound, so is the median's place taken by a bound. */
function figureOf(values: readonly (number | undefined)[], patienceMs: number): Figure {
  const ms = median(values.map((value) => value ?? Infinity));
  return Number.isFinite(ms) ? { ms } : { ms: patienceMs, isBound: true };
}

async function failover(contestant: Contestant, timing: Timing): Promise<Measured> {
  const since = Date.now();
  const rounds: Round[] = [];
  while (rounds.length < timing.rounds && Date.now() - since < ENOUGH_MS) {
    rounds.push(await oneRound(contestant, timing));
  }
  return {
    figures: {
      kill: figureOf(
        rounds.map(({ killMs }) => killMs),
        timing.patienceMs,
      ),
      term: figureOf(
        rounds.map(({ termMs }) => termMs),
        timing.patienceMs,
      ),
    },
    twice: 0,
    missing: 0,
    detail: { rounds },
  };
}

const oneRound = (contestant: Contestant, { taskMs, patienceMs }: Timing): Promise<Round> =>
  withScope(async (scope) => {
    const seen: Seen[] = [];
    const crew = await contestant.open(scope, {
      scenario: 'failover',
      jobs: SLOTS,
      slots: SLOTS,
      taskMs,
      onStart: (start, worker) => seen.push({ ...start, worker }),
    });
    const until = async <T>(found: () => T | undefined, withinMs: number): Promise<T | undefined> => {
      const deadline = Date.now() + withinMs;
      while (found() === undefined && Date.now() < deadline) await wait(10);
      return found();
    };
    const workers = Array.from({ length: WORKERS }, (_, i) => crew.startWorker(`worker-${i + 1}`));
    await Promise.all(workers.map((worker) => worker.whenReady));
    /** Until the job's task runs again, after its worker was ended. */
    const againAfter = async (
      job: number,
      end: (worker: BenchWorker) => Promise<void>,
    ): Promise<number | undefined> => {
      const startOf = (since: number) => () =>
        seen.find((start) => jobNumber(start.job) === job && start.at >= since);
      await crew.enqueue(job);
      const first = await until(startOf(0), START_WITHIN_MS);
      const worker = workers.find(({ name }) => name === first?.worker);
      if (!worker) throw new Error(`the task of job ${job} was not started within ${START_WITHIN_MS} ms`);
      // Anywhere between two renewals of what holds the task.
      await wait(Math.random() * 1_000);
      const at = Date.now();
      const gone = end(worker);
      const again = await until(startOf(at), patienceMs);
      await gone;
      return again && again.at - at;
    };
    // One after the other: a worker just killed counts as there for a while, and the other's task may wait for it.
    const termMs = await againAfter(0, terminate);
    const killMs = await againAfter(1, (worker) => worker.kill('SIGKILL'));
    return { killMs, termMs };
  });

async function terminate(worker: BenchWorker): Promise<void> {
  const enough = setTimeout(() => void worker.kill('SIGKILL'), TERM_WITHIN_MS);
  await worker.kill('SIGTERM');
  clearTimeout(enough);
}
