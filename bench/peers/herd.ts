// The herd: all jobs due at the same instant, three times or twice. Starts are noted by the task in the worker's
// process; "done" is the peer's own event that the last end is recorded.
import { setTimeout as wait } from 'node:timers/promises';
import { median } from '../support/figures.ts';
import { herd, type HerdResult } from '../support/herd.ts';
import { openLedger } from '../support/ledger.ts';
import { withScope } from '../support/scope.ts';
import { numberOf, numbersOf, sized } from '../support/size.ts';
import type { Starts } from '../support/worker-protocol.ts';
import { figuresOf, type Measured } from './contestant.ts';
import { gather, onlyOf, startWorkers, ticksAhead, type Part } from './part.ts';
import type { Peer } from './peer.ts';

const TAKE_EVERY_MS = 2_000;
/** Herds that are minutes apart take long enough. */
const ROUNDS_OF_MINUTES = 2;

interface Herd {
  readonly jobs: number;
  readonly workers: number;
  readonly rounds: number;
}

/** As they were asked for: each size with each number of workers. */
export function herdParts(): readonly Part[] {
  const sizes = numbersOf('HERD', sized({ smoke: [20], short: [1_000], full: [10_000] }));
  const counts = numbersOf('WORKERS', sized({ smoke: [1], short: [3], full: [3] }));
  const rounds = numberOf('ROUNDS', sized({ smoke: 1, short: 2, full: 3 }));
  return sizes.flatMap((jobs) =>
    counts.map((workers) => ({
      name: `herd of ${jobs}${counts.length > 1 ? ` on ${workers}` : ''}`,
      scenario: 'herd' as const,
      taskMs: 0,
      ours: async () => measuredOf(await herd({ jobs, workers, kind: 'handler', rounds })),
      peer: (peer: Peer) => peerHerd(peer, { jobs, workers, rounds }),
    })),
  );
}

/** Of the rounds after the first, in which nothing was compiled yet, where there are any. */
function measuredOf({ cold, warm, rounds }: HerdResult): Measured {
  const { p50Ms, p99Ms, lastRecordedMs } = rounds.length > 1 ? warm : cold;
  return {
    figures: figuresOf({ p50: p50Ms, p99: p99Ms, done: lastRecordedMs }),
    twice: cold.twice + warm.twice,
    missing: cold.missing + warm.missing,
    detail: { cold, warm, rounds: rounds.length },
  };
}

function openRound(tick: number, jobs: number) {
  const ledger = openLedger({ jobs, firstOf: () => tick, periodMs: 1_000, ticks: 1, judgedFrom: tick });
  let ends = 0;
  let lastEnd = Number.NaN;
  return {
    note(starts: Starts): void {
      ledger.started(onlyOf((each) => each === tick, starts));
      for (const [i, at] of (starts.ends?.at ?? []).entries()) {
        if (starts.ends?.ticks[i] !== tick) continue;
        ends++;
        if (!(lastEnd > at)) lastEnd = at;
      }
    },
    isOver: () => ledger.isStarted && ends >= jobs,
    sum() {
      const { lag, startedTwice, notStarted } = ledger.sum();
      return { ...lag, done: lastEnd - tick, ended: ends, twice: startedTwice, missing: notStarted };
    },
  };
}

const peerHerd = (peer: Peer, { jobs, workers: count, rounds }: Herd): Promise<Measured> =>
  withScope(async (scope) => {
    const periodS = peer.herdPeriodS;
    const most = periodS < 60 ? rounds : Math.min(rounds, ROUNDS_OF_MINUTES);
    const crew = await peer.open(scope, { scenario: 'herd', jobs, periodS, taskMs: 0 });
    const workers = await startWorkers(peer, crew, count);
    const ticks = ticksAhead(periodS, most);
    const measured = ticks.map((tick) => openRound(tick, jobs));
    const patience = ticks.at(-1)! + sized({ smoke: 20, short: 60, full: 150 }) * 1_000;
    await wait(ticks[0]! - Date.now());
    await gather(
      workers,
      TAKE_EVERY_MS,
      patience,
      (starts) => measured.forEach((round) => round.note(starts)),
      () => measured.every((round) => round.isOver()),
    );
    const sums = measured.map((round) => round.sum());
    const told = sums.length > 1 ? sums.slice(1) : sums;
    const of = (name: 'p50' | 'p99' | 'done'): number => median(told.map((sum) => sum[name]));
    return {
      figures: figuresOf({ p50: of('p50'), p99: of('p99'), done: of('done') }),
      twice: sums.reduce((all, { twice }) => all + twice, 0),
      missing: sums.reduce((all, { missing }) => all + missing, 0),
      detail: { registerMs: crew.registerMs, workers: workers.length, periodS, rounds: sums },
    };
  });
