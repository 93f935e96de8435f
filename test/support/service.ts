// A master or a worker as a process that a test may kill, freeze, stop and start again at any moment. Nothing
// waits for it to be ready: what it does meanwhile is the test's matter. What it writes goes to a file.
import type { ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { PROGRAM } from './program.ts';
import { exited, spawnMarked } from './spawned.ts';

export interface ServiceOptions {
  readonly name: string;
  /** `['worker', '--name', 'w1']` */
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly logFile: string;
  /** It ended although nobody asked: how. */
  readonly onCrash: (name: string, how: string) => void;
}

export interface Service {
  readonly name: string;
  /** Of the process that runs, or ran last. */
  readonly pid: number;
  readonly isUp: boolean;
  start(): void;
  /** SIGKILL. */
  kill(): Promise<void>;
  /**
   * SIGTERM; after `patienceMs` SIGKILL. Resolves with its exit code, or the signal. One that has not come to watch
   * for signals yet, as in the first moments of a process, ends by it as well as it can: that is 0.
   */
  stop(patienceMs: number): Promise<number | NodeJS.Signals>;
  freeze(): void;
  thaw(): void;
}

export function createService(options: ServiceOptions): Service {
  const { name, args, env, logFile, onCrash } = options;
  let child: ChildProcess | undefined;
  let isUp = false;
  let isEnding = false;

  const signal = (which: NodeJS.Signals): void => void (isUp && child?.kill(which));
  const end = async (which: NodeJS.Signals): Promise<void> => {
    isEnding = true;
    signal('SIGCONT');
    signal(which);
    if (child) await exited(child);
  };
  return {
    name,
    get pid() {
      return child?.pid ?? 0;
    },
    get isUp() {
      return isUp;
    },
    start() {
      if (isUp) throw new Error(`${name} runs already`);
      const log = openSync(logFile, 'a');
      const started = spawnMarked(process.execPath, [PROGRAM, ...args], {
        stdio: ['ignore', log, log],
        env: { PATH: process.env['PATH'], TMPDIR: process.env['TMPDIR'], ...env },
      });
      closeSync(log);
      child = started;
      isUp = true;
      isEnding = false;
      started.once('error', (error) => onCrash(name, error.message));
      started.once('exit', (code, by) => {
        isUp = false;
        if (!isEnding) onCrash(name, by ?? `exit code ${code}`);
      });
    },
    kill: () => end('SIGKILL'),
    async stop(patienceMs) {
      const late = setTimeout(() => signal('SIGKILL'), patienceMs);
      const isWatching = isUp && watchesForTerm(child!.pid!);
      await end('SIGTERM');
      clearTimeout(late);
      if (!isWatching && child?.signalCode === 'SIGTERM') return 0;
      return child?.signalCode ?? child?.exitCode ?? 0;
    },
    freeze: () => signal('SIGSTOP'),
    thaw: () => signal('SIGCONT'),
  };
}

const SIGTERM_BIT = 1n << 14n;

/** From /proc: the mask of the signals that the process catches. */
function watchesForTerm(pid: number): boolean {
  const mask = /^SigCgt:\s*([0-9a-f]+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return mask !== undefined && (BigInt(`0x${mask}`) & SIGTERM_BIT) !== 0n;
}
