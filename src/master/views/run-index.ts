// The runs that hold a claim now, of all workers: few, since slots bound them. From the followed `active/`.
import { JOB_NAME, RUN_ID } from '../../common/model/ids.ts';
import type { RunRecord } from '../../common/model/run.ts';
import { codecs, type Keyspace } from '../../common/store/keyspace.ts';
import type { Unreadable } from '../../common/store/unreadable.ts';
import type { Change } from '../../common/store/follow.ts';

export interface ActiveRun {
  readonly key: string;
  readonly worker: string;
  readonly job: string;
  readonly runId: string;
  /** undefined: the value does not parse; a claim all the same. */
  readonly record: RunRecord | undefined;
}

export interface RunIndex {
  /** Answers the runs that ended by these changes. */
  apply(changes: readonly Change[]): ActiveRun[];
  readonly size: number;
  /** Jobs that have one. */
  readonly jobCount: number;
  /** In no order. */
  all(): Iterable<ActiveRun>;
  countOf(job: string): number;
  of(job: string): ActiveRun[];
  find(job: string, runId: string): ActiveRun | undefined;
  /** In the order of run ids. */
  list(
    wanted: { state: 'armed' | 'running' | undefined; worker?: string | undefined },
    page: { after: string | undefined; limit: number },
  ): ActiveRun[];
}

/** Run ids of different jobs may be equal: this order is total. */
export const orderOf = (run: Pick<ActiveRun, 'job' | 'runId'>): string => `${run.runId} ${run.job}`;

export function createRunIndex(keys: Keyspace, unreadable: Unreadable): RunIndex {
  const byKey = new Map<string, ActiveRun>();
  const byJob = new Map<string, Map<string, ActiveRun>>();

  const remove = (key: string): ActiveRun | undefined => {
    const run = byKey.get(key);
    if (!run) return undefined;
    byKey.delete(key);
    const siblings = byJob.get(run.job)!;
    siblings.delete(key);
    if (siblings.size === 0) byJob.delete(run.job);
    return run;
  };

  return {
    apply(changes) {
      const ended: ActiveRun[] = [];
      for (const change of changes) {
        const key = change.type === 'put' ? change.kv.key : change.key;
        const before = remove(key);
        if (change.type === 'delete') {
          unreadable.clear(key);
          if (before) ended.push(before);
          continue;
        }
        const [worker, job = '', runId = ''] = keys.partsOf(key);
        if (worker === undefined || !JOB_NAME.test(job) || !RUN_ID.test(runId)) {
          unreadable.note(key, 'it names no run', 'key of no claimed run passed over');
          continue;
        }
        const decoded = codecs.run.decode(change.kv.value);
        const isThis = decoded.ok && decoded.value.job === job && decoded.value.id === runId;
        if (isThis) unreadable.clear(key);
        else {
          const fault = decoded.ok ? 'it names another run than its key' : decoded.error;
          unreadable.note(key, fault, 'claimed run cannot be read: its job counts as running');
        }
        const run = { key, worker, job, runId, record: isThis ? decoded.value : undefined };
        byKey.set(key, run);
        const siblings = byJob.get(job) ?? new Map<string, ActiveRun>();
        byJob.set(job, siblings.set(key, run));
      }
      return ended;
    },
    get size() {
      return byKey.size;
    },
    get jobCount() {
      return byJob.size;
    },
    all: () => byKey.values(),
    countOf: (job) => byJob.get(job)?.size ?? 0,
    of: (job) => [...(byJob.get(job)?.values() ?? [])],
    find: (job, runId) => [...(byJob.get(job)?.values() ?? [])].find((run) => run.runId === runId),
    list({ state, worker }, { after, limit }) {
      const isWanted = ({ record }: ActiveRun): boolean =>
        record !== undefined &&
        (state === undefined || record.state === state) &&
        (worker === undefined || record.worker === worker);
      return [...byKey.values()]
        .filter(isWanted)
        .filter((run) => after === undefined || orderOf(run) > after)
        .sort((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1))
        .slice(0, limit);
    },
  };
}
