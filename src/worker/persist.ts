// Carries a conditional write through to its answer, however long etcd is away. Every intent here may be
// sent again after a lost answer: each recognises what it has done before.
import type { Clock } from '../common/core/clock.ts';
import type { Millis } from '../common/model/time.ts';
import { EtcdError } from '../common/store/etcd.ts';
import type { Intent } from '../common/store/intent.ts';

const FIRST_WAIT: Millis = 100;
const LONGEST_WAIT: Millis = 2_000;

export interface Persistence {
  readonly clock: Clock;
  readonly submit: <R>(intent: Intent<R>) => Promise<R>;
  /** Asked before each further try; false ends it with the last error. */
  readonly goesOn: () => boolean;
}

/** Rejects with the last error when it can't succeed, or when `goesOn` says to stop. */
export async function carryThrough<R>(intent: Intent<R>, { clock, submit, goesOn }: Persistence): Promise<R> {
  for (let wait = FIRST_WAIT; ; wait = Math.min(2 * wait, LONGEST_WAIT)) {
    try {
      return await submit(intent);
    } catch (error) {
      if (!(error instanceof EtcdError) || !error.isTransient || !goesOn()) throw error;
      await new Promise<void>((resolve) => void clock.setTimer(wait, resolve));
      if (!goesOn()) throw error;
    }
  }
}
