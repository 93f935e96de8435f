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

/** Room for all tasks on each worker, so that whoever takes one over needs not wait for room. */
const SLOTS = 8;
const WORKERS = 4;
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
  /** Until the process that was sent SIGTERM was gone. */
  readonly goneMs: number;
}

export function failoverParts(): readonly Part[] {
  const timing: Timing = {
    taskMs: numberOf('TASK', 30) * 1_000,
    patienceMs: numberOf('PATIENCE', sized({ smoke: 12, short: 70, full: 65 })) * 1_000,
    rounds: numberOf('ROUNDS', sized({ smoke: 1, short: 1, full: 3 })),
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
    const startOf = (job: number, since = 0): Seen | undefined =>
      seen.find((start) => jobNumber(start.job) === job && start.at >= since);
    const until = async (holds: () => unknown, withinMs: number): Promise<void> => {
      const deadline = Date.now() + withinMs;
      while (!holds() && Date.now() < deadline) await wait(10);
    };
    const workers = Array.from({ length: WORKERS }, (_, i) => crew.startWorker(`worker-${i + 1}`));
    await Promise.all(workers.map((worker) => worker.whenReady));
    const workerOf = (job: number): BenchWorker | undefined =>
      workers.find((worker) => worker.name === startOf(job)?.worker);
    let last = -1;
    while (last < 1 || (workerOf(last) === workerOf(0) && last < SLOTS - 1)) {
      await crew.enqueue(++last);
      await until(() => startOf(last), START_WITHIN_MS);
    }
    const [killed, stopped] = [workerOf(0), workerOf(last)];
    if (!killed || !stopped || killed === stopped) throw new Error('no two workers run a task each');
    // Anywhere between two renewals of what holds the task.
    await wait(Math.random() * 1_000);
    const at = Date.now();
    const gone = Promise.all([killed.kill('SIGKILL'), goneAfterTerm(stopped)]);
    await until(() => startOf(0, at) && startOf(last, at), patienceMs);
    const [, goneAt] = await gone;
    const since = (job: number): number | undefined => {
      const start = startOf(job, at);
      return start && start.at - at;
    };
    return { killMs: since(0), termMs: since(last), goneMs: goneAt - at };
  });

async function goneAfterTerm(worker: BenchWorker): Promise<number> {
  const enough = setTimeout(() => void worker.kill('SIGKILL'), TERM_WITHIN_MS);
  await worker.kill('SIGTERM');
  clearTimeout(enough);
  return Date.now();
}
