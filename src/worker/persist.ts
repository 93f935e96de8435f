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
  /** Also after refusals, such as of a user's rights: somebody will mend that, and nobody else writes this. */
  readonly whatever?: boolean;
}

/** Rejects with the last error when it can't succeed, or when `goesOn` says to stop. */
export async function carryThrough<R>(
  intent: Intent<R>,
  { clock, submit, goesOn, whatever = false }: Persistence,
): Promise<R> {
  for (let wait = FIRST_WAIT; ; wait = Math.min(2 * wait, LONGEST_WAIT)) {
    try {
      return await submit(intent);
    } catch (error) {
      if (!(error instanceof EtcdError) || error.kind === 'closed' || !goesOn()) throw error;
      // A lease that is gone never comes back.
      if (error.kind === 'lease_not_found') throw error;
      if (!whatever && !error.isTransient) throw error;
      await new Promise<void>((resolve) => void clock.setTimer(wait, resolve));
      if (!goesOn()) throw error;
    }
  }
}
