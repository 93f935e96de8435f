// What an operator looks at first: what runs, what failed, what comes; and how it went, over time. Answered from what
// the master that is asked has seen, so that it costs etcd next to nothing.
import { z } from 'zod';
import { ENDS } from '../core/activity.ts';
import { jobName, runId } from '../model/ids.ts';
import { attempt, runCause, runState } from '../model/run.ts';
import { workerState } from '../model/worker.ts';
import { operation } from './operation.ts';
import { API, time } from './values.ts';

export const LONGEST_SHOWN = 10;
export const MOST_FAILURES_SHOWN = 50;
export const MOST_NEXT_SHOWN = 50;

const count = (description: string) => z.int().min(0).meta({ description });

/** Of a run what lists of many show. */
export const runBrief = z
  .strictObject({
    id: runId,
    job: jobName,
    state: runState,
    cause: runCause.shape.kind,
    worker: z.string().optional(),
    scheduledFor: time,
    startedAt: time.optional(),
    endedAt: time.optional(),
    startLagMs: z.number().optional(),
    durationMs: z.number().optional(),
    progress: z.number().optional(),
    exitCode: attempt.shape.exitCode,
    httpStatus: attempt.shape.httpStatus,
    signal: attempt.shape.signal,
    error: z.string().optional().meta({ description: 'Its first 300 characters' }),
    reason: z.string().optional().meta({ description: 'Its first 300 characters' }),
    ticks: z
      .int()
      .min(1)
      .optional()
      .meta({ description: 'Of one that was skipped or missed: how many ticks it stands for; absent: one' }),
    ticksTo: time.optional().meta({
      description: 'With `ticks`: the last of them; the first is `scheduledFor`',
    }),
  })
  .meta({ id: 'RunBrief' });
export type RunBrief = z.output<typeof runBrief>;

export const since = time.nullable().meta({
  description:
    'From here on this master saw every run end. What is told of earlier is read from the history that etcd keeps, which may be a part. null: it has not begun to look',
});

export const jobCounts = z
  .strictObject({
    total: count('All jobs'),
    active: count('Neither paused nor broken'),
    paused: count('Paused'),
    broken: count('Their stored definitions cannot be read'),
    failing: count('The last run that was neither skipped nor killed failed, timed out, was lost, or missed'),
    unschedulable: count('Not paused, and no registered worker can run them'),
    running: count('With a run that holds a claim now'),
  })
  .meta({ id: 'JobCounts' });

export const overview = z
  .strictObject({
    at: time,
    since,
    complete: z.boolean().meta({
      description:
        'false: the last outcomes of some jobs are still being read, as after a start; `failing` may be low',
    }),
    jobs: jobCounts,
    runs: z.strictObject({
      running: count('Running now'),
      armed: count('Claimed ahead of their time'),
      waiting: count('Asked for, and taken by no worker yet'),
      longest: z
        .array(runBrief)
        .meta({ description: `Of those that run now the ${LONGEST_SHOWN} that began first` }),
    }),
    failures: z
      .array(
        z.strictObject({
          run: runBrief.meta({ description: 'The last that failed, timed out, was lost or missed' }),
          count: count('How often, from `firstAt` on, as far as was seen'),
          firstAt: time,
          failing: z.boolean().meta({ description: 'false: a later run succeeded' }),
        }),
      )
      .meta({ description: `Newest first, one a job, ${MOST_FAILURES_SHOWN} at most` }),
    next: z
      .array(z.strictObject({ job: jobName, tick: time }))
      .meta({ description: `The jobs that tick next, soonest first, ${MOST_NEXT_SHOWN} at most` }),
    workers: z.strictObject({
      total: count('Registered'),
      byState: z.partialRecord(workerState, z.int()),
      slots: count('Of all that are ready or full'),
      busy: count('Slots of these that are taken'),
    }),
  })
  .meta({ id: 'Overview' });
export type Overview = z.output<typeof overview>;

/** Minutes of a bucket, and of the whole. */
export const WINDOWS = {
  '1h': { bucket: 1, minutes: 60 },
  '6h': { bucket: 5, minutes: 360 },
  '24h': { bucket: 15, minutes: 1_440 },
} as const;

const lag = (which: string) =>
  z
    .number()
    .nullable()
    .meta({ description: `${which} of how late runs started, in ms; null: none started` });

export const activityBucket = z.strictObject({
  at: time.meta({ description: 'Its first instant' }),
  ...(Object.fromEntries(
    ENDS.map((end) => [end, count(`Runs that ended so, or ticks, where nothing ran for them: ${end}`)]),
  ) as Record<(typeof ENDS)[number], z.ZodInt>),
  started: count('Runs of ticks that started, as far as they have ended'),
  lagP50Ms: lag('Median, within 13 %,'),
  lagP99Ms: lag('99th percentile, within 13 %,'),
  lagMaxMs: lag('The largest'),
});

export const activity = z
  .strictObject({
    at: time,
    since,
    complete: overview.shape.complete,
    bucketSeconds: z.int(),
    buckets: z.array(activityBucket).meta({
      description:
        'Oldest first, none left out. A run counts in the bucket of its end, its lag in that of its start',
    }),
  })
  .meta({ id: 'Activity' });
export type ActivityView = z.output<typeof activity>;

export const overviewOperations = {
  getOverview: operation({
    method: 'GET',
    path: `${API}/overview`,
    tag: 'cluster',
    summary: 'Show what runs, what failed lately and what comes next',
    description:
      'From what this master sees, with one small request to etcd; at most a second old. Masters that started at different times know different pasts.',
    query: z.strictObject({
      failures: z.coerce.number().int().min(0).max(MOST_FAILURES_SHOWN).default(10),
      next: z.coerce.number().int().min(0).max(MOST_NEXT_SHOWN).default(10),
    }),
    answers: { 200: overview },
  }),
  getActivity: operation({
    method: 'GET',
    path: `${API}/activity`,
    tag: 'cluster',
    summary: 'Show how runs ended and how late they started, over time',
    description: 'From what this master sees, for a day: 60 buckets of 1h, 72 of 6h, 96 of 24h.',
    query: z.strictObject({
      window: z.enum(['1h', '6h', '24h']).default('1h'),
    }),
    answers: { 200: activity },
  }),
};
