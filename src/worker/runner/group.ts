// Ending process groups, and making sure of it. A group counts as gone when the kernel knows no member or
// only zombies are left; nobody may report a task's end before that.
import { groupHasLiving, lookForEnvironment, statOf } from './proc.ts';

/** How often to look again, and after how many looks /proc is asked whether only zombies are left. */
const LOOK_EVERY_MS = 5;
const LOOKS_BEFORE_PROC = 4;

/** False when the group has no member any more. A member of another user also counts as gone from here. */
export function signalGroup(group: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-group, signal);
    return true;
  } catch {
    return false;
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Kills what is left of a group; false when something of it still runs after `patienceMs`. */
export async function clearGroup(group: number, patienceMs: number): Promise<boolean> {
  const giveUp = performance.now() + patienceMs;
  for (let looks = 1; signalGroup(group, 'SIGKILL'); looks++) {
    if (looks % LOOKS_BEFORE_PROC === 0 && !groupHasLiving(group)) return true;
    if (performance.now() > giveUp) return false;
    await pause(LOOK_EVERY_MS);
  }
  return true;
}

/**
 * Kills every process that carries the environment entry, whatever group or session it fled to; false when
 * one still runs after `patienceMs`. Looks until one is sure that there is none: a process may fork, and end, while it
 * is looked for.
 */
export async function clearMarked(entry: string, patienceMs: number): Promise<boolean> {
  const giveUp = performance.now() + patienceMs;
  const innocent = new Set<number>();
  for (;;) {
    const { living, isSure } = lookForEnvironment(entry, innocent);
    if (living.length === 0 && isSure) return true;
    for (const { pid } of living) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // Gone meanwhile.
      }
    }
    if (performance.now() > giveUp) return living.length === 0;
    await pause(living.length === 0 ? 0 : LOOK_EVERY_MS);
  }
}

/** True unless the group's leader is alive and another process than the one born at `birth`. */
export function isGroupOf(leader: number, birth: string): boolean {
  const stat = statOf(leader);
  return stat === undefined || stat.birth === birth;
}
