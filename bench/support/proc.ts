// What the kernel says of a process: memory, time on the processor, children. Linux only.
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';

/** USER_HZ, which is 100 on every architecture that Linux still builds for. */
const TICKS_PER_SECOND = 100;
const MIB_IN_KIB = 1024;
/** A process that has nothing left to do is below this share of a core. */
const QUIET_SHARE = 0.1;
/** Under a profiler none ever is. */
const QUIET_WITHIN_MS = 15_000;

export interface Memory {
  readonly rssMiB: number;
  /** Highest RSS since its start. */
  readonly peakMiB: number;
}

export function memoryOf(pid: number): Memory {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const mib = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) / MIB_IN_KIB;
  return { rssMiB: mib('VmRSS'), peakMiB: mib('VmHWM') };
}

/** Fields of /proc/<pid>/stat from the third on: the second is a name that may hold anything. */
const statOf = (pid: number): string[] => {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
};

/** User and system time of all its threads so far. */
export function cpuSecondsOf(pid: number): number {
  const stat = statOf(pid);
  return (Number(stat[11]) + Number(stat[12])) / TICKS_PER_SECOND;
}

export const cpuOf = (pids: readonly number[]): number =>
  pids.reduce((sum, pid) => sum + cpuSecondsOf(pid), 0);

/** Until they do next to nothing for a second. */
export async function untilQuiet(pids: readonly number[]): Promise<void> {
  const deadline = performance.now() + QUIET_WITHIN_MS;
  for (let before = cpuOf(pids); performance.now() < deadline;) {
    await wait(1_000);
    const now = cpuOf(pids);
    if (now - before < QUIET_SHARE) return;
    before = now;
  }
}

export function childrenOf(pid: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((each) => {
      try {
        return Number(statOf(each)[1]) === pid;
      } catch {
        return false;
      }
    });
}

/** A zombie counts as gone: it only waits for its parent to notice. */
export function isGone(pid: number): boolean {
  try {
    return statOf(pid)[0] === 'Z';
  } catch {
    return true;
  }
}
