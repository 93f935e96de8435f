// Many jobs in one request: for import, for deployment from files.
import { z } from 'zod';
import { jobName } from '../model/ids.ts';
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

export const batchItem = z.discriminatedUnion('op', [put, remove]);
export type BatchItem = z.output<typeof batchItem>;

export const batchResult = z
  .strictObject({
    op: z.enum(['put', 'delete']),
    name: z.string(),
    outcome: z.enum(['created', 'replaced', 'deleted', 'refused']),
    modRevision: z.int().optional(),
    started: z.array(runRef).optional(),
    problem: problem.optional(),
  })
  .meta({ id: 'BatchResult' });
export type BatchResult = z.output<typeof batchResult>;

export const batchOperations = {
  batchJobs: operation({
    method: 'POST',
    path: `${API}/batch`,
    tag: 'jobs',
    summary: 'Put and delete many jobs',
    description: `One result for each operation, in order. Each hundred operations are one transaction of etcd; a name may occur once. At most ${BATCH_MAX} operations.`,
    bodyLimit: 32 * 1024 * 1024,
    body: z.strictObject({ operations: z.array(batchItem).min(1).max(BATCH_MAX) }),
    answers: { 200: z.strictObject({ results: z.array(batchResult) }) },
  }),
};
