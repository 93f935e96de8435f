// Real workers as processes of their own, from the build, with real clocks, signals and deaths.
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PROGRAM } from './program.ts';
import { exited, spawnMarked } from './spawned.ts';
import { waitFor } from './wait.ts';

export interface WorkerProcessOptions {
  readonly endpoint: string;
  readonly prefix: string;
  readonly name: string;
  /** What runs the program: `['faketime', '-f', '+3s']`. */
  readonly wrapper?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Kept by the caller; its own by default, gone with the process. */
  readonly home?: string;
}

export interface WorkerProcess {
  readonly name: string;
  /** The worker's own, also behind a wrapper. */
  readonly pid: number;
  /** Id of its latest registration. */
  readonly workerId: string;
  /** What it wrote, a JSON object a line. */
  readonly log: readonly Record<string, unknown>[];
  signal(signal: NodeJS.Signals): void;
  /** Resolves with its exit code, or the signal that ended it. */
  readonly exit: Promise<number | NodeJS.Signals>;
  /** SIGTERM, or nothing when it is gone; resolves when it is. */
  stop(): Promise<void>;
}

/** A dozen that begin at once keep each other from being ready in time, on a machine of two processors. */
const AT_ONCE = 3;
const turns = Array.from({ length: AT_ONCE }, () => Promise.resolve());
let next = 0;

/** Resolves when it has registered and loaded its jobs. Few of this process start at the same time. */
export function startWorkerProcess(options: WorkerProcessOptions): Promise<WorkerProcess> {
  const turn = next++ % AT_ONCE;
  const started = turns[turn]!.then(() => startNow(options));
  turns[turn] = started.then(
    () => undefined,
    () => undefined,
  );
  return started;
}

async function startNow(options: WorkerProcessOptions): Promise<WorkerProcess> {
  const home = options.home ?? mkdtempSync(join(tmpdir(), 'etcron-home-'));
  const argv = [
    ...(options.wrapper ?? []),
    process.execPath,
    PROGRAM,
    'worker',
    '--etcd',
    options.endpoint,
    '--prefix',
    options.prefix,
    '--name',
    options.name,
    '--ttl',
    '5s',
    '--log-format',
    'json',
    '--log-level',
    'debug',
    '--listen',
    '127.0.0.1:0',
  ];
  const child: ChildProcess = spawnMarked(argv[0]!, argv.slice(1), {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], HOME: home, ...options.env },
  });
  const log: Record<string, unknown>[] = [];
  const other: string[] = [];
  let rest = '';
  child.stdout!.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop()!;
    for (const line of lines) {
      if (line.startsWith('{')) log.push(JSON.parse(line) as Record<string, unknown>);
      else other.push(line);
    }
  });
  child.stderr!.setEncoding('utf8').on('data', (text: string) => other.push(text));
  child.once('error', (error) => other.push(error.message));
  const exit = exited(child).then(() => {
    if (options.home === undefined) rmSync(home, { recursive: true, force: true });
    return child.signalCode ?? child.exitCode!;
  });
  const told = (message: string) => log.findLast(({ msg }) => msg === message);
  const registered = () => told('registered')?.['worker'] as string | undefined;
  const pid = (): number => (told('registered')?.['pid'] as number | undefined) ?? child.pid!;
  await waitFor(
    () => {
      if (child.exitCode !== null) throw new Error(`worker ${options.name} ended: ${other.join('\n')}`);
      return registered() !== undefined && told('jobs loaded') !== undefined;
    },
    { what: `worker ${options.name} is ready`, timeout: 60_000, seen: () => [...other, ...log.slice(-5)] },
  );
  return {
    name: options.name,
    get pid() {
      return pid();
    },
    get workerId() {
      return registered()!;
    },
    log,
    signal: (signal) => void process.kill(pid(), signal),
    exit,
    async stop() {
      if (child.exitCode === null && child.signalCode === null) {
        process.kill(pid(), 'SIGCONT');
        process.kill(pid(), 'SIGTERM');
      }
      await exit;
    },
  };
}

/** Ids of running processes whose parent is this one, with their command lines. */
export function childrenOf(parent: number): { readonly pid: number; readonly command: string }[] {
  const found: { pid: number; command: string }[] = [];
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'latin1');
      const [state, ppid] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      if (Number(ppid) !== parent || state === 'Z') continue;
      const command = readFileSync(`/proc/${name}/cmdline`, 'latin1').replaceAll('\0', ' ').trim();
      found.push({ pid: Number(name), command });
    } catch {
      // Gone meanwhile.
    }
  }
  return found;
}
