// What a load at a steady rate gave, as people read it.
import { printTable } from './figures.ts';
import type { SustainedResult } from './sustained.ts';

/** How it went, and what it cost. */
export function printSustained(results: readonly SustainedResult[]): void {
  const nameOf = ({ load }: SustainedResult): string =>
    `${load.jobs} ${load.kind} every ${load.periodS} s, ${load.phase}, ${load.workers} workers`;
  printTable(
    results.map((result) => ({
      load: nameOf(result),
      'ticks/s': result.ticksPerSecond,
      seconds: result.load.seconds,
      'p50 ms': result.ticks.lag.p50,
      'p99 ms': result.ticks.lag.p99,
      'max ms': result.ticks.lag.max,
      '> 1 s': result.ticks.overASecondLate,
      early: result.ticks.early,
      due: result.ticks.due,
      'started once': result.ticks.startedOnce,
      'twice/not': `${result.ticks.startedTwice}/${result.ticks.notStarted}`,
      'recorded once': result.ticks.recordedOnce,
      'twice/not ': `${result.ticks.recordedTwice}/${result.ticks.unrecorded}`,
      states: Object.entries(result.ticks.states)
        .map(([state, count]) => `${state} ${count}`)
        .join(', '),
      held: result.isHeld ? 'yes' : 'no',
    })),
  );
  printTable(
    results.map((result) => ({
      load: nameOf(result),
      'cpu % workers': result.cpuPercent.workers,
      runners: result.cpuPercent.runners,
      etcd: result.cpuPercent.etcd,
      'cpu ms/run': result.perRun.cpuMs,
      'requests/run': result.perRun.requests,
      'txns/run': result.perRun.transactions,
      'puts/run': result.perRun.puts,
      'bytes in/run': result.perRun.bytesIn,
      'out/run': result.perRun.bytesOut,
      'loop p99 ms': result.loop.map(({ p99Ms }) => p99Ms).join('/'),
      'max ms': result.loop.map(({ maxMs }) => maxMs).join('/'),
      'MiB etcd/workers': result.memory.map(({ lastMiB }) => lastMiB).join('/'),
      'MiB/min': result.memory.map(({ slopeMiBPerMinute }) => slopeMiBPerMinute ?? '-').join('/'),
      'db MiB': result.dbMiB,
    })),
  );
}
