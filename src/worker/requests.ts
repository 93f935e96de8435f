// Requests to run now and requests to kill, as etcd has them at this moment.
import { RUN_ID } from '../common/model/ids.ts';
import type { KillRecord, TriggerRecord } from '../common/model/run.ts';
import type { KeyValue, Revision } from '../common/store/etcd.ts';
import { killOf } from '../common/store/transactions/claims.ts';
import { codecs, type Keyspace } from '../common/store/keyspace.ts';
import type { Unreadable } from '../common/store/unreadable.ts';

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

export function createRequests(keys: Keyspace, unreadable: Unreadable): Requests {
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
      // Its run would stand under an id that nobody takes for one.
      const fault = decoded.ok ? (RUN_ID.test(runId) ? undefined : 'its key names no run') : decoded.error;
      if (fault !== undefined || !decoded.ok) {
        unreadable.note(kv.key, fault ?? '', 'request to run skipped: it cannot be read');
        return undefined;
      }
      unreadable.clear(kv.key);
      const record = { ...codecs.trigger.unknownIn(kv.value), ...decoded.value };
      const pending = { job, runId, revision: kv.modRevision, record };
      const all = [...(triggers.get(job) ?? []), pending].sort((a, b) => (a.runId < b.runId ? -1 : 1));
      triggers.set(job, all);
      return job;
    },
    removeTrigger(key) {
      unreadable.clear(key);
      forget(key);
    },
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
