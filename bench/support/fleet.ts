// Worker processes of a scenario, from its side: started, asked, killed, and gone at its end.
import { fork } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { NODE_FLAGS } from '../../src/cli/node-flags.ts';
import { childrenOf, isGone } from './proc.ts';
import type { Scope } from './scope.ts';
import type { FromWorker, Starts, ToWorker, WindowReport, WorkerProcessOptions } from './worker-protocol.ts';

const STOP_WITHIN_MS = 10_000;

export interface Start {
  readonly job: string;
  readonly tick: number;
  readonly at: number;
}

export interface BenchWorker {
  readonly name: string;
  readonly pid: number;
  /** `performance.now()` of this process when it was forked. */
  readonly forkedAt: number;
  /** Rejects when the process ends before. */
  readonly whenReady: Promise<{ readonly url: string; readonly workerId: string }>;
  begin(): void;
  /** Starts since they were asked for last. */
  take(): Promise<Starts>;
  end(): Promise<WindowReport>;
  /** Resolves when the process is gone. */
  kill(signal: 'SIGKILL' | 'SIGTERM'): Promise<void>;
}

export interface FleetOptions {
  readonly endpoints: readonly string[];
  readonly prefix: string;
  readonly slots: number;
  readonly ttlMs: number;
  readonly measuresFromStart?: boolean;
  readonly onStart?: (start: Start, worker: string) => void;
}

/** `wrapper`: the program, with its arguments, that runs node. */
export type StartWorker = (name: string, wrapper?: readonly string[]) => BenchWorker;

/** `ETCRON_BENCH_PROFILE=<directory>`: each window of each worker is profiled into it. `ETCRON_BENCH_LOG=<level>`. */
export function openFleet(scope: Scope, options: FleetOptions): StartWorker {
  const dataDir = scope.tempDir();
  const profileDir = process.env['ETCRON_BENCH_PROFILE'];
  if (profileDir !== undefined) mkdirSync(profileDir, { recursive: true });
  return (name, wrapper) => {
    const given: WorkerProcessOptions = {
      endpoints: options.endpoints,
      prefix: options.prefix,
      name,
      slots: options.slots,
      ttlMs: options.ttlMs,
      dataDir: join(dataDir, name),
      tellsStarts: options.onStart !== undefined,
      measuresFromStart: options.measuresFromStart ?? false,
      logLevel: process.env['ETCRON_BENCH_LOG'] ?? 'error',
      profileDir,
    };
    mkdirSync(given.dataDir, { recursive: true });
    const entry = fileURLToPath(new URL('worker-process.js', import.meta.url));
    return startWorkerProcess(scope, { name, entry, options: given, onStart: options.onStart, wrapper });
  };
}

export interface WorkerProcess {
  readonly name: string;
  /** Its module, which speaks the worker protocol. */
  readonly entry: string;
  /** Its one argument, as JSON. */
  readonly options: object;
  readonly onStart: FleetOptions['onStart'] | undefined;
  readonly wrapper: readonly string[] | undefined;
  /** How it ends with the scope. */
  readonly endsBy?: 'SIGKILL' | 'SIGTERM';
}

/** Any worker with the flags of node that etcron's own have; gone with the scope. */
export function startWorkerProcess(
  scope: Scope,
  { name, entry, options, onStart, wrapper = [], endsBy = 'SIGTERM' }: WorkerProcess,
): BenchWorker {
  const forkedAt = performance.now();
  const [execPath, ...execArgv] = [
    ...wrapper,
    process.execPath,
    '--enable-source-maps',
    ...NODE_FLAGS,
  ] as const;
  const child = fork(entry, [JSON.stringify(options)], { execPath: execPath!, execArgv });
  const reports: ((report: WindowReport) => void)[] = [];
  const takers: ((starts: Starts) => void)[] = [];
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const whenReady = new Promise<{ url: string; workerId: string }>((resolve, reject) => {
    child.once('exit', (code, signal) =>
      reject(new Error(`${name} ended before it was ready: ${signal ?? `exit code ${code}`}`)),
    );
    child.on('message', (message: FromWorker) => {
      if (message.type === 'ready') resolve(message);
      else if (message.type === 'report') reports.shift()?.(message.report);
      else if (message.type === 'starts') takers.shift()?.(message.starts);
      else onStart?.(message, name);
    });
  });
  whenReady.catch(() => undefined);
  const say = (message: ToWorker): void => void child.send(message);
  const asked = <T>(waiting: ((answer: T) => void)[], type: 'end' | 'take'): Promise<T> =>
    new Promise((resolve, reject) => {
      waiting.push(resolve);
      void gone.then(() => reject(new Error(`${name} ended before it reported`)));
      say({ type });
    });
  const worker: BenchWorker = {
    name,
    pid: child.pid!,
    forkedAt,
    whenReady,
    begin: () => say({ type: 'begin' }),
    take: () => asked(takers, 'take'),
    end: () => asked(reports, 'end'),
    async kill(signal) {
      child.kill(signal);
      await gone;
    },
  };
  scope.onClose(() => stopWorker(worker, endsBy));
  return worker;
}

/** With its runners, which end by themselves when it is gone. */
async function stopWorker(worker: BenchWorker, signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
  if (isGone(worker.pid)) return;
  const all = [worker.pid, ...childrenOf(worker.pid)];
  const enough = setTimeout(() => void worker.kill('SIGKILL'), STOP_WITHIN_MS);
  await worker.kill(signal);
  clearTimeout(enough);
  const deadline = performance.now() + STOP_WITHIN_MS;
  while (!all.every(isGone)) {
    if (performance.now() > deadline) throw new Error(`runners of ${worker.name} are still there`);
    await wait(20);
  }
}
