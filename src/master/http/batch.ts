// The route of batches.
import { askMany } from '../intents/batch-asks.ts';
import { runBatch } from '../intents/batch.ts';
import type { JobDeps } from '../intents/jobs.ts';
import type { Views } from '../views/views.ts';
import type { Handlers } from './operations.ts';

export function batchRoutes(deps: JobDeps & { views: Views }): Pick<Handlers, 'batchJobs'> {
  return {
    async batchJobs({ body }, caller) {
      const mine = { ...deps, by: caller.name };
      const { results, revision } = await runBatch(mine, body.operations, (items) => askMany(mine, items));
      deps.views.noteWrite(revision);
      return { status: 200, body: { results } };
    },
  };
}
