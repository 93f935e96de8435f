// One line of figures that is asked of etcron and of each peer, in turn: a scenario, at one size.
import { setTimeout as wait } from 'node:timers/promises';
import type { BenchWorker } from '../support/fleet.ts';
import type { Starts } from '../support/worker-protocol.ts';
import type { Contestant, Crew, Measured, ScenarioName } from './contestant.ts';
import type { Peer } from './peer.ts';
import { ticksFrom } from './schedule.ts';

export interface Part {
  /** With its size: `herd of 10,000`. */
  readonly name: string;
  readonly scenario: ScenarioName;
  readonly taskMs: number;
  ours(): Promise<Measured>;
  peer(peer: Peer): Promise<Measured>;
}

/** From the workers' being ready to the first tick. */
const LEAD_MS = 3_000;

/** The ticks that are measured: of all that come, since workers get ready when they do. */
export const ticksAhead = (periodS: number, count: number, moreMs = 0): readonly number[] =>
  ticksFrom(Date.now(), LEAD_MS + moreMs, periodS, count);

export async function startWorkers(
  { isAlone }: Contestant,
  { startWorker }: Crew,
  count: number,
): Promise<readonly BenchWorker[]> {
  const workers = Array.from({ length: isAlone ? 1 : count }, (_, i) => startWorker(`worker-${i + 1}`));
  await Promise.all(workers.map((worker) => worker.whenReady));
  return workers;
}

/** What was started for these ticks, of all that was. */
export function onlyOf(isMeant: (tick: number) => boolean, { jobs, ticks, at }: Starts): Starts {
  const of = <T>(column: readonly T[]): T[] => column.filter((_, i) => isMeant(ticks[i]!));
  return { jobs: of(jobs), ticks: of(ticks), at: of(at) };
}

/** Asks the workers for their starts now and then, for to answer is work for them, until enough is known. */
export async function gather(
  workers: readonly BenchWorker[],
  everyMs: number,
  patience: number,
  note: (starts: Starts) => void,
  isEnough: () => boolean,
): Promise<void> {
  while (!isEnough() && Date.now() < patience) {
    await wait(everyMs);
    for (const worker of workers) note(await worker.take());
  }
}
