// A steady load: a hundred jobs of every second, all due at the same instant of it, for a minute.
import { setTimeout as wait } from 'node:timers/promises';
import { openLedger, type LedgerSum } from '../support/ledger.ts';
import { withScope } from '../support/scope.ts';
import { numberOf, sized } from '../support/size.ts';
import { sustained } from '../support/sustained.ts';
import { figuresOf, type Measured } from './contestant.ts';
import { gather, onlyOf, startWorkers, ticksAhead, type Part } from './part.ts';
import type { Peer } from './peer.ts';

const WARM_UP_S = 5;
const TAKE_EVERY_MS = 5_000;
const PATIENCE_MS = 10_000;

export function steadyParts(): readonly Part[] {
  const jobs = numberOf('RATES', sized({ smoke: 10, short: 100, full: 100 }));
  const seconds = numberOf('SECONDS', sized({ smoke: 3, short: 20, full: 60 }));
  const workers = numberOf('WORKERS', sized({ smoke: 1, short: 3, full: 3 }));
  const load = { kind: 'handler', jobs, periodS: 1, phase: 'burst', seconds, workers } as const;
  return [
    {
      name: `steady ${jobs}/s`,
      scenario: 'steady',
      taskMs: 0,
      ours: async () => measuredOf((await sustained(load)).ticks, {}),
      peer: (peer) => peerSteady(peer, load),
    },
  ];
}

function measuredOf(sum: LedgerSum, detail: object): Measured {
  const { lag, startedTwice, notStarted, overASecondLate, early } = sum;
  return {
    figures: figuresOf({ p50: lag.p50, p99: lag.p99 }),
    twice: startedTwice,
    missing: notStarted,
    detail: { ...detail, lag, overASecondLate, early },
  };
}

const peerSteady = (
  peer: Peer,
  { jobs, seconds, workers: count }: { jobs: number; seconds: number; workers: number },
): Promise<Measured> =>
  withScope(async (scope) => {
    const crew = await peer.open(scope, { scenario: 'steady', jobs, periodS: 1, taskMs: 0 });
    const workers = await startWorkers(peer, crew, count);
    // Others come before the first and after the last of them.
    const ticks = ticksAhead(1, WARM_UP_S + seconds);
    const [first, last] = [ticks[0]!, ticks.at(-1)!];
    const ledger = openLedger({
      jobs,
      firstOf: () => first,
      periodMs: 1_000,
      ticks: ticks.length,
      judgedFrom: ticks[WARM_UP_S]!,
    });
    await wait(first - Date.now());
    await gather(
      workers,
      TAKE_EVERY_MS,
      last + PATIENCE_MS,
      (starts) => ledger.started(onlyOf((tick) => tick >= first && tick <= last, starts)),
      () => ledger.isStarted,
    );
    return measuredOf(ledger.sum(), { workers: workers.length });
  });
