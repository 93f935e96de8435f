// What a stretch of time costs: processor by role, memory by process and its slope, and what etcd counts.
import { rounded } from './figures.ts';
import type { BenchEtcd } from './etcd.ts';
import { countsBetween, type EtcdCounts } from './etcd-counts.ts';
import { childrenOf, cpuSecondsOf, memoryOf } from './proc.ts';

export interface Metered {
  readonly seconds: number;
  readonly counts: EtcdCounts;
  /** Of one core. Runners are the workers' own children; the tasks themselves are not in it. */
  readonly cpuPercent: { readonly workers: number; readonly runners: number; readonly etcd: number };
  /** Of each worker, with its runners. */
  readonly cpuPercentOfEach: readonly number[];
  readonly memory: readonly MemoryOf[];
}

export interface MemoryOf {
  readonly process: string;
  readonly firstMiB: number;
  readonly lastMiB: number;
  /** Over the later three quarters; null when it was watched for less than two minutes, which says nothing. */
  readonly slopeMiBPerMinute: number | null;
}

export interface Meter {
  /** Memory is noted at these. */
  sample(): void;
  stop(): Promise<Metered>;
}

interface Watched {
  readonly name: string;
  readonly pid: number;
}

const SLOPE_NEEDS_MS = 120_000;

export async function startMeter(server: BenchEtcd, workers: readonly Watched[]): Promise<Meter> {
  const watched: readonly Watched[] = [{ name: 'etcd', pid: server.pid }, ...workers];
  const runners = (): number[] => workers.flatMap(({ pid }) => childrenOf(pid));
  const cpuBefore = new Map<number, number>();
  for (const pid of [...watched.map(({ pid }) => pid), ...runners()]) cpuBefore.set(pid, cpuSecondsOf(pid));
  /** A runner that came later began at nothing. */
  const spent = (pid: number): number => cpuSecondsOf(pid) - (cpuBefore.get(pid) ?? 0);
  const samples = watched.map(() => [] as { at: number; mib: number }[]);
  const sample = (): void => {
    const at = performance.now();
    for (const [i, { pid }] of watched.entries()) samples[i]!.push({ at, mib: memoryOf(pid).rssMiB });
  };
  sample();
  const before = await server.counts();
  const since = performance.now();
  return {
    sample,
    async stop() {
      const counts = countsBetween(before, await server.counts());
      const seconds = (performance.now() - since) / 1_000;
      sample();
      const percent = (pids: readonly number[]): number =>
        rounded((pids.reduce((sum, pid) => sum + spent(pid), 0) / seconds) * 100, 2);
      return {
        seconds: rounded(seconds, 1),
        counts,
        cpuPercent: {
          workers: percent(workers.map(({ pid }) => pid)),
          runners: percent(runners()),
          etcd: percent([server.pid]),
        },
        cpuPercentOfEach: workers.map(({ pid }) => percent([pid, ...childrenOf(pid)])),
        memory: watched.map(({ name }, i) => memoryOfSamples(name, samples[i]!)),
      };
    },
  };
}

function memoryOfSamples(name: string, samples: readonly { at: number; mib: number }[]): MemoryOf {
  const first = samples[0]!;
  const last = samples.at(-1)!;
  const from = first.at + (last.at - first.at) / 4;
  const later = samples.filter(({ at }) => at >= from);
  return {
    process: name,
    firstMiB: rounded(first.mib),
    lastMiB: rounded(last.mib),
    slopeMiBPerMinute: last.at - first.at < SLOPE_NEEDS_MS ? null : rounded(slopeOf(later) * 60_000, 2),
  };
}

/** Least squares, MiB for each ms. */
function slopeOf(samples: readonly { at: number; mib: number }[]): number {
  const mean = (of: (each: { at: number; mib: number }) => number): number =>
    samples.reduce((sum, each) => sum + of(each), 0) / samples.length;
  const at = mean((each) => each.at);
  const mib = mean((each) => each.mib);
  const covariance = mean((each) => (each.at - at) * (each.mib - mib));
  return covariance / mean((each) => (each.at - at) ** 2);
}
