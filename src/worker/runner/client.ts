// Processes as the worker's tasks see them: start one, kill it, learn its end. Behind it are runners: one, and
// more when starts queue up, for a runner starts one process at a time. Every task that is started here ends
// here exactly once, whatever dies.
import { mkdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Logger } from 'pino';
import type { Clock } from '../../common/core/clock.ts';
import type { Monotonic } from '../../common/model/time.ts';
import type { TaskHandle } from '../tasks/task.ts';
import { startLane, type Lane, type ProcessRequest } from './lane.ts';

/** Starts that wait in every runner before another runner is worth its memory (about 45 MB). */
const CROWDED = 2;
/** Beyond the cores a further runner starts nothing sooner. */
const MOST_RUNNERS = Math.min(4, availableParallelism() + 1);

export type { ProcessRequest } from './lane.ts';

export interface Runner {
  /** Rejects when the first runner does not come up; what is started before waits for it. */
  readonly whenUp: Promise<void>;
  /** Never throws. While a dead runner is being replaced, a start waits for the new one. */
  start(request: ProcessRequest): TaskHandle;
  /** The fence: past it the runner kills with SIGKILL, as `lost`, what does not outlive its claim, and starts none. */
  setDeadline(deadline: Monotonic): void;
  /** SIGKILL to every task, as `lost`; resolves when all have ended. */
  killAll(): Promise<void>;
  /** As killAll, then the runner ends. What is started afterwards ends as failed. */
  stop(): Promise<void>;
  /** Of the first runner; undefined while it is being replaced. */
  readonly pid: number | undefined;
}

export interface RunnerOptions {
  /** Spools go below it; must be this worker's own. */
  readonly dataDir: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Told once for each runner that died unasked, after its tasks have been ended. */
  readonly onDied?: (reason: string) => void;
  /** The runner's program; by default the compiled one beside this module. */
  readonly entry?: string;
  readonly mostRunners?: number;
}

/** From the sources (tests) the compiled program in dist is used: the runner must start fast and stay small. */
export function runnerEntry(): string {
  const here = import.meta.url;
  const entry = here.endsWith('.ts') ? '../../../dist/worker/runner/main.js' : './main.js';
  return fileURLToPath(new URL(entry, here));
}

/** Throws when its data directory can't be made. */
export function startRunner(options: RunnerOptions): Runner {
  const { logger, mostRunners = MOST_RUNNERS } = options;
  mkdirSync(options.dataDir, { recursive: true });
  const laneOptions = { ...options, entry: options.entry ?? runnerEntry() };
  const first = startLane(laneOptions);
  const lanes: Lane[] = [first];
  let deadline: Monotonic | undefined;
  let growing: Promise<void> | undefined;
  let stopped = false;

  const grow = async (): Promise<void> => {
    const lane = startLane(laneOptions);
    try {
      await lane.whenUp;
    } catch (error) {
      await lane.stop();
      throw error;
    }
    if (stopped) return lane.stop();
    if (deadline !== undefined) lane.setDeadline(deadline);
    lanes.push(lane);
  };

  return {
    whenUp: first.whenUp,
    start(request) {
      let freest = first;
      for (const lane of lanes) if (lane.waiting() < freest.waiting()) freest = lane;
      if (freest.waiting() >= CROWDED && lanes.length < mostRunners && !stopped) {
        growing ??= grow()
          .catch((cause: unknown) => logger.warn({ err: cause }, 'no further runner'))
          .finally(() => (growing = undefined));
      }
      return freest.start(request);
    },
    setDeadline(at) {
      deadline = at;
      for (const lane of lanes) lane.setDeadline(at);
    },
    async killAll() {
      await Promise.all(lanes.map((lane) => lane.killAll()));
    },
    async stop() {
      stopped = true;
      await growing;
      await Promise.all(lanes.map((lane) => lane.stop()));
    },
    get pid() {
      return first.pid();
    },
  };
}
