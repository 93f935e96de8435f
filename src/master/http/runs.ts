// Routes of runs, but for their output.
import { killRun } from '../intents/runs.ts';
import type { RunReader } from '../reads/runs.ts';
import type { WaitingRuns } from '../reads/waiting.ts';
import type { StrictDeps } from '../strict.ts';
import type { Views } from '../views/views.ts';
import type { Handlers } from './operations.ts';

type RunRoutes = 'listRunsOfJob' | 'getRun' | 'killRun' | 'listRuns';

export interface RunRouteDeps extends StrictDeps {
  readonly runs: RunReader;
  readonly waiting: WaitingRuns;
  readonly views: Views;
}

export function runRoutes(deps: RunRouteDeps): Pick<Handlers, RunRoutes> {
  const { runs, waiting, views } = deps;
  return {
    listRunsOfJob: async ({ params, query }) => ({
      status: 200,
      body: await runs.listOfJob(params.job, query),
    }),
    getRun: async ({ params }) => ({ status: 200, body: await runs.show(params.job, params.run) }),
    async killRun({ params, body }, caller) {
      const kill = { by: caller.name, reason: body?.reason };
      const killed = await killRun(deps, params.job, params.run, kill, (job) => views.runs.of(job));
      return { status: 202, body: { killed } };
    },
    async listRuns({ query: { state, worker, ...page } }) {
      if (state !== 'waiting')
        return { status: 200, body: await runs.listActive({ state, worker, ...page }) };
      // What waits is no worker's.
      const body = worker === undefined ? await waiting.list(page) : { items: [], nextCursor: null };
      return { status: 200, body };
    },
  };
}
