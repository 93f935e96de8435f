// The two ends of the channel between `etcron dev` and the master and workers it starts: a child tells when
// it is ready, and ends at once when its parent is gone, however that died.
import { fork, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { NODE_FLAGS } from './node-flags.ts';

interface Ready {
  readonly url: string;
}

/** How a child ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface SupervisedChild {
  readonly name: string;
  readonly pid: number;
  /** Its URL, or undefined when it ended before it was ready. */
  readonly ready: Promise<string | undefined>;
  readonly exited: Promise<Exit>;
  isAlive(): boolean;
  /** SIGTERM, or at the second call SIGKILL. Resolves when it is gone. */
  stop(): Promise<Exit>;
}

export interface ChildOptions {
  readonly name: string;
  /** The program, as `fork` takes it. */
  readonly program: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Each line of its output. */
  readonly onLine: (line: string) => void;
}

export function startChild({ name, program, args, env, onLine }: ChildOptions): SupervisedChild {
  // Detached: Ctrl-C in the terminal reaches dev alone, which then stops its children in order.
  const child = fork(program, args, {
    env,
    detached: true,
    execArgv: [...NODE_FLAGS],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  for (const stream of [child.stdout!, child.stderr!]) createInterface({ input: stream }).on('line', onLine);
  const exited = new Promise<Exit>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
    child.once('error', () => resolve({ code: null, signal: null }));
  });
  const ready = new Promise<string | undefined>((resolve) => {
    child.once('message', (message) => resolve((message as Ready).url));
    void exited.then(() => resolve(undefined));
  });
  let asked = false;
  return {
    name,
    pid: child.pid ?? -1,
    ready,
    exited,
    isAlive: () => isRunning(child),
    stop: () => {
      if (isRunning(child)) child.kill(asked ? 'SIGKILL' : 'SIGTERM');
      asked = true;
      return exited;
    },
  };
}

const isRunning = (child: ChildProcess): boolean =>
  child.pid !== undefined && child.exitCode === null && child.signalCode === null;

/** In the child: ends the process when the parent does, without grace, for nobody is left to wait for it. */
export function endWithParent(end: () => void): void {
  process.once('disconnect', end);
  process.channel?.unref();
}

/** In the child. */
export function tellReady(url: string): void {
  process.send?.({ url } satisfies Ready);
}
