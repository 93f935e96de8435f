// All tasks of one runner: their start in turn, their keys, and the fence. Past the deadline everything is
// killed at once but what outlives its claim, when told everything is; nothing may start between that and a new
// deadline.
import { clearMarked } from './group.ts';
import { openPipes } from './pipes.ts';
import { statOf } from './proc.ts';
import { MARKER, type EndReport, type FromRunner, type StartOrder } from './protocol.ts';
import { endWithoutProcess, startTaskProcess, type TaskProcess } from './task-process.ts';
import { findUser, type RunAs } from './user.ts';

const STRAYS_PATIENCE_MS = 10_000;

/** Part of a task's mark: the fence sweeps up what it has to end, and nothing of the others. */
const FENCED = 'fenced';
const OUTLIVING = 'on';

export interface Tasks {
  start(order: StartOrder): void;
  kill(key: string, now: boolean): void;
  /** Monotonic ms. Moves in either direction. */
  setDeadline(at: number): void;
  /** SIGKILL to everything, as lost; resolves when nothing of it runs any more. */
  killAll(): Promise<void>;
}

interface Task {
  readonly order: StartOrder;
  readonly ended: Promise<void>;
  readonly markEnded: () => void;
  /** Why it may not start any more. */
  refusal?: 'killed' | 'lost';
  process?: TaskProcess;
}

export function startTasks(options: {
  readonly mark: string;
  readonly folder: string;
  readonly send: (message: FromRunner) => void;
  readonly monotonicNow: () => number;
}): Tasks {
  const { mark, send, monotonicNow } = options;
  const pipes = openPipes(options.folder);
  const tasks = new Map<string, Task>();
  const turn: Task[] = [];
  let count = 0;
  let deadline = Infinity;
  let fence: NodeJS.Timeout | undefined;
  /** While everything is being killed nothing starts, for it would be killed with the rest. */
  let clearing: Promise<void> | undefined;

  const end = (task: Task, report: EndReport): void => {
    tasks.delete(task.order.key);
    send({ type: 'ended', key: task.order.key, end: report });
    task.markEnded();
  };

  const refused = (task: Task): EndReport | undefined => {
    if (task.refusal === 'killed') return endWithoutProcess('killed', 'killed before it started');
    if (task.refusal === 'lost' || monotonicNow() >= deadline) {
      return endWithoutProcess('lost', "its worker's claim ended before it started");
    }
    return undefined;
  };

  const launch = async (task: Task): Promise<void> => {
    const { order } = task;
    let runAs: RunAs | undefined;
    if (order.user !== undefined) {
      const found = await findUser(order.user);
      if (typeof found === 'string') return end(task, endWithoutProcess('failed', found));
      runAs = found;
    }
    const pipe = await pipes.take();
    for (;;) {
      // Asked last: between this and the start nothing may wait.
      const refusal = refused(task);
      if (refusal) {
        pipes.giveBack(pipe);
        return end(task, refusal);
      }
      if (!clearing) break;
      await clearing;
    }
    const kind = order.outlivesClaim ? OUTLIVING : FENCED;
    const started = startTaskProcess(order, `${mark}/${kind}/${++count}`, pipe, runAs);
    task.process = started;
    if (started.pid !== undefined) {
      const { pid, startedAt: at } = started;
      send({ type: 'started', key: order.key, pid, birth: statOf(pid)?.birth ?? '', at });
    }
    end(task, await started.ended);
  };

  const launchNext = (): void => {
    const task = turn.shift();
    if (!task) return;
    launch(task).catch((cause: unknown) => {
      end(
        task,
        endWithoutProcess('failed', `this worker cannot start processes: ${(cause as Error).message}`),
      );
    });
    // One a turn of the event loop: a start takes a millisecond, and the fence must not wait behind many.
    if (turn.length > 0) setImmediate(launchNext);
  };

  const isSpared = (task: Task): boolean => task.order.outlivesClaim === true && task.process !== undefined;

  const clear = async (condemned: readonly Task[], marks: string): Promise<void> => {
    for (const task of condemned) {
      task.refusal = 'lost';
      task.process?.kill('lost', true);
    }
    await Promise.all(condemned.map((task) => task.ended));
    await clearMarked(`${MARKER}=${marks}`, STRAYS_PATIENCE_MS);
  };

  const holdStartsWhile = (clears: Promise<void>): Promise<void> => {
    const cleared = clears.finally(() => {
      if (clearing === cleared) clearing = undefined;
    });
    clearing = cleared;
    return cleared;
  };

  const killAll = (): Promise<void> => holdStartsWhile(clear([...tasks.values()], `${mark}/`));
  const killFenced = (): Promise<void> => {
    const fenced = [...tasks.values()].filter((task) => !isSpared(task));
    return holdStartsWhile(clear(fenced, `${mark}/${FENCED}/`));
  };

  return {
    start(order) {
      let markEnded = (): void => {};
      const ended = new Promise<void>((resolve) => (markEnded = resolve));
      const task: Task = { order, ended, markEnded };
      tasks.set(order.key, task);
      turn.push(task);
      if (turn.length === 1) setImmediate(launchNext);
    },
    kill(key, now) {
      const task = tasks.get(key);
      if (!task) return;
      if (task.process) task.process.kill('killed', now);
      else task.refusal ??= 'killed';
    },
    setDeadline(at) {
      deadline = at;
      clearTimeout(fence);
      const wait = Math.max(0, deadline - monotonicNow());
      // Deadlines lie seconds ahead; the bound only keeps a timer from overflowing.
      fence = setTimeout(() => void killFenced(), Math.min(wait, 2 ** 31 - 1));
    },
    killAll,
  };
}
