// What became of a job's ticks.
import { z } from 'zod';
import { TICK_OUTCOMES } from '../core/outcomes.ts';
import { parseInstant } from '../core/every.ts';
import { durationText } from '../model/duration.ts';
import { notAnInstant } from '../model/job.ts';
import { runId } from '../model/ids.ts';
import { runCause, runState, stretch } from '../model/run.ts';
import { operation } from './operation.ts';
import { API, flag, jobParams, time } from './values.ts';

/** Ticks a page. */
const DEFAULT_TICKS = 100;
const MAX_TICKS = 1_000;
/** Longest stretch that one request asks about. */
export const MAX_STRETCH_DAYS = 366;

const given = z
  .string()
  .refine((text) => parseInstant(text) !== undefined, { error: notAnInstant })
  .optional();

const outcome = z.enum(TICK_OUTCOMES, {
  error: ({ input }) =>
    `${JSON.stringify(input)} is no outcome: write one or several of ${TICK_OUTCOMES.join(', ')}`,
});

const count = (description: string) => z.int().min(0).meta({ description });

export const tickCounts = z
  .strictObject({
    due: count('Ticks that were due by now: the sum of the outcomes but `notYet` and `paused`'),
    ran: count('Ran once, however the run ended'),
    partly: count(
      'Of `ran`, under `mode: all`: skipped or missed on some workers, or without a record of some',
    ),
    failed: count(
      'Of `ran`: with a run that failed, timed out or was killed, and was not tried again elsewhere',
    ),
    mayHaveOverlapped: count('With a run whose task ran on after its claim had ended'),
    skipped: count('Skipped, as `overlap` says, or killed before the start'),
    missed: count('Missed: nobody was there to run them'),
    lost: count('The worker was lost: nobody knows how, or whether, they ended'),
    twice: count('Claimed twice'),
    unexplained: count('Due, and nothing tells what became of them'),
    notKnown: count('Their records may have been removed with old history'),
    running: count('Armed or running'),
    waiting: count('Due, and not settled yet for a reason that holds'),
    notYet: count('To come'),
    paused: count('Of a time in which the job is paused: not due'),
  })
  .meta({ id: 'TickCounts' });
export type TickCounts = z.output<typeof tickCounts>;

const runOfTick = z.strictObject({
  run: runId,
  state: runState,
  cause: runCause.shape.kind,
  worker: z.string().optional(),
  startedAt: time.optional(),
  endedAt: time.optional(),
  retryOf: runId.optional(),
  mayHaveOverlapped: z.literal(true).optional().meta({
    description:
      'Its task ran on after its claim had ended, so another run of the job may have been on at the same time',
  }),
});

export const tickView = z
  .strictObject({
    tick: time,
    outcome,
    reason: z.string().optional().meta({ description: 'Why, in words' }),
    partly: z.literal(true).optional().meta({
      description:
        'With `ran`, under `mode: all`: not on all workers, as far as records tell; `reason` says what is known of the others',
    }),
    worker: z
      .string()
      .optional()
      .meta({ description: 'Who ran it, or is to: of that of its runs of which `outcome` tells' }),
    startLagMs: z.number().optional().meta({ description: 'How late that run started' }),
    runs: z.array(runOfTick).meta({ description: 'All runs of the tick, retries elsewhere included' }),
    generation: z.int().meta({ description: 'Of the definition whose tick it is' }),
    offSchedule: z.literal(true).optional().meta({
      description: 'A tick of an earlier definition that is not kept: only its record tells of it',
    }),
    ticks: z.strictObject({ count: stretch.shape.count, from: time, to: time }).optional().meta({
      description: 'With `offSchedule`: so many ticks as one, skipped or missed together',
    }),
  })
  .meta({ id: 'Tick' });
export type TickView = z.output<typeof tickView>;

