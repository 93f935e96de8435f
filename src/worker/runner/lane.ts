// One runner and its successors: the tasks given to it, and what becomes of them when it dies. A task is in
// one of three places: queued (no runner yet), with the runner, or ended.
import type { Logger } from 'pino';
import type { Clock, Timer } from '../../common/core/clock.ts';
import { instant, monotonic, type Instant, type Millis, type Monotonic } from '../../common/model/time.ts';
import { spoolPath } from '../output-path.ts';
import type { TaskEnd, TaskHandle } from '../tasks/task.ts';
import type { EndReport, FromRunner, StartOrder } from './protocol.ts';
import { startRunnerProcess, type RunnerProcess } from './runner-process.ts';
import { readSpool } from './spool.ts';

const FIRST_BACKOFF: Millis = 100;
const LONGEST_BACKOFF: Millis = 5_000;
/** A runner that lived this long did not die of how it was started. */
const STEADY: Millis = 30_000;

export interface ProcessRequest {
  /** Unlike any other's that runs, such as `<runId>/<attempt>`. */
  readonly key: string;
  readonly job: string;
  readonly runId: string;
  readonly argv: readonly string[];
  /** Field of the definition that holds the program, for error messages; `task.argv[0]` by default. */
  readonly programField?: string;
  readonly cwd?: string;
  readonly env: Readonly<Record<string, string>>;
  readonly user?: string;
  readonly timeoutMs?: Millis;
  readonly killGraceMs: Millis;
  /** Bytes of output kept for the run, all its attempts together. */
  readonly outputLimit: number;
  /** Absent: the first. A further one is told apart in the output. */
  readonly attempt?: number;
  /** The fence ends it only as long as it has not started. */
  readonly outlivesClaim?: boolean;
}

export interface Lane {
  /** Rejects when its first runner does not come up. What is started before waits for it. */
  readonly whenUp: Promise<void>;
  start(request: ProcessRequest): TaskHandle;
  setDeadline(at: Monotonic): void;
  killAll(): Promise<void>;
  stop(): Promise<void>;
  pid(): number | undefined;
  /** Tasks given to it that have not started yet. */
  waiting(): number;
}

export interface LaneOptions {
  readonly dataDir: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly entry: string;
  readonly onDied?: (reason: string) => void;
}

interface Entry {
  readonly order: StartOrder;
  readonly ended: Promise<TaskEnd>;
  readonly markStarted: (at: Instant) => void;
  readonly markEnded: (end: TaskEnd) => void;
  startedAt: Instant | undefined;
  killed: boolean;
}

