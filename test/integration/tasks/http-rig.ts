// What the tests of http tasks share: a task port on a folder of its own, and definitions as they are stored.
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import type { z } from 'zod';
import { httpTask } from '../../../src/common/model/http-task.ts';
import { instant } from '../../../src/common/model/time.ts';
import { systemClock } from '../../../src/common/runtime/clock.ts';
import { openTaskPort } from '../../../src/worker/tasks/task-port.ts';
import type { TaskContext, TaskHandle, TaskPort } from '../../../src/worker/tasks/task.ts';

export const RUN = '20261122T143000.000Z-7f3a9c';
export const clock = systemClock();

export interface HttpTasks {
  /** Of the present test. */
  readonly dir: string;
  port(): TaskPort;
  run(
    task: Omit<z.input<typeof httpTask>, 'kind'>,
    context?: Partial<TaskContext>,
    port?: TaskPort,
  ): TaskHandle;
  /** What has been kept of the run. */
  output(): Buffer;
}

/** Call at the top of a test file. */
export function useHttpTasks(): HttpTasks {
  let dir = '';
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'etcron-http-'));
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));
  const port = (): TaskPort => openTaskPort({ handlers: {}, dataDir: dir, clock, workerEnv: {} });
  return {
    get dir() {
      return dir;
    },
    port,
    run: (task, context = {}, on = port()) =>
      on.startTask(httpTask.parse({ kind: 'http', ...task }), {
        job: 'job',
        runId: RUN,
        scheduledFor: instant(Date.UTC(2026, 10, 22, 14, 30)),
        attempt: 1,
        fencingToken: 42,
        worker: 'w-000001',
        killGraceMs: 3_600_000,
        outputLimit: 1024 * 1024,
        ...context,
      }),
    output() {
      const file = join(dir, `runs/job/${RUN}.log`);
      return existsSync(file) ? readFileSync(file) : Buffer.alloc(0);
    },
  };
}
