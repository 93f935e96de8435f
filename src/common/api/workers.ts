// Workers: who is there, and who shall take no more work.
import { z } from 'zod';
import { jobName, runId, WORKER_ID } from '../model/ids.ts';
import { workerRecord } from '../model/worker.ts';
import { operation } from './operation.ts';
import { API, time } from './values.ts';

const {
  token: _token,
  wallClock: _wallClock,
  asks: _asks,
  seen: _seen,
  can: _can,
  startedAt: _startedAt,
  joinedAt: _joinedAt,
  draining: _draining,
  waiting: _waiting,
  ...plain
} = workerRecord.shape;

/** Of a worker that takes no more work, by a wish of the API, or because it shuts down. */
export const drainView = z
  .strictObject({
    by: z.string().nullable().meta({ description: 'Who asked for it; null: nobody, it shuts down' }),
    askedAt: time.nullable(),
    since: time
      .nullable()
      .meta({ description: 'Since when it takes no more work; null: it has not heard of the wish yet' }),
    left: z
      .int()
      .min(0)
      .nullable()
      .meta({ description: 'Runs it waits for; 0: it is drained; null: it has not told yet' }),
    runs: z.array(z.strictObject({ job: jobName, run: runId })).meta({ description: 'The first 20 of them' }),
    killAt: time.nullable().meta({ description: 'When they are killed; null: they may take their time' }),
  })
  .meta({ id: 'WorkerDrain' });

export const workerView = z
  .strictObject({
    ...plain,
    can: z
      .strictObject({
        processes: z.boolean().meta({ description: 'Tasks of the kinds shell and exec' }),
        handlers: z.array(z.string()).meta({ description: 'What tasks of the kind handler may name' }),
      })
      .optional()
      .meta({
        description:
          'What it can run besides tasks of the kind http, which any can; absent: its version does not tell, and it is taken to be able to run all',
      }),
    startedAt: time,
    joinedAt: time
      .optional()
      .meta({ description: 'When its session began: jobs of mode all run their ticks there from then on' }),
    waiting: z
      .strictObject({ jobs: z.int().min(1), since: time })
      .optional()
      .meta({
        description:
          'Jobs that waited for a free slot when it last told, and since when the first of them did; absent: none',
      }),
    drain: drainView.nullable().meta({ description: 'null: it takes work' }),
    clockOffsetMs: z.number().nullable().meta({
      description:
        "Its wall clock less the time that this master goes by (its own clock, or the others' when that is off), as last seen; a little low by the time the news took",
    }),
  })
  .meta({ id: 'Worker' });
export type WorkerView = z.output<typeof workerView>;

const params = z.strictObject({
  worker: z
    .string()
    .regex(WORKER_ID, { error: 'not the id or the name of a worker' })
    .meta({ description: 'Its id; or its name, when one worker alone has it' }),
});
const problems = ['worker_not_found', 'ambiguous_worker'] as const;

export const workerOperations = {
  listWorkers: operation({
    method: 'GET',
    path: `${API}/workers`,
    tag: 'workers',
    summary: 'List the workers that are alive',
    answers: { 200: z.strictObject({ items: z.array(workerView) }) },
  }),
  getWorker: operation({
    method: 'GET',
    path: `${API}/workers/{worker}`,
    tag: 'workers',
    summary: 'Read a worker that is alive',
    params,
    answers: { 200: workerView },
    problems,
  }),
  drainWorker: operation({
    method: 'POST',
    path: `${API}/workers/{worker}/drain`,
    tag: 'workers',
    summary: 'Let a worker take no more work',
    description:
      'Its runs go on; `drain` shows how far it is. Answers when the worker has heard of it, after two seconds at the latest. The wish ends with the worker.',
    params,
    answers: { 200: workerView },
    problems,
  }),
  resumeWorker: operation({
    method: 'POST',
    path: `${API}/workers/{worker}/resume`,
    tag: 'workers',
    summary: 'Let a drained worker take work again',
    description: 'Answers when it does, after two seconds at the latest; one that shuts down does not.',
    params,
    answers: { 200: workerView },
    problems,
  }),
};
