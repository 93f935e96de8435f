// The operations of a batch that ask workers for something: run, kill. Each by itself, some at a time; what one is
// refused for does not touch the others, nor does an etcd that goes away in the middle.
import type { BatchItem, BatchResult } from '../../common/api/batch.ts';
import { ProblemError } from '../../common/api/problems.ts';
import { EtcdError } from '../../common/store/etcd.ts';
import type { StrictDeps } from '../strict.ts';
import type { Views } from '../views/views.ts';
import { runNow } from './run-now.ts';
import { killJob } from './runs.ts';

/** Each is two or three requests to etcd. */
const AT_ONCE = 32;

export type Ask = Extract<BatchItem, { op: 'run' | 'kill' }>;
type Outcome = Omit<BatchResult, 'op' | 'name'>;

export interface AskDeps extends StrictDeps {
  readonly by: string;
  readonly views: Views;
}

async function ask(deps: AskDeps, item: Ask): Promise<Outcome> {
  const { by, views } = deps;
  try {
    if (item.op === 'kill') {
      const killed = await killJob(deps, item.name, { by, reason: item.reason }, (job) => views.runs.of(job));
      return { outcome: 'killed', killed };
    }
    const workers = () => views.workers.records();
    const { runs, hint } = await runNow(deps, item.name, { by, queue: item.queue }, workers);
    const asked = runs.map(({ runId, worker }) => ({ run: runId, ...(worker !== undefined && { worker }) }));
    return { outcome: 'asked', runs: asked, ...(hint !== undefined && { hint }) };
  } catch (error) {
    if (error instanceof ProblemError) return { outcome: 'refused', problem: error.toProblem() };
    if (!(error instanceof EtcdError)) throw error;
    const perhaps = error.mayHaveApplied ? '; it may have been asked for all the same' : '';
    const problem = new ProblemError('etcd_unavailable', `etcd did not answer${perhaps}`, { cause: error });
    return { outcome: 'refused', problem: problem.toProblem() };
  }
}

/** In their order. */
export async function askMany(deps: AskDeps, items: readonly Ask[]): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (let from = 0; from < items.length; from += AT_ONCE)
    outcomes.push(...(await Promise.all(items.slice(from, from + AT_ONCE).map((item) => ask(deps, item)))));
  return outcomes;
}
