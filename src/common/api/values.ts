// Pieces that the topics of the contract share: how a time, a flag or a run is shown to callers.
import { z } from 'zod';
import { jobName, runId } from '../model/ids.ts';
import { attempt, killRecord, runCause, runRecord, runState, stretch } from '../model/run.ts';
import { durationText } from '../model/duration.ts';

export const API = '/api/v1';

/** Every time of the API: ISO 8601 in UTC, with milliseconds. */
export const time = z.iso
  .datetime()
  .meta({ description: 'ISO 8601, UTC', examples: ['2026-11-22T14:30:00.000Z'] });

/** A flag of a query. */
export const flag = z
  .enum(['true', 'false'])
  .transform((text) => text === 'true')
  .prefault('false');

export const jobParams = z.strictObject({ job: jobName });
export const runParams = z.strictObject({ job: jobName, run: runId });

export const waitFor = durationText({ max: '10m' })
  .optional()
  .meta({ description: 'Answer when it has ended, or after this time', examples: ['30s'] });

const { tick: _tick, ...causeFields } = runCause.shape;
const { startedAt: _from, endedAt: _to, ...attemptFields } = attempt.shape;
const {
  scheduledFor: _s,
  armedAt: _a,
  startedAt: _b,
  endedAt: _e,
  cause: _c,
  attempts: _t,
  nextAttemptAt: _n,
  ticks: _k,
  killedBy: _kb,
  ...plain
} = runRecord.shape;

/** As it is answered: of a run that was asked for and that no worker has taken, etcd has no record. */
export const shownRunState = z.enum(['waiting', ...runState.options]).meta({
  description:
    'waiting: asked for, and no worker has taken it yet; `reason` says why. armed: claimed ahead of its time',
});

/** A run as it is answered: the record of etcd with its times as text. */
export const runView = z
  .strictObject({
    ...plain,
    state: shownRunState,
    cause: z.strictObject({ ...causeFields, tick: time.optional() }),
    scheduledFor: time,
    armedAt: time.optional(),
    startedAt: time.optional(),
    endedAt: time.optional(),
    attempts: z.array(z.strictObject({ ...attemptFields, startedAt: time, endedAt: time })),
    nextAttemptAt: time.optional().meta({ description: 'Between two attempts: when the next one is made' }),
    killedBy: z.strictObject({ ...killRecord.shape, at: time }).optional(),
    ticks: z.strictObject({ count: stretch.shape.count, from: time, to: time }).optional(),
  })
  .meta({ id: 'Run' });
export type RunView = z.output<typeof runView>;

/** A claim that exists: enough to follow it or to kill it. */
export const runRef = z
  .strictObject({ run: runId, worker: z.string().optional(), startAt: time.optional() })
  .meta({ id: 'RunRef' });
export type RunRef = z.output<typeof runRef>;
