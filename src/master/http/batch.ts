// The route of batches.
import { runBatch } from '../intents/batch.ts';
import type { JobDeps } from '../intents/jobs.ts';
import type { Views } from '../views/views.ts';
import type { Handlers } from './operations.ts';

export function batchRoutes(deps: JobDeps & { views: Views }): Pick<Handlers, 'batchJobs'> {
  return {
    async batchJobs({ body }, caller) {
      const { results, revision } = await runBatch({ ...deps, by: caller.name }, body.operations);
      deps.views.noteWrite(revision);
      return { status: 200, body: { results } };
    },
  };
}
