// How much this worker takes on at once: runs and claims under way share its slots, and a job that finds none waits
// until one is free. It decides nothing about a job.
import type { Dispatcher } from './dispatcher.ts';
import type { JobEntry } from './job-table.ts';

export interface Slots {
  /** One is free for a claim of this job. Else the job is `full`, and marked when one is. */
  take(entry: JobEntry): boolean;
  /** The job is busy with this question to etcd until it is answered. */
  ask<R>(entry: JobEntry, answer: Promise<R>, then: (outcome: R) => void): void;
  /** A run is over. */
  freed(): void;
  /** Resolves when no question is under way. */
  whenAnswered(): Promise<void>;
}

export interface SlotsOptions {
  readonly slots: number;
  readonly dispatcher: Pick<Dispatcher, 'count'>;
  readonly mark: (entry: JobEntry) => void;
  /** The job waits for a slot. */
  readonly onFull: (entry: JobEntry) => void;
}

export function createSlots({ slots, dispatcher, mark, onFull }: SlotsOptions): Slots {
  let full = new Set<JobEntry>();
  let asking = 0;
  const answered: (() => void)[] = [];

  const use = (): void => {
    let free = slots - dispatcher.count - asking;
    if (free <= 0) return;
    const waiting = full;
    full = new Set();
    for (const entry of waiting) {
      if (entry.busy !== 'full') continue;
      if (free-- > 0) mark(entry);
      else full.add(entry);
    }
  };

  return {
    take(entry) {
      if (dispatcher.count + asking < slots) return true;
      entry.busy = 'full';
      full.add(entry);
      onFull(entry);
      return false;
    },
    ask(entry, answer, then) {
      entry.busy = 'asking';
      asking++;
      void answer.then((outcome) => {
        asking--;
        entry.busy = entry.holder === undefined ? 'no' : 'held';
        then(outcome);
        if (full.size > 0) use();
        if (asking === 0) for (const resolve of answered.splice(0)) resolve();
      });
    },
    freed() {
      if (full.size > 0) use();
    },
    whenAnswered: () => (asking === 0 ? Promise.resolve() : new Promise((resolve) => answered.push(resolve))),
  };
}
