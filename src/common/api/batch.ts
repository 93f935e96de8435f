// Many jobs in one request: for import, for deployment from files.
import { z } from 'zod';
import { jobName, runId } from '../model/ids.ts';
import { operation } from './operation.ts';
import { problem } from './problems.ts';
import { API, runRef } from './values.ts';

export const BATCH_MAX = 5_000;
/** Operations a transaction: etcd refuses more than 128 in one. */
export const BATCH_CHUNK = 100;

const put = z.strictObject({
  op: z.literal('put'),
  // Checked one by one by the handler, so that one bad definition is one bad result.
  definition: z.looseObject({ name: z.string() }).meta({
    description: 'A JobDefinition. Left out, `paused` stays as it is stored, as with PUT',
  }),
  ifMatch: z
    .int()
    .min(0)
    .optional()
    .meta({ description: 'Only at this mod revision; 0: only if it does not exist' }),
});
const remove = z.strictObject({ op: z.literal('delete'), name: jobName, ifMatch: z.int().min(1).optional() });
const pause = z.strictObject({ op: z.enum(['pause', 'resume']), name: jobName });
const run = z.strictObject({
  op: z.literal('run'),
  name: jobName,
  queue: z
    .boolean()
    .default(false)
    .meta({ description: 'If it is running, run after that instead of being refused with job_running' }),
});
const kill = z.strictObject({ op: z.literal('kill'), name: jobName, reason: z.string().max(500).optional() });

export const batchItem = z.discriminatedUnion('op', [put, remove, pause, run, kill]);
export type BatchItem = z.output<typeof batchItem>;

export const batchResult = z
  .strictObject({
    op: z.enum(['put', 'delete', 'pause', 'resume', 'run', 'kill']),
    name: z.string(),
    outcome: z
      .enum([
        'created',
        'replaced',
        'deleted',
        'paused',
        'resumed',
        'unchanged',
        'asked',
        'killed',
        'refused',
      ])
      .meta({
        description:
          'unchanged: it was paused, or not, already. asked: `runs` will be taken by workers. killed: `killed` were asked to end',
      }),
    modRevision: z.int().optional(),
    started: z.array(runRef).optional(),
    runs: z
      .array(z.strictObject({ run: runId, worker: z.string().optional() }))
      .optional()
      .meta({ description: 'The ids that the runs that were asked for will have' }),
    hint: z.string().optional().meta({ description: 'Why they will have to wait' }),
    killed: z.array(runRef).optional(),
    problem: problem.optional(),
  })
  .meta({ id: 'BatchResult' });
export type BatchResult = z.output<typeof batchResult>;

export const batchOperations = {
  batchJobs: operation({
    method: 'POST',
    path: `${API}/batch`,
    tag: 'jobs',
    summary: 'Put, delete, pause, resume, run or kill many jobs',
    description: `One result for each operation, in order. Each hundred of those that write are one transaction of etcd; runs and kills are asked for one by one. A name may occur once. At most ${BATCH_MAX} operations.`,
    bodyLimit: 32 * 1024 * 1024,
    body: z.strictObject({ operations: z.array(batchItem).min(1).max(BATCH_MAX) }),
    answers: { 200: z.strictObject({ results: z.array(batchResult) }) },
  }),
};
