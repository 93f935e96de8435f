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

/** From the third on: the command's name stands in parentheses and may hold anything, parentheses and spaces too. */
const fieldsOf = (stat: string): string[] => stat.slice(stat.lastIndexOf(')') + 2).split(' ');

export function statOf(pid: number): ProcessStat | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return undefined;
  }
  const fields = fieldsOf(text);
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

/** What one look at all processes told. */
export interface Look {
  /** They have the entry, and run. */
  readonly living: readonly ProcessStat[];
  /** False when one ended, or was about to start a program, before it had told: it may have had the entry, and a child. */
  readonly isSure: boolean;
}

/**
 * Looks for living processes whose environment holds an entry that starts with `entry`; end it with `\0` for the
 * whole entry. `innocent`, empty at first and kept from look to look, holds those that need not be asked again: what
 * is new is then looked at in a moment. Processes of other users are seen by root only.
 *
 * When each process forks and ends at once, the list names one that is gone when it is asked, and not yet its child.
 * But of such a row there is always one that is listed, for later ones have higher ids, up to which the list goes: a
 * look in which all that were listed have told is sure.
 */
export function lookForEnvironment(entry: string, innocent: Set<number>): Look {
  const living: ProcessStat[] = [];
  let isSure = true;
  for (const pid of pids()) {
    if (pid === process.pid || innocent.has(pid)) continue;
    const environment = environmentOf(pid);
    if (environment !== undefined && !`\0${environment}`.includes(`\0${entry}`)) {
      innocent.add(pid);
      continue;
    }
    const stat = statOf(pid);
    if (stat && !stat.over && environment !== undefined) {
      living.push(stat);
      continue;
    }
    isSure = false;
    // A child of it is on the next list, if it is on none yet.
    if (stat?.over) innocent.add(pid);
  }
  return { living, isSure };
}

/** Undefined when it can't tell: it has ended, or is between two programs. Empty when it may not be read. */
function environmentOf(pid: number): string | undefined {
  try {
    const environment = readFileSync(`/proc/${pid}/environ`, 'latin1');
    if (environment !== '') return environment;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'ESRCH') return '';
  }
  return hasNone(pid) ? '' : undefined;
}

/** From include/linux/sched.h. */
const KERNEL_THREAD = 0x0020_0000;

/** By its nature, or by intent: else it is about to be filled, or no more. */
function hasNone(pid: number): boolean {
  try {
    const fields = fieldsOf(readFileSync(`/proc/${pid}/stat`, 'latin1'));
    const [from, to] = [fields[47], fields[48]];
    return (Number(fields[6]) & KERNEL_THREAD) !== 0 || (from === to && to !== '0');
  } catch {
    return false;
  }
}
