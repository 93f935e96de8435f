// Retries that the worker of a run does not make itself, for it has lost its claim or is gone: as requests for
// a new run, which goes on counting where this one stopped.
import { retryAfter, type RetryPolicy } from '../common/core/retry.ts';
import { makeRunId } from '../common/model/ids.ts';
import type { RunRecord, TriggerRecord } from '../common/model/run.ts';
import { instant, type Instant } from '../common/model/time.ts';
import type { Retry } from '../common/store/transactions/endings.ts';

const LOST = { outcome: 'lost' } as const;

/** The run that makes the next attempt, not before `at`. `run`: before its end, with its overrides. */
export function retryElsewhere(run: RunRecord, now: Instant, suffix: string, at: number | undefined): Retry {
  const { tick } = run.cause;
  const trigger: TriggerRecord = {
    cause: 'retry',
    retryOf: run.id,
    attempt: run.attempt + 1,
    requestedAt: now,
    whenRunning: 'queue',
    ...(at === undefined || at <= now ? {} : { notBefore: at }),
    ...(tick === undefined ? {} : { tick }),
    ...(run.cause.by === undefined ? {} : { by: run.cause.by }),
    ...run.overrides,
  };
  return { runId: makeRunId(instant(now), suffix), trigger };
}

/**
 * What follows the loss of a run: a retry, or the reason why there is none although attempts are left. With
 * `nextAttemptAt` it was lost between two attempts: what counts is how the last of them ended.
 */
export function afterLoss(
  run: RunRecord,
  policy: RetryPolicy,
  now: Instant,
  suffix: string,
): { readonly retry?: Retry; readonly reason?: string } {
  // Of `mode: all`: it was its worker's own.
  if (run.shard !== undefined) return {};
  const { nextAttemptAt } = run;
  const end = nextAttemptAt === undefined ? LOST : (run.attempts.at(-1) ?? LOST);
  const next = retryAfter(policy, run.attempt, end);
  if (next.ok) return { retry: retryElsewhere(run, now, suffix, nextAttemptAt) };
  return next.reason === undefined ? {} : { reason: next.reason };
}

/** The record with one more reason. */
export const withReason = (run: RunRecord, more: string | undefined): RunRecord =>
  more === undefined
    ? run
    : Object.assign({}, run, { reason: run.reason === undefined ? more : `${run.reason}; ${more}` });
