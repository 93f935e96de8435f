// Requests to run now and requests to kill, as etcd has them at this moment.
import type { Logger } from 'pino';
import type { KillRecord, TriggerRecord } from '../common/model/run.ts';
import type { KeyValue, Revision } from '../common/store/etcd.ts';
import { killOf } from '../common/store/transactions/claims.ts';
import { codecs, type Keyspace } from '../common/store/keyspace.ts';

export interface PendingTrigger {
  readonly job: string;
  /** Id of the run that it asks for. */
  readonly runId: string;
  readonly revision: Revision;
  readonly record: TriggerRecord;
}

export interface Requests {
  /** Requests to run this job, oldest first; undefined: none. */
  of(job: string): readonly PendingTrigger[] | undefined;
  /** Jobs that have any. */
  jobs(): Iterable<string>;
  killOf(job: string, runId: string): KillRecord | undefined;
  putTrigger(kv: KeyValue): string | undefined;
  removeTrigger(key: string): void;
  /** Tells which run is to be killed. */
  putKill(kv: KeyValue): { job: string; runId: string; record: KillRecord } | undefined;
  removeKill(key: string): void;
}

export function createRequests(keys: Keyspace, logger: Logger): Requests {
  /** By job, sorted by run id, which sorts by the time of the request. */
  const triggers = new Map<string, PendingTrigger[]>();
  const kills = new Map<string, KillRecord>();

  const forget = (key: string): void => {
    const [job = '', runId] = keys.partsOf(key);
    const left = triggers.get(job)?.filter((each) => each.runId !== runId) ?? [];
    if (left.length > 0) triggers.set(job, left);
    else triggers.delete(job);
  };

  return {
    of: (job) => triggers.get(job),
    jobs: () => triggers.keys(),
    killOf: (job, runId) => kills.get(keys.kill(job, runId)),
    putTrigger(kv) {
      forget(kv.key);
      const [job = '', runId = ''] = keys.partsOf(kv.key);
      const decoded = codecs.trigger.decode(kv.value);
      if (!decoded.ok) {
        logger.error(
          { key: kv.key, reason: decoded.error },
          'request to run skipped: its value does not parse',
        );
        return undefined;
      }
      const pending = { job, runId, revision: kv.modRevision, record: decoded.value };
      const all = [...(triggers.get(job) ?? []), pending].sort((a, b) => (a.runId < b.runId ? -1 : 1));
      triggers.set(job, all);
      return job;
    },
    removeTrigger: forget,
    putKill(kv) {
      const [job = '', runId = ''] = keys.partsOf(kv.key);
      const record = killOf(kv);
      kills.set(kv.key, record);
      return { job, runId, record };
    },
    removeKill: (key) => void kills.delete(key),
  };
}

/** What a kill record says, as the reason on a run's record. */
export const killReason = ({ by, reason }: KillRecord): string =>
  `killed by ${by}${reason === undefined ? '' : `: ${reason}`}`;
