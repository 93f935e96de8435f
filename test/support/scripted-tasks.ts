// Tasks that end when and as a test says, behind the port that executions start them through.
import type { Task } from '../../src/common/model/job.ts';
import { instant, type Instant } from '../../src/common/model/time.ts';
import type { TaskContext, TaskEnd, TaskHandle, TaskPort } from '../../src/worker/tasks/task.ts';

export interface ScriptedAttempt {
  readonly task: Task;
  readonly context: TaskContext;
  /** What it was asked, in order. */
  readonly asked: readonly ('kill' | 'killNow')[];
  end(how: Partial<TaskEnd> & Pick<TaskEnd, 'outcome'>): void;
}

export interface ScriptedTasks extends TaskPort {
  readonly attempts: readonly ScriptedAttempt[];
}

export function createScriptedTasks(now: () => Instant): ScriptedTasks {
  const attempts: ScriptedAttempt[] = [];
  return {
    attempts,
    startTask(task, context): TaskHandle {
      const startedAt = now();
      const asked: ('kill' | 'killNow')[] = [];
      let markEnded: (end: TaskEnd) => void = () => {};
      const ended = new Promise<TaskEnd>((resolve) => (markEnded = resolve));
      attempts.push({
        task,
        context,
        asked,
        end: (how) =>
          markEnded({
            startedAt,
            endedAt: instant(now()),
            outputBytes: 0,
            outputTruncated: false,
            tail: '',
            ...how,
          }),
      });
      return {
        started: Promise.resolve(startedAt),
        ended,
        kill: () => void asked.push('kill'),
        killNow: () => void asked.push('killNow'),
      };
    },
    setDeadline() {},
    killAll: () => Promise.resolve(),
  };
}
