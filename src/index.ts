// The library: what an application imports to run jobs inside its own process. The only barrel there is;
// whatever is not here may change without notice.
export { systemClock } from './common/runtime/clock.ts';
export {
  loadMasterConfig,
  loadWorkerConfig,
  type EtcdConfig,
  type MasterConfig,
  type SettingSources,
  type WorkerConfig,
} from './common/runtime/config.ts';
export { createLogger, type Logger } from './common/runtime/logger.ts';
export type { Clock } from './common/core/clock.ts';
export type { JobDefinition, JobDefinitionInput } from './common/model/job.ts';
export type { RunRecord } from './common/model/run.ts';
export { embedWorker, type EmbeddedWorkerOptions } from './embedded.ts';
export { start as startMaster, type Master, type MasterOptions } from './master/main.ts';
export { start as startWorker, type RunningWorker, type WorkerOptions } from './worker/main.ts';
export type { Handler, HandlerContext } from './worker/tasks/handler.ts';
