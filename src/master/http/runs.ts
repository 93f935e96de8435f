// Routes of runs, but for their output.
import { killRun } from '../intents/runs.ts';
import type { RunReader } from '../reads/runs.ts';
import { showRun } from '../shown.ts';
import type { StrictDeps } from '../strict.ts';
import type { Views } from '../views/views.ts';
import type { Handlers } from './operations.ts';

type RunRoutes = 'listRunsOfJob' | 'getRun' | 'killRun' | 'listRuns';

export function runRoutes(deps: StrictDeps & { runs: RunReader; views: Views }): Pick<Handlers, RunRoutes> {
  const { runs, views } = deps;
  return {
    listRunsOfJob: async ({ params, query }) => ({
      status: 200,
      body: await runs.listOfJob(params.job, query),
    }),
    getRun: async ({ params }) => ({ status: 200, body: showRun(await runs.get(params.job, params.run)) }),
    async killRun({ params, body }, caller) {
      const kill = { by: caller.name, reason: body?.reason };
      const killed = await killRun(deps, params.job, params.run, kill, (job) => views.runs.of(job));
      return { status: 202, body: { killed } };
    },
    listRuns: async ({ query }) => ({ status: 200, body: await runs.listActive(query) }),
  };
}
