// Runs and ticks laid out over time: what was on lately, what comes, and where the next day is crowded.
import { z } from 'zod';
import { parseInstant } from '../core/every.ts';
import { RECENT_MINUTES } from '../core/recent-runs.ts';
import { jobName, WORKER_ID } from '../model/ids.ts';
import { notAnInstant } from '../model/job.ts';
import { search } from './jobs.ts';
import { operation } from './operation.ts';
import { runBrief, since } from './overview.ts';
import { API, time } from './values.ts';

/** Bars of one answer. */
export const DEFAULT_BARS = 1_000;
export const MOST_BARS = 5_000;
/** Jobs whose coming ticks are told, and ticks of each. */
export const MOST_COMING_JOBS = 500;
export const MOST_COMING_TICKS = 20;
/** Slots that a forecast can have. */
export const SLOTS = { '1m': 60, '5m': 300, '10m': 600, '15m': 900, '30m': 1_800, '1h': 3_600 } as const;
export type SlotWidth = keyof typeof SLOTS;

const given = z
  .string()
  .refine((text) => parseInstant(text) !== undefined, { error: notAnInstant })
  .optional();

export const timeline = z
  .strictObject({
    at: time,
    from: time,
    to: time,
    since,
    runs: z.array(runBrief).meta({
      description:
        'That were on at some time of the stretch, by start: without `endedAt` they are on. Without `startedAt` they are armed, or ticks that were skipped or missed. Of more than `limit`, those that went wrong first, then those that are on, then the longest',
    }),
    total: z.int().meta({ description: 'How many there were; near enough where they were very many' }),
    cut: z.boolean().meta({ description: 'Some are left out' }),
    coming: z
      .strictObject({
        until: time,
        jobs: z.array(
          z.strictObject({
            job: jobName,
            ticks: z.array(time).meta({ description: `The first ${MOST_COMING_TICKS}` }),
            count: z.int().meta({ description: 'All of them until then' }),
          }),
        ),
        totalJobs: z.int().meta({
          description: `Jobs that tick until then; ${MOST_COMING_JOBS} at most are listed, soonest first`,
        }),
      })
      .meta({ description: 'Ticks after now' }),
  })
  .meta({ id: 'Timeline' });
export type Timeline = z.output<typeof timeline>;

export const forecast = z
  .strictObject({
    at: time.meta({ description: 'When it was computed: a minute ago at most' }),
    from: time,
    to: time,
    slotSeconds: z.int(),
    jobs: z.int().meta({ description: 'Jobs that match and tick by themselves' }),
    ticks: z.int().meta({ description: 'Of all slots' }),
    approximate: z.boolean().meta({
      description:
        'true: so many different schedules tick so often that some are counted slot by slot and laid evenly over it: `busiest` is then near enough',
    }),
    slots: z.array(
      z.strictObject({
        at: time.meta({ description: 'Its first instant' }),
        ticks: z.int(),
        busiest: z
          .strictObject({ at: time, ticks: z.int() })
          .nullable()
          .meta({ description: 'The second in it in which most jobs tick; null: none does' }),
      }),
    ),
    crowded: z
      .array(z.strictObject({ at: time, ticks: z.int() }))
      .meta({ description: 'The ten seconds in which most jobs tick, the worst first' }),
  })
  .meta({ id: 'Forecast' });
export type Forecast = z.output<typeof forecast>;

export const timelineOperations = {
  getTimeline: operation({
    method: 'GET',
    path: `${API}/timeline`,
    tag: 'runs',
    summary: 'Show the runs of a stretch of time, and the ticks that come',
    description: `From what this master has seen: runs of the last ${RECENT_MINUTES} minutes, at most 500 to 1,000 of a minute of which those that went wrong and the longest are kept; older ones are in the history of their jobs.`,
    query: z.strictObject({
      from: given.meta({ description: '15 minutes before `to` by default' }),
      to: given.meta({ description: 'Now by default' }),
      limit: z.coerce.number().int().min(1).max(MOST_BARS).default(DEFAULT_BARS),
      job: jobName.optional(),
      worker: z
        .string()
        .regex(WORKER_ID, { error: 'not the id of a worker' })
        .optional()
        .meta({ description: 'Id of a worker: only its runs, and no coming ticks' }),
      ahead: z.coerce
        .number()
        .int()
        .min(0)
        .max(120)
        .default(15)
        .meta({ description: 'Minutes from now of which coming ticks are told; 0: none' }),
    }),
    answers: { 200: timeline },
  }),
  getForecast: operation({
    method: 'GET',
    path: `${API}/forecast`,
    tag: 'schedules',
    summary: 'Show how many jobs tick when, in the hours to come',
    description:
      'Of all jobs that are not paused, or of those that match. Counted by arithmetic where jobs share a schedule, without holding up other requests, and once a minute at most for the same question.',
    query: z.strictObject({
      ...search,
      hours: z.coerce.number().int().min(1).max(48).default(24),
      slot: z.enum(Object.keys(SLOTS) as [SlotWidth, ...SlotWidth[]]).default('5m'),
    }),
    answers: { 200: forecast },
  }),
};
