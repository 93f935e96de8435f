// Workers: who is there, and who shall take no more work.
import { z } from 'zod';
import { workerRecord } from '../model/worker.ts';
import { operation } from './operation.ts';
import { API, time } from './values.ts';

const {
  token: _token,
  wallClock: _wallClock,
  startedAt: _startedAt,
  joinedAt: _joinedAt,
  ...plain
} = workerRecord.shape;

export const workerView = z
  .strictObject({
    ...plain,
    startedAt: time,
    joinedAt: time
      .optional()
      .meta({ description: 'When its session began: jobs of mode all run their ticks there from then on' }),
    drain: z
      .strictObject({ by: z.string(), at: time })
      .nullable()
      .meta({ description: 'Asked to take no more work' }),
    clockOffsetMs: z.number().nullable().meta({
      description: "Its wall clock less this master's, as last seen; a little low by the time the news took",
    }),
  })
  .meta({ id: 'Worker' });
export type WorkerView = z.output<typeof workerView>;

const params = z.strictObject({
  worker: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,71}$/, { error: 'not the id of a worker' }),
});

export const workerOperations = {
  listWorkers: operation({
    method: 'GET',
    path: `${API}/workers`,
    tag: 'workers',
    summary: 'List the workers that are alive',
    answers: { 200: z.strictObject({ items: z.array(workerView) }) },
  }),
  drainWorker: operation({
    method: 'POST',
    path: `${API}/workers/{worker}/drain`,
    tag: 'workers',
    summary: 'Let a worker take no more work',
    description: 'Its runs go on. The wish ends with the worker.',
    params,
    answers: { 200: workerView },
    problems: ['worker_not_found'],
  }),
  resumeWorker: operation({
    method: 'POST',
    path: `${API}/workers/{worker}/resume`,
    tag: 'workers',
    summary: 'Let a drained worker take work again',
    params,
    answers: { 200: workerView },
    problems: ['worker_not_found'],
  }),
};
