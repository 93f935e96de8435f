// What /proc tells of processes: state, group, start time, and the marker in their environment. A process
// that vanishes while it is read is simply not there; nothing here throws.
import { readdirSync, readFileSync } from 'node:fs';

export interface ProcessStat {
  readonly pid: number;
  /** Zombies and the dead have ended: only their entry is left. */
  readonly over: boolean;
  readonly group: number;
  /** Clock ticks since boot, as text: with the pid it names a process for ever. */
  readonly birth: string;
}

export function statOf(pid: number): ProcessStat | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return undefined;
  }
  // The command's name stands in parentheses and may hold anything, parentheses and spaces too.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const state = fields[0] ?? 'X';
  return {
    pid,
    over: state === 'Z' || state === 'X' || state === 'x',
    group: Number(fields[2]),
    birth: fields[19] ?? '',
  };
}

function pids(): number[] {
  try {
    return readdirSync('/proc')
      .map(Number)
      .filter((pid) => pid > 1);
  } catch {
    return [];
  }
}

/** True when a process of the group still runs; zombies that nobody reaps don't count. */
export function groupHasLiving(group: number): boolean {
  return pids().some((pid) => {
    const stat = statOf(pid);
    return stat !== undefined && stat.group === group && !stat.over;
  });
}

/**
 * Living processes whose environment holds an entry that starts with `entry`; end it with `\0` for the
 * whole entry. Processes of other users are seen by root only.
 */
export function livingWithEnvironment(entry: string): ProcessStat[] {
  const found: ProcessStat[] = [];
  for (const pid of pids()) {
    if (pid === process.pid) continue;
    try {
      const environment = `\0${readFileSync(`/proc/${pid}/environ`, 'latin1')}`;
      if (!environment.includes(`\0${entry}`)) continue;
    } catch {
      continue;
    }
    const stat = statOf(pid);
    if (stat && !stat.over) found.push(stat);
  }
  return found;
}
