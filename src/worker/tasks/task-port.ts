// Tasks of every kind behind one port: processes go to the runner, handlers and requests run here. Holds the
// fence for these, as the runner holds it for the processes.
import type { Clock, Timer } from '../../common/core/clock.ts';
import type { Task } from '../../common/model/job.ts';
import { instant, monotonic, type Millis, type Monotonic } from '../../common/model/time.ts';
import { spoolPath } from '../output-path.ts';
import type { Runner } from '../runner/client.ts';
import { endedTask, startHandler, type Handler } from './handler.ts';
import { startHttp } from './http.ts';
import { inheritedFrom, processRequest } from './process.ts';
import type { InProcessTask, TaskContext, TaskHandle, TaskPort } from './task.ts';

export interface TaskPortOptions {
  /** Absent in a worker that starts no processes. */
  readonly runner?: Runner;
  readonly handlers: Readonly<Record<string, Handler>>;
  readonly dataDir: string;
  readonly clock: Clock;
  /** What `clock` takes off the wall clock, which the runner goes by; 0 by default. */
  readonly correction?: () => Millis;
  /** The worker's environment, of which tasks get a harmless part. */
  readonly workerEnv: Readonly<Record<string, string | undefined>>;
}

/** The job was edited after the run had been asked for: what it was to be given is of no use to its task now. */
function misfit({ kind }: Task, { env, payload }: TaskContext): string | undefined {
  const isProcess = kind === 'shell' || kind === 'exec';
  const now = `and the job has been edited since: a task of the kind ${kind}`;
  if (env !== undefined && !isProcess)
    return `env: the run was asked for with an environment, ${now} has none`;
  if (payload !== undefined && isProcess)
    return `payload: the run was asked for with a payload, ${now} takes none`;
  return undefined;
}

export function openTaskPort(options: TaskPortOptions): TaskPort {
  const { runner, handlers, dataDir, clock } = options;
  const inherited = inheritedFrom(options.workerEnv);
  /** With those that outlive their claim, whom the fence spares. */
  const running = new Set<InProcessTask>();
  const outliving = new Set<InProcessTask>();
  let deadline: Monotonic = monotonic(Infinity);
  let fence: Timer | undefined;

  const keepFence = (): void => {
    for (const task of running) if (!outliving.has(task)) task.fence();
  };

  const spoolOf = (job: string, runId: string): string => spoolPath(dataDir, job, runId);

  /** Undefined: it may start. */
  const tooLate = (): TaskHandle | undefined =>
    clock.monotonic() < deadline
      ? undefined
      : endedTask('lost', "its worker's claim ended before it started", clock.now());

  const keep = (started: InProcessTask, context: TaskContext): TaskHandle => {
    if (started.isOver) return started;
    running.add(started);
    if (context.outlivesClaim) outliving.add(started);
    void started.ended.then(() => {
      running.delete(started);
      outliving.delete(started);
    });
    return started;
  };

  const handlerPorts = { clock, spoolOf };

  const startHandlerTask = (task: Extract<Task, { kind: 'handler' }>, context: TaskContext): TaskHandle => {
    const handler = Object.hasOwn(handlers, task.name) ? handlers[task.name] : undefined;
    if (!handler) {
      const known = Object.keys(handlers).sort().join(', ') || 'none';
      const error = `task.name: no handler "${task.name}" is registered in this worker (registered: ${known})`;
      return endedTask('failed', error, clock.now());
    }
    const payload = context.payload === undefined ? task.payload : context.payload;
    return tooLate() ?? keep(startHandler(handler, payload, context, handlerPorts), context);
  };

  /** The runner knows the bare wall clock only: its times are told on the scale that scheduling goes by. */
  const corrected = (handle: TaskHandle): TaskHandle => {
    const by = options.correction?.() ?? 0;
    if (by === 0) return handle;
    return {
      started: handle.started.then((at) => instant(at - by)),
      ended: handle.ended.then((end) => ({
        ...end,
        startedAt: instant(end.startedAt - by),
        endedAt: instant(end.endedAt - by),
      })),
      kill: () => handle.kill(),
      killNow: () => handle.killNow(),
    };
  };

  return {
    startTask(task, context) {
      const fault = misfit(task, context);
      if (fault !== undefined) return endedTask('failed', fault, clock.now());
      if (task.kind === 'handler') return startHandlerTask(task, context);
      if (task.kind === 'http')
        return (
          tooLate() ??
          keep(startHttp(task, context, { clock, spool: spoolOf(context.job, context.runId) }), context)
        );
      if (runner) return corrected(runner.start(processRequest(task, context, inherited)));
      return endedTask(
        'failed',
        `task.kind: this worker runs no processes, so no task of the kind ${task.kind}`,
        clock.now(),
      );
    },
    setDeadline(at) {
      deadline = at;
      runner?.setDeadline(at);
      fence?.cancel();
      fence = clock.setTimer(Math.max(0, at - clock.monotonic()), keepFence);
    },
    async killAll() {
      for (const task of running) task.fence();
      await Promise.all([runner?.killAll(), ...[...running].map((task) => task.ended)]);
    },
  };
}
