// When a failed attempt is tried again.
import { durationMs } from '../model/duration.ts';
import type { JobDefinition } from '../model/job.ts';
import type { Attempt } from '../model/run.ts';
import type { Millis } from '../model/time.ts';

export type RetryPolicy = JobDefinition['retry'];

/** Wait before the attempt after `attempt` (1, 2, ...); undefined: there is none. A kill is never retried. */
export function retryDelay(
  policy: RetryPolicy,
  attempt: number,
  outcome: Attempt['outcome'],
): Millis | undefined {
  if (outcome === 'succeeded' || outcome === 'killed' || attempt > policy.limit) return undefined;
  const delay = durationMs(policy.delay)! * policy.factor ** (attempt - 1);
  return Math.min(delay, durationMs(policy.maxDelay)!);
}
