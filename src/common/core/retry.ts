// When a failed attempt is tried again, and why not. Asked when an attempt has ended, never at a start.
import { includesCode } from '../model/codes.ts';
import { durationMs } from '../model/duration.ts';
import type { JobDefinition } from '../model/job.ts';
import type { Attempt } from '../model/run.ts';
import type { Millis } from '../model/time.ts';

export type RetryPolicy = JobDefinition['retry'];
type End = Pick<Attempt, 'outcome' | 'exitCode' | 'httpStatus'>;

/** `reason`: attempts are left, but `retry.on` does not name this end. */
export type Retrying =
  { readonly ok: true; readonly delay: Millis } | { readonly ok: false; readonly reason?: string };

/** What a definition without a delay gets. */
export const DEFAULT_DELAY = '10s';
/** Without maxDelay the waits grow up to this, or stay at a delay that is longer. */
const USUAL_MOST = 600_000;

const NO: Retrying = { ok: false };

/** What follows `attempt` (1, 2, ...) that ended so; `delay`: the wait before the next. A kill is never retried. */
export function retryAfter(policy: RetryPolicy, attempt: number, end: End): Retrying {
  if (end.outcome === 'succeeded' || end.outcome === 'killed' || attempt > policy.limit) return NO;
  const unnamed = policy.on && unnamedEnd(policy.on, end);
  if (unnamed !== undefined)
    return { ok: false, reason: `not tried again: retry.on does not name ${unnamed}` };
  const first = durationMs(policy.delay)!;
  const most = policy.maxDelay === undefined ? Math.max(first, USUAL_MOST) : durationMs(policy.maxDelay)!;
  return { ok: true, delay: Math.min(first * policy.factor ** (attempt - 1), most) };
}

/** The end in words, when `on` leaves it out. */
function unnamedEnd(on: NonNullable<RetryPolicy['on']>, end: End): string | undefined {
  const unless = (isNamed: boolean, words: string): string | undefined => (isNamed ? undefined : words);
  if (end.outcome === 'lost') return unless(on.lost !== false, 'the loss of the worker');
  if (end.outcome === 'timed_out') return unless(on.timeout === true, 'a timeout');
  if (end.httpStatus !== undefined)
    return unless(includesCode(on.statuses ?? [], end.httpStatus), `status ${end.httpStatus}`);
  if (end.exitCode !== undefined)
    return unless(includesCode(on.exitCodes ?? [], end.exitCode), `exit code ${end.exitCode}`);
  return unless(on.error === true, 'an error without exit code or status');
}
