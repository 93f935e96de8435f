// One of three workers has a clock that is 3 s fast: how early the earliest task starts, by a clock that is right. Ticks
// are at least ten seconds apart, so that the nearest one is the one that was meant, whatever a peer says of it.
import { setTimeout as wait } from 'node:timers/promises';
import { openFakeClock } from '../support/fake-clock.ts';
import { spreadOf } from '../support/figures.ts';
import { jobNumber } from '../support/jobs.ts';
import { openLedger } from '../support/ledger.ts';
import { withScope } from '../support/scope.ts';
import { numberOf, size, sized } from '../support/size.ts';
import { figuresOf, type Contestant, type Measured } from './contestant.ts';
import { provide } from './debian.ts';
import { etcron } from './etcron.ts';
import { ticksAhead, type Part } from './part.ts';
import { nearestTick } from './schedule.ts';

const OFFSET_S = 3;
const LEAST_PERIOD_S = 10;
/** What is started less early than this may be what a message took, or a timer. */
const EARLY_MS = 100;
/** What starts after that is of the next tick, or counts as not started. */
const LATE_MS = 4_000;
const FAST = 'fast';

interface Seen {
  readonly job: number;
  readonly tick: number;
  readonly at: number;
  readonly worker: string;
}

interface Size {
  readonly jobs: number;
  readonly rounds: number;
}

export function skewParts(): readonly Part[] {
  const asked: Size = {
    jobs: numberOf('JOBS', sized({ smoke: 5, short: 30, full: 30 })),
    rounds: sized({ smoke: 1, short: 1, full: 2 }),
  };
  return [
    {
      name: `skew of ${OFFSET_S} s`,
      scenario: 'skew',
      taskMs: 0,
      ours: () => skew(etcron, asked),
      peer: (peer) => skew(peer, asked),
    },
  ];
}

const skew = (contestant: Contestant, { jobs, rounds }: Size): Promise<Measured> =>
  withScope(async (scope) => {
    provide('faketime');
    const periodS = Math.max(LEAST_PERIOD_S, contestant.finestS);
    const settleMs = size() === 'smoke' ? 0 : (contestant.settleMs ?? 0);
    const seen: Seen[] = [];
    const crew = await contestant.open(scope, {
      scenario: 'skew',
      jobs,
      periodS,
      taskMs: 0,
      // By this process's clock, which is right: later than the start by what the message took.
      onStart({ job }, worker) {
        const at = Date.now();
        seen.push({ job: jobNumber(job), tick: nearestTick(at, periodS), at, worker });
      },
    });
    const clock = openFakeClock(scope);
    clock.set(OFFSET_S);
    const right = contestant.isAlone ? [] : ['right', 'also-right'];
    const workers = [...right.map((name) => crew.startWorker(name)), crew.startWorker(FAST, clock.wrapper)];
    await Promise.all(workers.map((worker) => worker.whenReady));
    const ticks = ticksAhead(periodS, periodS < 60 ? rounds : 1, OFFSET_S * 1_000 + settleMs);
    // What is started sooner was due before: a worker that starts catches up.
    const since = ticks[0]! - OFFSET_S * 1_000 - EARLY_MS;
    await wait(ticks.at(-1)! + LATE_MS - Date.now());
    return measuredOf(
      seen.filter(({ at, tick }) => at > since && ticks.includes(tick)),
      { jobs, periodS, ticks },
    );
  });

function measuredOf(
  seen: readonly Seen[],
  { jobs, periodS, ticks }: { jobs: number; periodS: number; ticks: readonly number[] },
): Measured {
  const first = ticks[0]!;
  const ledger = openLedger({
    jobs,
    firstOf: () => first,
    periodMs: periodS * 1_000,
    ticks: ticks.length,
    judgedFrom: first,
  });
  ledger.started({
    jobs: seen.map(({ job }) => `job-${job}`),
    ticks: seen.map(({ tick }) => tick),
    at: seen.map(({ at }) => at),
  });
  const lags = seen.map(({ at, tick }) => at - tick);
  const sum = ledger.sum();
  return {
    figures: figuresOf({ early: Math.max(0, -Math.min(...lags)) }),
    twice: sum.startedTwice,
    missing: sum.notStarted,
    detail: {
      ticks: ticks.length,
      starts: seen.length,
      startsOfTheFast: seen.filter(({ worker }) => worker === FAST).length,
      early: lags.filter((lag) => lag < -EARLY_MS).length,
      lag: spreadOf(lags),
    },
  };
}
