// How much this worker takes on at once: runs and claims under way share its slots, and a job that finds none waits in
// line. A slot that gets free is kept for the job that has waited longest, whoever asks meanwhile; a job that has
// just used one waits from then on, however old its ticks are, so one that is always behind keeps no slot from the
// others. It decides nothing about a job.
import type { Clock } from '../common/core/clock.ts';
import { createWaitingLine } from '../common/core/waiting-line.ts';
import { instant, type Instant } from '../common/model/time.ts';
import type { WaitingJobs } from '../common/model/worker.ts';
import type { Dispatcher } from './dispatcher.ts';
import type { JobEntry } from './job-table.ts';

export interface Slots {
  /**
   * One is free for a claim of this job, or was kept for it. Else the job is `full`, and marked when it is its turn.
   * `since`: when what is to be claimed was due, or asked for.
   */
  take(entry: JobEntry, since: Instant): boolean;
  /** The job has been judged: a slot or a place in the line that it has not asked for again is given up. */
  judged(entry: JobEntry): void;
  /** The job is not judged any more: as if it had never waited. */
  leave(entry: JobEntry): void;
  /** The job is busy with this question to etcd until it is answered. */
  ask<R>(entry: JobEntry, answer: Promise<R>, then: (outcome: R) => void): void;
  /** The job has used a slot, now: it goes behind those that wait. */
  used(entry: JobEntry): void;
  /** A run is over. */
  freed(): void;
  /** Jobs that wait for a slot, and since when the first of them does; undefined: none. */
  waiting(): WaitingJobs | undefined;
  /** Resolves when no question is under way. */
  whenAnswered(): Promise<void>;
}

export interface SlotsOptions {
  readonly slots: number;
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
  readonly dispatcher: Pick<Dispatcher, 'count'>;
  readonly mark: (entry: JobEntry) => void;
  /** The job waits for a slot. */
  readonly onFull: (entry: JobEntry) => void;
}

export function createSlots({ slots, clock, dispatcher, mark, onFull }: SlotsOptions): Slots {
  /** By monotonic time: a wall clock that is set back must not send those that wait behind all that come. */
  const line = createWaitingLine<JobEntry>();
  /** A free slot is kept for each of these until it is judged, which is soon. */
  const keptFor = new Set<JobEntry>();
  let asking = 0;
  const answered: (() => void)[] = [];

  const isFree = (): boolean => dispatcher.count + asking + keptFor.size < slots;

  const give = (): void => {
    while (line.size > 0 && isFree()) {
      const entry = line.next()!;
      keptFor.add(entry);
      mark(entry);
    }
  };

  const leave = (entry: JobEntry): void => {
    if (line.size > 0) line.leave(entry);
    if (keptFor.size > 0 && keptFor.delete(entry)) give();
  };

  return {
    take(entry, since) {
      if ((keptFor.size > 0 && keptFor.delete(entry)) || isFree()) return true;
      entry.busy = 'full';
      line.join(entry, Math.max(entry.usedAt, clock.monotonic() + since - clock.now()));
      onFull(entry);
      return false;
    },
    judged(entry) {
      if (entry.busy !== 'full') leave(entry);
    },
    leave(entry) {
      if (entry.busy === 'full') entry.busy = 'no';
      leave(entry);
    },
    ask(entry, answer, then) {
      entry.busy = 'asking';
      asking++;
      void answer.then((outcome) => {
        asking--;
        entry.busy = entry.holder === undefined ? 'no' : 'held';
        then(outcome);
        give();
        if (asking === 0) for (const resolve of answered.splice(0)) resolve();
      });
    },
    used: (entry) => void (entry.usedAt = clock.monotonic()),
    freed: give,
    waiting() {
      const longest = line.longest();
      if (longest === undefined) return undefined;
      return { jobs: line.size, since: instant(Math.round(clock.now() - clock.monotonic() + longest)) };
    },
    whenAnswered: () => (asking === 0 ? Promise.resolve() : new Promise((resolve) => answered.push(resolve))),
  };
}
