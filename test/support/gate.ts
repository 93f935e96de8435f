// A handler that a test holds in its hands: each run waits until it is let through, and keeps a journal.
import type { Handler, HandlerContext } from '../../src/worker/tasks/handler.ts';

export interface Passage {
  readonly job: string;
  readonly runId: string;
  readonly scheduledFor: number;
  readonly payload: unknown;
  readonly attempt: number;
  readonly startedAt: number;
  endedAt: number | undefined;
}

export interface Gate {
  readonly handler: Handler;
  readonly passages: readonly Passage[];
  of(job: string): Passage[];
  /** Runs of the job that are on. */
  inside(job: string): number;
  /** The most runs of the job that were on at once. */
  most(job: string): number;
  /** What is on ends, and what comes waits; open: nothing waits any more. */
  open(): void;
  close(): void;
}

/** Closed at first. A run ends when the gate opens, or when it is aborted. */
export function createGate(): Gate {
  const passages: Passage[] = [];
  const waiting = new Set<() => void>();
  const most = new Map<string, number>();
  let isOpen = false;
  const of = (job: string): Passage[] => passages.filter((each) => each.job === job);
  const inside = (job: string): number => of(job).filter(({ endedAt }) => endedAt === undefined).length;
  return {
    passages,
    of,
    inside,
    most: (job) => most.get(job) ?? 0,
    open() {
      isOpen = true;
      for (const go of waiting) go();
      waiting.clear();
    },
    close: () => void (isOpen = false),
    async handler({ job, runId, scheduledFor, payload, attempt, signal }: HandlerContext) {
      const startedAt = Date.now();
      const passage: Passage = {
        job,
        runId,
        payload,
        attempt,
        startedAt,
        scheduledFor: scheduledFor.getTime(),
        endedAt: undefined,
      };
      passages.push(passage);
      most.set(job, Math.max(most.get(job) ?? 0, inside(job)));
      if (!isOpen) {
        await new Promise<void>((resolve) => {
          waiting.add(resolve);
          signal.addEventListener('abort', () => resolve());
        });
      }
      passage.endedAt = Date.now();
    },
  };
}
