// How answers are remembered, and what news makes them old. The only place that builds a key or knows which
// operations show what: pages ask by operation and never write a key.
import type { OperationId } from '../../../src/common/api/contract.ts';

export type QueryKey = readonly [id: OperationId, given: object];

export const keyOf = (id: OperationId, given: object): QueryKey => [id, given];

/** Operations whose answers show many things: asked again while news of any of them comes, once a second at most. */
export const touchedBy = {
  job: ['listJobs', 'listJobNames', 'listLabels', 'listRuns', 'getOverview', 'getCluster'],
  run: ['listJobs', 'listRuns', 'getOverview', 'getActivity'],
  // A job tells whether a worker is there that can run it.
  worker: ['listWorkers', 'getJob', 'getOverview', 'getCluster'],
} as const satisfies Record<string, readonly OperationId[]>;

/** Operations about one job, by its name in `params.job`: asked again when the job, or a run of it, changes. */
export const aboutJob: ReadonlySet<OperationId> = new Set<OperationId>([
  'getJob',
  'listRunsOfJob',
  'getCalendar',
  'listTicks',
  'listVersions',
]);

/** Operations about one run, by `params.job` and `params.run`. */
export const aboutRun: ReadonlySet<OperationId> = new Set<OperationId>(['getRun']);
