// What the worker's scheduling is built on, handed in by main.ts: the same code runs on a real etcd and real
// processes, or on models of them.
import type { Logger } from 'pino';
import type { Clock } from '../common/core/clock.ts';
import type { Instant, Monotonic } from '../common/model/time.ts';
import type { Batcher } from '../common/store/batcher.ts';
import type { Etcd, LeaseId } from '../common/store/etcd.ts';
import type { Keyspace } from '../common/store/keyspace.ts';
import type { TaskPort } from './tasks/task.ts';

/** The worker's claim on being alive. All that is claimed under it is gone with it. */
export interface Membership {
  readonly workerId: string;
  readonly leaseId: LeaseId;
  /** When it began, by this clock. */
  readonly since: Instant;
  /** By the clock, at this moment: false once the fence deadline has passed. */
  isValid(): boolean;
  readonly deadline: Monotonic;
}

export interface WorkerPorts {
  readonly etcd: Etcd;
  readonly batcher: Batcher;
  readonly keys: Keyspace;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Six hex digits. */
  randomSuffix(): string;
  readonly tasks: TaskPort;
  /** Tells that a run's output grows from now until the answered function is called, with what was written. */
  beginOutput(job: string, runId: string): (bytes?: number) => void;
}
