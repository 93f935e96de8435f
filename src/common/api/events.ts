// News as a stream of server-sent events: one by one as they come, or gathered into batches that stay small whatever
// happens, for pages.
import { z } from 'zod';
import { ENDS } from '../core/activity.ts';
import { jobName, runId } from '../model/ids.ts';
import { operation } from './operation.ts';
import { runBrief } from './overview.ts';
import { API, time } from './values.ts';
import { drainView, workerView } from './workers.ts';

/** How long news is gathered, in ms. */
export const GATHER = { '250ms': 250, '500ms': 500, '1s': 1_000, '2s': 2_000, '5s': 5_000 } as const;
export type Gather = keyof typeof GATHER;

/** Of each kind in one batch. */
export const MOST_IN_BATCH = 250;

const left = (what: string) =>
  z
    .int()
    .min(0)
    .meta({ description: `${what} beside those that are listed: read the list again` });

/** `data` of an event `batch`. */
export const eventBatch = z
  .strictObject({
    at: time,
    fresh: z.boolean().meta({
      description: 'false: etcd is out of reach of this master, and what it tells may be out of date',
    }),
    jobs: z.array(
      z.strictObject({ name: z.string(), type: z.enum(['put', 'delete']), modRevision: z.int() }),
    ),
    workers: z.array(
      z.strictObject({
        id: z.string(),
        type: z.enum(['put', 'delete']),
        state: workerView.shape.state.optional(),
        running: z.int().optional(),
        slots: z.int().optional(),
        drain: drainView.pick({ since: true, left: true, runs: true, killAt: true }).nullable().optional(),
      }),
    ),
    runs: z.array(runBrief).meta({
      description:
        'Each once, as it stands; where they are too many, first those that went wrong, then the newest',
    }),
    gone: z.array(z.strictObject({ job: jobName, id: runId })).meta({
      description: 'Claims that were given back: these runs are not on, and have no record',
    }),
    ended: z
      .strictObject(
        Object.fromEntries(ENDS.map((end) => [end, z.int().min(0)])) as Record<
          (typeof ENDS)[number],
          z.ZodInt
        >,
      )
      .meta({ description: 'How many ended so, those that are not listed among them' }),
    more: z.strictObject({ jobs: left('Jobs'), workers: left('Workers'), runs: left('Runs') }),
  })
  .meta({ id: 'EventBatch' });
export type EventBatch = z.output<typeof eventBatch>;

/** `data` of an event `resync`. */
export const eventResync = z
  .strictObject({
    at: time,
    reason: z.enum(['opened', 'behind', 'gap']).meta({
      description:
        'opened: news is told from now on. behind: this reader was too slow, and some was left out. gap: the master could not follow etcd for a while',
    }),
  })
  .meta({ id: 'EventResync' });
export type EventResync = z.output<typeof eventResync>;

export const eventOperations = {
  streamEvents: operation({
    method: 'GET',
    path: `${API}/events`,
    tag: 'cluster',
    summary: 'Follow changes of jobs, runs and workers',
    description: `Server-sent events. Without \`gather\`: \`job\`, \`run\` and \`worker\`, each with \`{type: "put" | "delete", name, ...}\`, as they come; a slow reader is closed, and reads the lists first when it opens it again. With \`gather\`: \`batch\`, whose data is an EventBatch, at most one in that time, with at most ${MOST_IN_BATCH} entries of each kind; and \`resync\`, whose data is an EventResync: read the lists (again). A reader that is slow misses batches and gets a \`resync\`. Opened again with \`Last-Event-ID\` within half a minute it goes on where it was, as far as that is kept; else it gets a \`resync\`.`,
    query: z.strictObject({
      gather: z.enum(Object.keys(GATHER) as [Gather, ...Gather[]]).optional(),
      job: jobName
        .optional()
        .meta({ description: 'With `gather`: only this job and its runs; of workers nothing is told' }),
    }),
    headers: z.object({
      'last-event-id': z
        .string()
        .max(100)
        .optional()
        .meta({ description: 'With `gather`: `id` of the last event that was received' }),
    }),
    answers: { 200: { text: 'text/event-stream', description: 'Server-sent events' } },
    problems: ['too_many_streams'],
  }),
};