export function startLane(options: LaneOptions): Lane {
  const { clock, logger } = options;
  const entries = new Map<string, Entry>();
  const queued: Entry[] = [];
  let runner: RunnerProcess | undefined;
  let bornAt = clock.monotonic();
  let deadline: Monotonic = monotonic(Infinity);
  let waiting = 0;
  let backoff = FIRST_BACKOFF;
  let restart: Timer | undefined;
  let stopped = false;
  let rising: Promise<void> | undefined;

  const started = (entry: Entry, at: Instant): void => {
    if (entry.startedAt !== undefined) return;
    entry.startedAt = at;
    waiting--;
    entry.markStarted(at);
  };

  const ended = (entry: Entry, end: EndReport): void => {
    if (entries.get(entry.order.key) !== entry) return;
    entries.delete(entry.order.key);
    started(entry, instant(end.startedAt));
    entry.markEnded({ ...end, startedAt: instant(end.startedAt), endedAt: instant(end.endedAt) });
  };

  /** Ends a task of which the runner can tell no more. */
  const abandon = async (
    entry: Entry,
    outcome: 'failed' | 'killed' | 'lost',
    error: string,
  ): Promise<void> => {
    const endedAt = clock.now();
    const startedAt = entry.startedAt ?? endedAt;
    const kept = entry.startedAt === undefined ? { bytes: 0, tail: '' } : await readSpool(entry.order.spool);
    ended(entry, {
      outcome,
      error,
      startedAt,
      endedAt,
      outputBytes: kept.bytes,
      outputTruncated: kept.bytes > entry.order.outputLimit,
      tail: kept.tail,
    });
  };

  const outcomeNow = (entry: Entry): 'failed' | 'killed' | 'lost' => {
    const isSpared = entry.order.outlivesClaim && entry.startedAt !== undefined;
    if (clock.monotonic() >= deadline && !isSpared) return 'lost';
    return entry.killed ? 'killed' : 'failed';
  };

  const abandonQueued = (error: string): void => {
    for (const entry of queued.splice(0)) void abandon(entry, outcomeNow(entry), error);
  };

  const hear = (message: FromRunner): void => {
    if (message.type !== 'started' && message.type !== 'ended') return;
    const entry = entries.get(message.key);
    if (!entry) return;
    if (message.type === 'started') started(entry, instant(message.at));
    else ended(entry, message.end);
  };

  const onDied = (reason: string): void => {
    runner = undefined;
    logger.error({ reason }, 'the runner died: its tasks were killed');
    for (const entry of entries.values()) {
      if (!queued.includes(entry)) void abandon(entry, outcomeNow(entry), reason);
    }
    options.onDied?.(reason);
    if (stopped) return;
    if (clock.monotonic() - bornAt > STEADY) backoff = FIRST_BACKOFF;
    scheduleRestart();
  };

  const scheduleRestart = (): void => {
    restart = clock.setTimer(backoff, () => void rise().catch(() => undefined));
    backoff = Math.min(backoff * 2, LONGEST_BACKOFF);
  };

  const up = async (): Promise<void> => {
    const { entry, dataDir: folder } = options;
    const fresh = await startRunnerProcess({ entry, folder, clock, logger, onMessage: hear, onDied });
    if (stopped) return fresh.stop();
    runner = fresh;
    bornAt = clock.monotonic();
    if (deadline !== Infinity) fresh.send({ type: 'deadline', at: deadline });
    for (const waiter of queued.splice(0)) fresh.send(waiter.order);
  };

  const rise = (): Promise<void> => {
    const risen = up();
    rising = risen.catch((cause: unknown) => {
      logger.error({ err: cause }, 'no runner');
      abandonQueued((cause as Error).message);
      if (!stopped) scheduleRestart();
    });
    return risen;
  };

  const kill = (entry: Entry, now: boolean): void => {
    if (entries.get(entry.order.key) !== entry) return;
    entry.killed = true;
    const place = queued.indexOf(entry);
    if (place >= 0) {
      queued.splice(place, 1);
      void abandon(entry, 'killed', 'killed before it started');
    } else {
      runner?.send({ type: 'kill', key: entry.order.key, now });
    }
  };

  const whenUp = rise();
  // Not everyone asks for it.
  whenUp.catch(() => undefined);

  return {
    whenUp,
    start(request) {
      const entry = enter(request, spoolPath(options.dataDir, request.job, request.runId));
      const handle: TaskHandle = {
        started: entry.whenStarted,
        ended: entry.ended,
        kill: () => kill(entry, false),
        killNow: () => kill(entry, true),
      };
      waiting++;
      entries.set(request.key, entry);
      if (stopped) void abandon(entry, 'failed', 'the worker is stopping and starts no more processes');
      else if (runner) runner.send(entry.order);
      else queued.push(entry);
      return handle;
    },
    setDeadline(at) {
      deadline = at;
      runner?.send({ type: 'deadline', at });
    },
    async killAll() {
      const all = [...entries.values()];
      for (const entry of queued.splice(0))
        void abandon(entry, 'lost', "its worker's claim ended before it started");
      runner?.send({ type: 'killAll' });
      await Promise.all(all.map((entry) => entry.ended));
    },
    async stop() {
      stopped = true;
      restart?.cancel();
      const all = [...entries.values()];
      abandonQueued('the worker is stopping and starts no more processes');
      await rising;
      await runner?.stop();
      await Promise.all(all.map((entry) => entry.ended));
      runner = undefined;
    },
    pid: () => runner?.pid,
    waiting: () => waiting,
  };
}

function enter(request: ProcessRequest, spool: string): Entry & { readonly whenStarted: Promise<Instant> } {
  const { key, argv, cwd, env, user, timeoutMs, killGraceMs, outputLimit } = request;
  const order: StartOrder = {
    type: 'start',
    key,
    argv,
    programField: request.programField ?? 'task.argv[0]',
    ...(cwd !== undefined && { cwd }),
    env,
    ...(user !== undefined && { user }),
    ...(timeoutMs !== undefined && { timeoutMs }),
    killGraceMs,
    outputLimit,
    ...(request.attempt !== undefined && request.attempt > 1 && { attempt: request.attempt }),
    ...(request.outlivesClaim && { outlivesClaim: true }),
    spool,
  };
  let markStarted: Entry['markStarted'] = () => {};
  let markEnded: Entry['markEnded'] = () => {};
  const whenStarted = new Promise<Instant>((resolve) => (markStarted = resolve));
  const ended = new Promise<TaskEnd>((resolve) => (markEnded = resolve));
  return { order, whenStarted, ended, markStarted, markEnded, startedAt: undefined, killed: false };
}
