// What happened in a run, as plain values: the checker's only source. Times are the machine's wall clock, ms,
// but for what processes with a clock of their own wrote into records.
import type { JobDefinition, JobRecord } from '../../src/common/model/job.ts';
import type { RunRecord } from '../../src/common/model/run.ts';
import type { Revision } from '../../src/common/store/etcd.ts';
import type { JournalLine } from '../support/journal.ts';
import type { FaultKind, PlannedAction } from './plan.ts';

/** One revision of one key; `at`: when the recorder was told, never before it was so. */
interface Change {
  readonly revision: Revision;
  readonly at: number;
}

export interface JobChange extends Change {
  readonly job: string;
  /** Create revision of the key: tells lives of one name apart. */
  readonly created: Revision;
  /** undefined: deleted. */
  readonly record: JobRecord | undefined;
}

export interface CursorChange extends Change {
  readonly job: string;
  /** undefined: deleted. */
  readonly tick: number | undefined;
}

export interface RunChange extends Change {
  readonly record: RunRecord;
}

export interface ClaimChange extends Change {
  readonly job: string;
  readonly runId: string;
  readonly worker: string;
  /** undefined: settled, given back, or gone with its job. */
  readonly record: RunRecord | undefined;
}

/** The end of a worker's lease. */
export interface SessionEnd extends Change {
  readonly worker: string;
}

/** What a person asked of a master. */
export interface Action {
  readonly action: PlannedAction;
  readonly job: string | undefined;
  readonly askedAt: number;
  readonly answeredAt: number;
  /** undefined: no answer, so nobody knows. */
  readonly status: number | undefined;
  readonly master: string;
  /** Of an answer to a change: of the definition that holds from now on; Infinity: none does. */
  readonly generation?: number;
  /** Create revision of the job that was changed or deleted. */
  readonly created?: Revision;
  /** Runs of older definitions that the answer names. */
  readonly started?: readonly string[];
  readonly error?: string;
}

export interface FaultDone {
  readonly kind: FaultKind;
  /** With whom it was done in the end: `m1 (leader)`. */
  readonly what: string;
  /** Processes whose work others had to take over. */
  readonly victims: readonly string[];
  readonly beganAt: number;
  readonly healedAt: number;
}

export interface Sample {
  readonly at: number;
  readonly name: string;
  readonly pid: number;
  readonly rssMiB: number;
}

export interface StoreSample {
  readonly at: number;
  readonly dbMiB: number;
  readonly inUseMiB: number;
}

export interface History {
  readonly startedAt: number;
  /** Faults are over and everything is up again. */
  readonly healedAt: number;
  /** When the jobs were paused for good. */
  readonly pausedAt: number;
  readonly jobs: readonly JobChange[];
  readonly cursors: readonly CursorChange[];
  readonly runs: readonly RunChange[];
  readonly claims: readonly ClaimChange[];
  readonly sessionEnds: readonly SessionEnd[];
  readonly marks: readonly JournalLine[];
  readonly actions: readonly Action[];
  readonly faults: readonly FaultDone[];
  /** Of the workers' leases. */
  readonly ttlMs: number;
  /** This etcd revokes live leases when a leader that was frozen goes on (etcd #15247, before 3.5.13). */
  readonly hasStuckLeaders: boolean;
  /** Jobs whose lag is that of the cluster. */
  readonly prompt: ReadonlySet<string>;
}

export interface Violation {
  readonly what: string;
  readonly job?: string;
  readonly detail: string;
}

export type Definition = JobDefinition;
