// The model of a runner: tasks as spans of true time, killed at the fence deadline, when asked, and when their
// worker dies. It goes on while its worker is frozen. What it tells the judge is what really happened.
import type { Task } from '../../../src/common/model/job.ts';
import {
  instant,
  monotonic,
  type Instant,
  type Millis,
  type Monotonic,
} from '../../../src/common/model/time.ts';
import type { TaskContext, TaskEnd, TaskHandle, TaskPort } from '../../../src/worker/tasks/task.ts';
import type { Coverage } from './coverage.ts';
import type { SimProcess, World } from './world.ts';

/** What a simulated job does, as the command of a shell task. */
export interface TaskPlan {
  /** How long it runs. */
  readonly ms: Millis;
  /** Probability that it fails. */
  readonly fails: number;
  /** Ends on SIGTERM; otherwise only on SIGKILL. */
  readonly obeys: boolean;
}

export interface Marks {
  started(context: TaskContext): void;
  ended(context: TaskContext, outcome: TaskEnd['outcome']): void;
}

interface Running {
  readonly context: TaskContext;
  readonly plan: TaskPlan;
  startedAt: Instant | undefined;
  stopping: 'killed' | 'lost' | 'timed_out' | undefined;
  isOver: boolean;
  readonly tell: (end: TaskEnd) => void;
  readonly tellStarted: (at: Instant) => void;
}

export interface SimRunnerOptions {
  readonly world: World;
  readonly worker: SimProcess;
  readonly marks: Marks;
  readonly coverage: Coverage;
  /** False takes the fence out: its own, and what the worker asks of it for its own. */
  readonly fences: boolean;
}

export interface SimRunner {
  /** `correction`: what the worker takes off its wall clock, by which the runner goes. */
  open(correction: () => Millis): TaskPort;
  /** It dies with its tasks, and another takes its place. */
  crash(): void;
}

export function startSimRunner({ world, worker, marks, coverage, fences }: SimRunnerOptions): SimRunner {
  const { hit } = coverage;
  const { random } = world;
  const all = new Set<Running>();
  let deadline: Monotonic = monotonic(Infinity);
  let correction = (): Millis => 0;
  const ipc = (): Millis => random.between(0.05, 2);

  const end = (running: Running, outcome: TaskEnd['outcome'], error?: string): void => {
    if (running.isOver) return;
    running.isOver = true;
    all.delete(running);
    const endedAt = worker.clock.now();
    const { startedAt = endedAt } = running;
    if (running.startedAt !== undefined) marks.ended(running.context, outcome);
    const by = correction();
    const told: TaskEnd = {
      outcome,
      ...(error === undefined ? {} : { error }),
      ...(outcome === 'succeeded' || outcome === 'failed' ? { exitCode: outcome === 'failed' ? 1 : 0 } : {}),
      startedAt: instant(startedAt - by),
      endedAt: instant(endedAt - by),
      outputBytes: 0,
      outputTruncated: false,
      tail: '',
    };
    worker.post(ipc(), () => running.tell(told));
  };

  const stop = (running: Running, why: 'killed' | 'lost' | 'timed_out', isNow: boolean): void => {
    if (running.isOver) return;
    if (running.stopping === undefined || why === 'lost') running.stopping = why;
    if (running.startedAt === undefined) return;
    hit(`runner: stopped as ${why}`);
    const grace = running.context.killGraceMs;
    const delay =
      isNow || grace === 0 ? random.between(0, 30) : running.plan.obeys ? random.between(0, 100) : grace;
    world.after(delay, () => end(running, running.stopping!));
  };

  /** At the fence. What outlives its claim is spared once it has started. */
  const stopAll = (): void => {
    for (const running of all) {
      if (running.context.outlivesClaim && running.startedAt !== undefined)
        hit('runner: spared at the fence');
      else if (running.startedAt === undefined) end(running, 'lost', 'its claim ended before it started');
      else stop(running, 'lost', true);
    }
  };

  const launch = (running: Running): void => {
    if (running.isOver) return;
    // The channel has closed: nothing starts.
    if (!worker.isAlive) return void all.delete(running);
    if (running.stopping) return end(running, running.stopping, 'killed before it started');
    if (fences && world.now >= deadline) return end(running, 'lost', 'its claim ended before it started');
    const { context, plan } = running;
    const startedAt = worker.clock.now();
    running.startedAt = startedAt;
    marks.started(context);
    worker.post(ipc(), () => running.tellStarted(instant(startedAt - correction())));
    world.after(plan.ms, () => {
      if (!running.stopping) end(running, random.chance(plan.fails) ? 'failed' : 'succeeded');
    });
    if (context.timeoutMs !== undefined)
      world.after(context.timeoutMs, () => void (running.stopping || stop(running, 'timed_out', false)));
  };

  // When the worker is gone its channel closes, and everything is killed.
  worker.onKill(() =>
    world.after(random.between(0, 20), () => {
      for (const running of all) stop(running, 'lost', true);
      for (const running of all) if (running.startedAt === undefined) all.delete(running);
    }),
  );

  const port: TaskPort = {
    startTask(task: Task, context: TaskContext): TaskHandle {
      const plan = JSON.parse((task as Extract<Task, { kind: 'shell' }>).command) as TaskPlan;
      let tell: Running['tell'] = () => {};
      let tellStarted: Running['tellStarted'] = () => {};
      const ended = new Promise<TaskEnd>((resolve) => (tell = resolve));
      const started = new Promise<Instant>((resolve) => (tellStarted = resolve));
      const running: Running = {
        context,
        plan,
        startedAt: undefined,
        stopping: undefined,
        isOver: false,
        tell: (how) => {
          tellStarted(how.startedAt);
          tell(how);
        },
        tellStarted: (at) => tellStarted(at),
      };
      all.add(running);
      world.after(ipc(), () => launch(running));
      return {
        started,
        ended,
        kill: () => world.after(ipc(), () => stop(running, 'killed', false)),
        // Only its fence has the worker kill at once.
        killNow: () => fences && world.after(ipc(), () => stop(running, 'killed', true)),
      };
    },
    setDeadline(at) {
      world.after(ipc(), () => {
        deadline = at;
        if (!fences) return;
        world.after(at - world.now, () => {
          if (deadline === at) stopAll();
        });
      });
    },
    async killAll() {
      stopAll();
      await Promise.resolve();
    },
  };

  return {
    open(by) {
      correction = by;
      return port;
    },
    crash() {
      for (const running of all) {
        const isSpared = running.context.outlivesClaim && running.startedAt !== undefined;
        end(running, world.now >= deadline && !isSpared ? 'lost' : 'failed', 'the runner died');
      }
    },
  };
}
