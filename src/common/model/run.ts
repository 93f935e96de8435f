// A run: one claim of one tick, or of one request to run now. Its record is what happened, once. Stored records
// take unknown fields, so that workers of two versions can share a cluster while it is upgraded.
import { z } from 'zod';
import { jobName, runId } from './ids.ts';
import { FIRST_STORED, LAST_STORED } from './time.ts';

/**
 * armed -> running -> one of the ends. `skipped` and `missed` are records of ticks that nothing ran for;
 * `lost` is a run whose worker lost its claim, so nobody knows how (or whether) it ended.
 */
export const runState = z.enum([
  'armed',
  'running',
  'succeeded',
  'failed',
  'timed_out',
  'killed',
  'lost',
  'skipped',
  'missed',
]);
export type RunState = z.output<typeof runState>;

const ms = z.int().min(FIRST_STORED).max(LAST_STORED);

export const runCause = z.object({
  kind: z.enum(['schedule', 'catch_up', 'manual', 'retry']),
  /** The tick this run answers; absent for a manual run. */
  tick: ms.optional(),
  by: z.string().optional(),
  retryOf: runId.optional(),
});
export type RunCause = z.output<typeof runCause>;

export const attempt = z.object({
  number: z.int().min(1),
  startedAt: ms,
  endedAt: ms,
  outcome: z.enum(['succeeded', 'failed', 'timed_out', 'killed', 'lost']),
  exitCode: z.int().optional(),
  signal: z.string().optional(),
  httpStatus: z.int().optional(),
  error: z.string().optional(),
});
export type Attempt = z.output<typeof attempt>;

/** Ticks that one skipped or missed record stands for, both ends included. */
export const stretch = z.object({ count: z.int().min(1), from: ms, to: ms });
export type Stretch = z.output<typeof stretch>;

/** `mode: all`: which of the matching workers that were there, by name, this one is; from 0. */
export const shard = z.object({ index: z.int().min(0), total: z.int().min(1) });
export type Shard = z.output<typeof shard>;

/** The value of `kill/<job>/<runId>`: who wants the run to end, and why. */
export const killRecord = z.object({ by: z.string(), reason: z.string().optional(), at: ms });
export type KillRecord = z.output<typeof killRecord>;

/** The value of `runs/<job>/<runId>` and of `active/<worker>/<job>/<runId>`. Times in ms since the epoch. */
export const runRecord = z.object({
  id: runId,
  job: jobName,
  state: runState,
  cause: runCause,
  /** Id of the worker; absent when no worker ran it. */
  worker: z.string().optional(),
  scheduledFor: ms,
  armedAt: ms.optional(),
  startedAt: ms.optional(),
  endedAt: ms.optional(),
  startLagMs: z.number().optional(),
  durationMs: z.number().optional(),
  /** The attempt under way, or the last. */
  attempt: z.int().min(0),
  attempts: z.array(attempt),
  /** Between two attempts, and at no other time: nothing of it runs, and the next is not before then. */
  nextAttemptAt: ms.optional(),
  exitCode: z.int().optional(),
  signal: z.string().optional(),
  httpStatus: z.int().optional(),
  /** Of a handler: how far it says the attempt is, or was when it ended. */
  progress: z.number().min(0).max(1).optional(),
  error: z.string().optional(),
  /** Why it was killed, skipped, missed, lost or not tried again, in words. */
  reason: z.string().optional(),
  /** Of state `killed`, and of no other: the request that did it. */
  killedBy: killRecord.optional(),
  /** Its task is not killed when its worker's claim ends; absent: it is. */
  onLostLease: z.literal('continue').optional(),
  /** Its task ran on after the claim had ended, so another run of the job may have been on at the same time. */
  mayHaveOverlapped: z.boolean().optional(),
  /** Revision of the claim: larger for each later run of the job. */
  fencingToken: z.int().optional(),
  outputBytes: z.int().optional(),
  outputTruncated: z.boolean().optional(),
  /** Generation and create revision of the definition it ran under. */
  generation: z.int(),
  jobCreated: z.int(),
  ticks: stretch.optional(),
  /** Of a run of `mode: all`, and of no other: as its worker saw it when it claimed. */
  shard: shard.optional(),
  /** Of a run by hand, while it is active: a retry elsewhere needs them. Secret, never shown, gone at its end. */
  overrides: z
    .object({ env: z.record(z.string(), z.string()).optional(), payload: z.json().optional() })
    .optional(),
});
export type RunRecord = z.output<typeof runRecord>;

/** The value of `lock/<job>`. */
export const lockRecord = z.object({ runId, worker: z.string(), startAt: ms });
export type LockRecord = z.output<typeof lockRecord>;

/** The value of `trigger/<job>/<runId>`: a request to run now; the run takes the trigger's id. */
export const triggerRecord = z.object({
  cause: z.enum(['manual', 'retry']),
  by: z.string().optional(),
  retryOf: runId.optional(),
  /** The tick that the run retried answers. */
  tick: ms.optional(),
  /** First attempt number of this run: a retry elsewhere goes on counting. */
  attempt: z.int().min(1),
  requestedAt: ms,
  /** A retry's wait: it is claimed at or after this. */
  notBefore: ms.optional(),
  /** When the job is running: wait until it is not, or end as skipped. */
  whenRunning: z.enum(['queue', 'skip']),
  env: z.record(z.string(), z.string()).optional(),
  payload: z.json().optional(),
  /** `mode: all`: id of the worker that is to run it, and no other. */
  worker: z.string().optional(),
});
export type TriggerRecord = z.output<typeof triggerRecord>;
