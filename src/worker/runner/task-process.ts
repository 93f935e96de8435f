// The life of one task's processes: start, output, timeout, the ladder of a kill, and the end, which is
// reported only when the whole process group is gone. Background children never hold the end up.
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync } from 'node:fs';
import { msText } from '../../common/model/amount-text.ts';
import { clearGroup, clearMarked, signalGroup } from './group.ts';
import { startPipeReader } from './pipe-reader.ts';
import type { Pipe } from './pipes.ts';
import { MARKER, type EndReport, type StartOrder } from './protocol.ts';
import { explainSpawnError } from './spawn-error.ts';
import { openSpool } from './spool.ts';
import type { RunAs } from './user.ts';

/** How long a killed group is waited for. Only a process stuck inside the kernel takes this long. */
const GROUP_PATIENCE_MS = 10_000;

/** setTimeout takes 32 bits of milliseconds; a longer timeout goes in steps. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

export type KillCause = 'killed' | 'timed_out' | 'lost';

export interface TaskProcess {
  /** Leads the process group; undefined when nothing was started, and then the end follows. */
  readonly pid: number | undefined;
  readonly startedAt: number;
  /** `now`: without the ladder. The first cause stands, but `lost` prevails over any wish. */
  kill(cause: KillCause, now: boolean): void;
  /** Never rejects. */
  readonly ended: Promise<EndReport>;
}

/** The end of a task that never started, or not as a process. */
export function endWithoutProcess(
  outcome: 'failed' | 'killed' | 'lost',
  error: string,
  at = Date.now(),
): EndReport {
  return { outcome, error, startedAt: at, endedAt: at, outputBytes: 0, outputTruncated: false, tail: '' };
}

/** `mark`: this task's value of the marker, unlike any other's. Takes over the pipe. */
export function startTaskProcess(order: StartOrder, mark: string, pipe: Pipe, runAs?: RunAs): TaskProcess {
  const startedAt = Date.now();
  const refuse = (cause: NodeJS.ErrnoException): EndReport =>
    endWithoutProcess('failed', explainSpawnError(cause, order), startedAt);
  let child: ChildProcess | undefined;
  let refusal: Promise<EndReport> | undefined;
  try {
    const spawned = spawn(order.argv[0] ?? '', order.argv.slice(1), {
      detached: true,
      stdio: ['ignore', pipe.write, pipe.write],
      env: { ...runAs?.env, ...order.env, [MARKER]: mark },
      ...(order.cwd !== undefined && { cwd: order.cwd }),
      ...runAs?.ids,
    });
    child = spawned;
    // Also without a refusal a child may emit one: of a kill that found nobody.
    refusal = new Promise((resolve) => spawned.on('error', (cause) => resolve(refuse(cause))));
  } catch (cause) {
    refusal = Promise.resolve(refuse(cause as NodeJS.ErrnoException));
  }
  closeSync(pipe.write);
  if (child?.pid === undefined) {
    closeSync(pipe.read);
    return { pid: undefined, startedAt, kill() {}, ended: refusal };
  }
  return supervise(order, mark, child, child.pid, pipe.read, startedAt);
}

function supervise(
  order: StartOrder,
  mark: string,
  child: ChildProcess,
  pid: number,
  descriptor: number,
  startedAt: number,
): TaskProcess {
  const output = startPipeReader(descriptor, (onDrain) =>
    openSpool({ path: order.spool, limit: order.outputLimit, attempt: order.attempt, onDrain }),
  );
  let cause: KillCause | undefined;
  let exited = false;
  let ladder: NodeJS.Timeout | undefined;

  const kill = (why: KillCause, now: boolean): void => {
    if (exited) return;
    if (cause === undefined || why === 'lost') cause = why;
    if (now) {
      signalGroup(pid, 'SIGKILL');
    } else if (ladder === undefined) {
      signalGroup(pid, 'SIGTERM');
      // A stopped process would not see the SIGTERM.
      signalGroup(pid, 'SIGCONT');
      ladder = setTimeout(() => signalGroup(pid, 'SIGKILL'), order.killGraceMs);
    }
  };
  const stopTimeout =
    order.timeoutMs === undefined ? () => {} : after(order.timeoutMs, () => kill('timed_out', false));

  const finish = async (code: number | null, signal: string | null): Promise<EndReport> => {
    exited = true;
    const endedAt = Date.now();
    stopTimeout();
    clearTimeout(ladder);
    let cleared = await clearGroup(pid, GROUP_PATIENCE_MS);
    // A process that left the group by setsid outlives a normal end on purpose (a daemon), but no kill.
    if (cause) cleared = (await clearMarked(`${MARKER}=${mark}\0`, GROUP_PATIENCE_MS)) && cleared;
    const { bytes, truncated, tail, error: spoolError } = await output.finish();
    const outcome = cause ?? (code === 0 ? 'succeeded' : 'failed');
    const remarks = [
      describeEnd(outcome, order, code, signal),
      cleared ? undefined : 'some of its processes could not be killed and still run',
      spoolError,
    ].filter((remark) => remark !== undefined);
    return {
      outcome,
      ...(code !== null && { exitCode: code }),
      ...(signal !== null && { signal }),
      ...(remarks.length > 0 && { error: remarks.join('; ') }),
      startedAt,
      endedAt,
      outputBytes: bytes,
      outputTruncated: truncated,
      tail,
    };
  };

  return {
    pid,
    startedAt,
    kill,
    ended: new Promise((resolve) => {
      child.once('exit', (code, signal) => resolve(finish(code, signal)));
    }),
  };
}

function describeEnd(
  outcome: EndReport['outcome'],
  order: StartOrder,
  code: number | null,
  signal: string | null,
): string | undefined {
  switch (outcome) {
    case 'succeeded':
    case 'killed':
      return undefined;
    case 'timed_out':
      return `it ran longer than its timeout of ${msText(order.timeoutMs!)}`;
    case 'lost':
      return "its worker's claim ended while it ran";
    case 'failed':
      return signal === null ? `exit code ${code}` : `ended by signal ${signal}`;
  }
}

function after(ms: number, fn: () => void): () => void {
  const due = performance.now() + ms;
  let timer: NodeJS.Timeout;
  const wait = (): void => {
    const left = due - performance.now();
    timer =
      left > LONGEST_TIMEOUT_MS ? setTimeout(wait, LONGEST_TIMEOUT_MS) : setTimeout(fn, Math.max(0, left));
  };
  wait();
  return () => clearTimeout(timer);
}
