// The worker's end of one runner process: starts it, talks to it, finds out that it is dead or frozen, and
// then leaves nothing of it running. Knows tasks by key only; what their ends mean is its caller's.
import { fork, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import type { Clock, Timer } from '../../common/core/clock.ts';
import type { Millis } from '../../common/model/time.ts';
import { clearGroup, clearMarked, isGroupOf } from './group.ts';
import { MARKER, type FromRunner, type ToRunner } from './protocol.ts';

const PING_EVERY: Millis = 1_000;
/**
 * Pings in a row without any answer before the runner counts as frozen. Counted, not timed: a worker that
 * was frozen itself finds the answers waiting when it wakes, and must not blame the runner.
 */
const PINGS_UNANSWERED = 5;
const READY_WITHIN: Millis = 20_000;
const STRAYS_PATIENCE: Millis = 10_000;
const LAST_WORDS: Millis = 1_000;
/** A runner holds little; a small heap keeps its starts of processes cheap. */
const RUNNER_FLAGS = ['--max-old-space-size=128', '--max-semi-space-size=2', '--no-warnings'];

export interface RunnerProcess {
  readonly pid: number;
  send(message: ToRunner): void;
  /** Kills everything it runs, then ends it. `onDied` is not called. */
  stop(): Promise<void>;
}

export interface RunnerProcessOptions {
  readonly entry: string;
  readonly folder: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onMessage: (message: FromRunner) => void;
  /** Called once, when it is dead and nothing that it started runs any more. */
  readonly onDied: (reason: string) => void;
}

/** Rejects when the process does not come up. */
export async function startRunnerProcess(options: RunnerProcessOptions): Promise<RunnerProcess> {
  const { clock, logger } = options;
  const mark = randomUUID();
  const child = fork(options.entry, [options.folder], {
    // Its own session: a Ctrl-C, a hang-up or a Ctrl-Z of the terminal is the worker's to handle, and a
    // worker stopped by Ctrl-Z must not take its fence with it.
    detached: true,
    execArgv: RUNNER_FLAGS,
    env: { PATH: process.env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin', [MARKER]: `${mark}/` },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  /** Started and not ended: group by key. */
  const groups = new Map<string, { readonly pid: number; readonly birth: string }>();
  let unanswered = 0;
  let pinging: Timer | undefined;
  let stopping = false;

  child.stderr
    ?.setEncoding('utf8')
    .on('data', (text: string) => logger.warn({ runner: child.pid }, text.trimEnd()));
  child.on('message', (raw) => {
    const message = raw as FromRunner;
    unanswered = 0;
    if (message.type === 'started') groups.set(message.key, { pid: message.pid, birth: message.birth });
    if (message.type === 'ended') groups.delete(message.key);
    options.onMessage(message);
  });

  const send = (message: ToRunner): void => {
    // A closed channel means that the runner is dead, which its exit tells.
    if (child.connected) child.send(message, () => {});
  };
  const ping = (): void => {
    if (unanswered >= PINGS_UNANSWERED) {
      logger.error({ runner: child.pid }, 'the runner does not answer: killing it');
      child.kill('SIGKILL');
      return;
    }
    unanswered++;
    send({ type: 'ping' });
    pinging = clock.setTimer(PING_EVERY, ping);
  };

  const exited = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) => resolve(signal === null ? `exit code ${code}` : `signal ${signal}`));
    child.once('error', (cause) => resolve(cause.message));
  });
  // What it said last is read before it counts as dead: an end that it did report is no `runner died`.
  const silent = new Promise<void>((resolve) => child.once('disconnect', () => resolve()));
  const died = exited.then(async (how) => {
    pinging?.cancel();
    // A runner that could do so has killed its tasks; for one that could not, this does.
    const known = [...groups.values()].filter(({ pid, birth }) => isGroupOf(pid, birth));
    const cleared = await Promise.all([
      ...known.map(({ pid }) => clearGroup(pid, STRAYS_PATIENCE)),
      clearMarked(`${MARKER}=${mark}/`, STRAYS_PATIENCE),
    ]);
    if (child.connected) await Promise.race([silent, pause(clock, LAST_WORDS)]);
    if (cleared.includes(false))
      logger.error({ runner: child.pid }, 'processes of a dead runner could not be killed');
    return how;
  });

  await untilReady(child, exited, clock);
  ping();
  void died.then((how) => {
    if (!stopping) options.onDied(`the runner died (${how})`);
  });

  return {
    pid: child.pid!,
    send,
    async stop() {
      stopping = true;
      send({ type: 'stop' });
      await died;
    },
  };
}

async function untilReady(child: ChildProcess, exited: Promise<string>, clock: Clock): Promise<void> {
  let timer: Timer | undefined;
  const late = new Promise<string>((resolve) => {
    timer = clock.setTimer(READY_WITHIN, () => resolve(`no answer within ${READY_WITHIN} ms`));
  });
  const ready = new Promise<undefined>((resolve) => child.once('message', () => resolve(undefined)));
  const fault = await Promise.race([ready, exited, late]);
  timer?.cancel();
  if (fault === undefined) return;
  child.kill('SIGKILL');
  throw new Error(`the runner did not start: ${fault}`);
}

const pause = (clock: Clock, ms: Millis): Promise<void> =>
  new Promise((resolve) => clock.setTimer(ms, resolve));
