// The whole API in one value. A route, a page of the document, a command or a call that is not here does
// not exist; one that is here and has no handler does not compile.
import { batchOperations } from './batch.ts';
import { clusterOperations } from './cluster.ts';
import { definitionOperations } from './definitions.ts';
import { eventOperations } from './events.ts';
import { jobOperations } from './jobs.ts';
import type { Answer, Input } from './operation.ts';
import { overviewOperations } from './overview.ts';
import { runOperations } from './runs.ts';
import { scheduleOperations } from './schedules.ts';
import { tickOperations } from './ticks.ts';
import { timelineOperations } from './timeline.ts';
import { versionOperations } from './versions.ts';
import { workerOperations } from './workers.ts';

export const contract = {
  ...jobOperations,
  ...versionOperations,
  ...overviewOperations,
  ...timelineOperations,
  ...runOperations,
  ...tickOperations,
  ...batchOperations,
  ...workerOperations,
  ...scheduleOperations,
  ...definitionOperations,
  ...clusterOperations,
  ...eventOperations,
};

export type Contract = typeof contract;
export type OperationId = keyof Contract;
export type InputOf<Id extends OperationId> = Input<Contract[Id]>;
export type AnswerOf<Id extends OperationId, Stream = string> = Answer<Contract[Id], Stream>;

/** `/api/v1/jobs/{job}` filled in: `/api/v1/jobs/nightly`. */
export function pathOf(id: OperationId, params: Readonly<Record<string, string>> = {}): string {
  return contract[id].path.replace(/\{(\w+)\}/g, (_: string, name: string) =>
    encodeURIComponent(params[name] ?? ''),
  );
}