export const tickPage = z
  .strictObject({
    job: z.string(),
    from: time,
    to: time,
    jobCreatedAt: time,
    asOf: time.meta({ description: 'When it was looked at' }),
    scheduleKnownFrom: time.meta({
      description: 'Before it only records are shown: which ticks were due then is not known',
    }),
    historyKnownFrom: time.nullable().meta({
      description: 'Before it records may have been removed with old history; null: all are there',
    }),
    historyHint: z.string().nullable().meta({
      description: 'What would let the history reach further back; null: all records are there',
    }),
    counts: tickCounts.meta({ description: 'Of the whole stretch, whatever the page' }),
    items: z.array(tickView),
    nextCursor: z.string().nullable(),
  })
  .meta({ id: 'TickPage' });
export type TickPage = z.output<typeof tickPage>;

export const calendar = z
  .strictObject({
    job: z.string(),
    timezone: z.string(),
    asOf: time,
    jobCreatedAt: time,
    scheduleKnownFrom: tickPage.shape.scheduleKnownFrom,
    historyKnownFrom: tickPage.shape.historyKnownFrom,
    historyHint: tickPage.shape.historyHint,
    counts: tickCounts.meta({ description: 'Of all the days' }),
    days: z
      .array(
        z.strictObject({
          date: z.string().meta({ examples: ['2026-11-23'] }),
          from: time,
          until: time.meta({ description: 'First instant of the next day' }),
          counts: tickCounts,
        }),
      )
      .meta({ description: 'Oldest first; the last is today, to its end' }),
  })
  .meta({ id: 'Calendar' });
export type Calendar = z.output<typeof calendar>;

export const tickOperations = {
  getCalendar: operation({
    method: 'GET',
    path: `${API}/jobs/{job}/calendar`,
    tag: 'runs',
    summary: 'Count what became of the ticks of a job, day by day',
    description:
      'As `GET /jobs/{job}/ticks` tells it, in days of a zone. From the records that are kept: `historyKnownFrom` says how far they reach back, and days before it are `notKnown`.',
    params: jobParams,
    query: z.strictObject({
      days: z.coerce.number().int().min(1).max(MAX_STRETCH_DAYS).default(90),
      timezone: z.string().max(64).optional().meta({ description: "IANA name; the job's own by default" }),
    }),
    answers: { 200: calendar },
    problems: ['job_not_found', 'job_broken'],
  }),

  listTicks: operation({
    method: 'GET',
    path: `${API}/jobs/{job}/ticks`,
    tag: 'runs',
    summary: 'Tell what became of each tick of a stretch of time',
    description:
      'Oldest first, read at one revision. `counts` are those of the whole stretch; of ticks that are `unexplained` or `twice` there should be none. The last 24 hours by default.',
    params: jobParams,
    query: z.strictObject({
      from: given.meta({ description: 'First instant; 24 hours before `to` by default' }),
      to: given.meta({ description: 'Last instant, also of the future; now by default' }),
      outcome: z
        .union([z.string(), z.array(z.string())])
        .optional()
        .transform((texts) => [texts ?? []].flat().flatMap((text) => text.split(',')))
        .pipe(z.array(outcome))
        .meta({ description: 'Only ticks of these outcomes; several, repeated or separated by commas' }),
      partly: flag.meta({ description: 'Only ticks that ran on some workers only, under `mode: all`' }),
      failed: flag.meta({ description: 'Only ticks that ran, with a run that ended badly' }),
      grace: durationText({ max: '1d' }).default('1m').meta({
        description:
          'How long a tick that is due may wait before it is unexplained: more than a worker’s lease',
      }),
      limit: z.coerce
        .number()
        .int()
        .min(1)
        .max(MAX_TICKS)
        .default(DEFAULT_TICKS)
        .meta({ description: 'Ticks a page' }),
      cursor: z.string().min(1).max(1024).optional().meta({
        description: '`nextCursor` of the page before; with its `from` and `to`',
      }),
    }),
    answers: { 200: tickPage },
    problems: ['job_not_found', 'job_broken'],
  }),
};
