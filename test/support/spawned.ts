// Every process that a test starts goes through here: it carries the run's mark in its environment, so that
// the end of the run can tell whether any was left behind, and it dies with the test process at the latest.
import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

export const RUN_MARK = 'ETCRON_TEST_RUN';

const alive = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of alive) child.kill('SIGKILL');
});

/** Like child_process.spawn, marked. Processes that it starts inherit the mark. */
export function spawnMarked(
  command: string,
  args: readonly string[],
  options: SpawnOptions = {},
): ChildProcess {
  const mark = process.env[RUN_MARK] ?? `alone-${process.pid}`;
  const child = spawn(command, args, {
    ...options,
    env: { ...(options.env ?? process.env), [RUN_MARK]: mark },
  });
  alive.add(child);
  child.once('exit', () => alive.delete(child));
  child.once('error', () => alive.delete(child));
  return child;
}

/** Resolves when the process is gone, at once if it is. */
export const exited = (child: ChildProcess): Promise<void> =>
  child.exitCode !== null || child.signalCode !== null
    ? Promise.resolve()
    : new Promise((resolve) => child.once('exit', () => resolve()));

export interface MarkedProcess {
  readonly pid: number;
  readonly command: string;
}

/**
 * Running processes that belong to this run, from /proc; none where there is no /proc. Runners and tasks do
 * not inherit the mark: workers give them a clean environment. What gives them away is that they work below
 * `folder`, the run's own TMPDIR.
 */
export const markedProcesses = (mark: string, folder?: string): MarkedProcess[] =>
  processesThat(
    (text) => folder !== undefined && text.includes(folder),
    (environment) => environment.includes(`${RUN_MARK}=${mark}`),
  );

/** Running processes that have the folder's path in their command or environment. */
export const processesIn = (folder: string): MarkedProcess[] =>
  processesThat(
    (text) => text.includes(folder),
    () => false,
  );

function processesThat(
  isIn: (text: string) => boolean,
  isOf: (environment: readonly string[]) => boolean,
): MarkedProcess[] {
  const found: MarkedProcess[] = [];
  let pids: string[];
  try {
    pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
  for (const pid of pids) {
    try {
      const environment = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
      if (!isOf(environment) && !environment.some(isIn) && !isIn(command)) continue;
      // A zombie has an empty command line: dead, and only waiting for its parent to notice.
      if (command !== '') found.push({ pid: Number(pid), command });
    } catch {
      // Gone meanwhile, or another user's.
    }
  }
  return found;
}
