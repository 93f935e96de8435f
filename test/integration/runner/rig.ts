// What the runner's tests share: the runner and a small worker, tasks that keep a journal, and the judgement whether
// processes are gone.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pino, type Logger } from 'pino';
import { afterEach, beforeEach } from 'vitest';
import { systemClock } from '../../../src/common/runtime/clock.ts';
import {
  startRunner,
  type ProcessRequest,
  type Runner,
  type RunnerOptions,
} from '../../../src/worker/runner/client.ts';
import { waitFor } from '../../support/wait.ts';

/** A worker that runs one task. */
export const WORKER_SCRIPT = fileURLToPath(new URL('worker-script.mjs', import.meta.url));

export const clock = systemClock();
export const silent: Logger = pino({ level: 'silent' });

export interface Rig {
  /** Of the present test. */
  readonly dir: string;
  /** A runner that is stopped after the test. */
  runner(onDied?: (reason: string) => void): Promise<Runner>;
  /** The same, not up yet. */
  rising(more?: Partial<RunnerOptions>): Runner;
}

/** A folder of its own for each test. Call at the top of a test file. */
export function useFolder(): { readonly dir: string } {
  let dir: string | undefined;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'etcron-runner-'));
  });
  afterEach(() => rm(dir!, { recursive: true, force: true }));
  return {
    get dir() {
      return dir!;
    },
  };
}

/** Call at the top of a test file. */
export function useRig(): Rig {
  const runners: Runner[] = [];
  // Hooks after a test run in reverse: the runners stop before their folder goes.
  const folder = useFolder();
  afterEach(async () => {
    await Promise.all(runners.splice(0).map((runner) => runner.stop()));
  });
  const rising: Rig['rising'] = (more) => {
    const runner = startRunner({ dataDir: folder.dir, clock, logger: silent, ...more });
    runners.push(runner);
    return runner;
  };
  return {
    get dir() {
      return folder.dir;
    },
    rising,
    async runner(onDied) {
      const runner = rising(onDied && { onDied });
      await runner.whenUp;
      return runner;
    },
  };
}

let requests = 0;

export function request(argv: readonly string[], more: Partial<ProcessRequest> = {}): ProcessRequest {
  const runId = `20261122T143000.000Z-${String(++requests).padStart(6, '0')}`;
  return {
    key: `${runId}/1`,
    job: 'job',
    runId,
    argv,
    env: { PATH: process.env['PATH']! },
    killGraceMs: 20_000,
    outputLimit: 1024 * 1024,
    ...more,
  };
}

export const shell = (command: string, more: Partial<ProcessRequest> = {}): ProcessRequest =>
  request(['/bin/sh', '-c', command], more);

/** Writes its pid and those of two children, one in a session of its own, then the time again and again. */
export const journalled = (journal: string): string =>
  `sleep 1000 & child=$!; setsid sleep 1000 & echo $$ $child $! > ${journal}.pids.new; ` +
  `mv ${journal}.pids.new ${journal}.pids; while :; do date +%s%3N >> ${journal}; sleep 0.02; done`;

/** The pids, as soon as the task has written them and its first times. */
export function journalPids(journal: string): Promise<number[]> {
  return waitFor(
    () =>
      existsSync(`${journal}.pids`) &&
      existsSync(journal) &&
      readFileSync(`${journal}.pids`, 'utf8').trim().split(' ').map(Number),
    { what: 'the task writes its journal' },
  );
}

/** A zombie has ended: nobody has asked how, that is all. */
export function isRunning(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return !'ZX'.includes(stat.slice(stat.lastIndexOf(')') + 2)[0]!);
  } catch {
    return false;
  }
}

/** Running processes whose command line holds the text. */
export function runningWith(text: string): string[] {
  const commands: string[] = [];
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name) || !isRunning(Number(name))) continue;
    try {
      const command = readFileSync(`/proc/${name}/cmdline`, 'latin1');
      // A runner itself has its folder on its command line.
      if (command.includes(text) && !command.includes('runner/main.js')) commands.push(command);
    } catch {
      // Gone meanwhile.
    }
  }
  return commands;
}

export const untilGone = (pids: readonly number[], timeout = 20_000): Promise<true> =>
  waitFor(() => pids.every((pid) => !isRunning(pid)) || undefined, {
    what: 'all processes of the task are gone',
    timeout,
    seen: () => pids.filter(isRunning),
  }).then(() => true);

export const lastTime = (journal: string): number =>
  Number(readFileSync(journal, 'utf8').trim().split('\n').at(-1));

/** Waits until some spool holds the text. */
export async function outputHolds(dataDir: string, text: string): Promise<void> {
  const folder = join(dataDir, 'runs/job');
  const holds = (name: string): boolean => readFileSync(join(folder, name), 'utf8').includes(text);
  await waitFor(() => (existsSync(folder) && readdirSync(folder).some(holds)) || undefined, {
    what: `an output holds "${text}"`,
  });
}
