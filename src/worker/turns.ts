// Whose turn it is among the requests to run a job: the oldest that is this worker's to take, unless the lock was found
// held by another worker's run a moment ago. It claims nothing.
import type { Clock } from '../common/core/clock.ts';
import { instant, type Instant, type Millis } from '../common/model/time.ts';
import type { JobEntry } from './job-table.ts';
import type { Overlaps } from './overlaps.ts';
import type { Membership } from './ports.ts';
import type { PendingTrigger, Requests } from './requests.ts';

export interface Turns {
  /** The request that is to be claimed now. `waits`: there is one, and its lock was held a moment ago. */
  next(entry: JobEntry, member: Membership): PendingTrigger | 'waits' | undefined;
  /** Another worker's run holds the lock: asked again in a moment. */
  holdUp(entry: JobEntry): void;
  /** When it is to be asked again, or when a retry's wait is over; undefined: nothing waits. */
  heldUntil(entry: JobEntry): Instant | undefined;
}

export function createTurns(
  { clock, requests, overlaps }: { clock: Clock; requests: Requests; overlaps: Overlaps },
  pause: Millis,
): Turns {
  const heldUp = new WeakMap<JobEntry, Instant>();

  /** Not after a clock that was set back. */
  const isAhead = (at: Instant): boolean => at > clock.now() && at - clock.now() <= pause;

  /** A retry whose wait is not over. */
  const isEarly = ({ record: { notBefore } }: PendingTrigger): boolean =>
    notBefore !== undefined && notBefore > clock.now();

  const oldest = (entry: JobEntry, member: Membership): PendingTrigger | undefined => {
    const all = requests.of(entry.name);
    if (!all) return undefined;
    if (entry.rule.all)
      return all.find((each) => {
        const { worker } = each.record;
        return !isEarly(each) && (worker === undefined ? entry.kept : worker === member.workerId);
      });
    for (const each of all) {
      if (isEarly(each)) continue;
      if (each.record.worker === undefined) return each;
      overlaps.skipTrigger(
        entry,
        each,
        `asked of ${each.record.worker} while the job ran on all workers: it runs on one now`,
      );
    }
    return undefined;
  };

  return {
    next(entry, member) {
      const trigger = oldest(entry, member);
      const until = heldUp.get(entry);
      if (trigger && until !== undefined && isAhead(until)) return 'waits';
      heldUp.delete(entry);
      return trigger;
    },
    holdUp: (entry) => void heldUp.set(entry, instant(clock.now() + pause)),
    heldUntil(entry) {
      const until = heldUp.get(entry);
      if (until !== undefined && isAhead(until)) return until;
      let first: number | undefined;
      for (const each of requests.of(entry.name) ?? [])
        if (isEarly(each)) first = Math.min(first ?? Infinity, each.record.notBefore!);
      return first === undefined ? undefined : instant(first);
    },
  };
}
