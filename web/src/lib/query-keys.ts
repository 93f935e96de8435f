// How answers are remembered, and what news makes them old. The only place that builds a key or knows which
// operations show what: pages ask by operation and never write a key.
import type { OperationId } from '../../../src/common/api/contract.ts';

export type QueryKey = readonly [id: OperationId, given: object];

export const keyOf = (id: OperationId, given: object): QueryKey => [id, given];

/** Operations whose answers list many things: asked again now and then while news of any of them comes. */
export const touchedBy = {
  job: ['listJobs', 'listRuns', 'getCluster'],
  run: ['listJobs', 'listRuns'],
  worker: ['listWorkers', 'getCluster'],
} as const satisfies Record<string, readonly OperationId[]>;

/** Operations about one job, by its name in `params.job`: asked again when the job, or a run of it, changes. */
export const aboutJob: ReadonlySet<OperationId> = new Set<OperationId>([
  'getJob',
  'listRunsOfJob',
  'listTicks',
  'listVersions',
]);
