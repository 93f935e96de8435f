// The runs that hold a claim now, of all workers: few, since slots bound them. From the followed `active/`.
import type { RunRecord } from '../../common/model/run.ts';
import { codecs, type Keyspace } from '../../common/store/keyspace.ts';
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
  countOf(job: string): number;
  of(job: string): ActiveRun[];
  find(job: string, runId: string): ActiveRun | undefined;
  /** In the order of run ids. */
  list(
    state: 'armed' | 'running' | undefined,
    page: { after: string | undefined; limit: number },
  ): ActiveRun[];
}

/** Run ids of different jobs may be equal: this order is total. */
export const orderOf = (run: Pick<ActiveRun, 'job' | 'runId'>): string => `${run.runId} ${run.job}`;

export function createRunIndex(keys: Keyspace): RunIndex {
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
          if (before) ended.push(before);
          continue;
        }
        const [worker, job, runId] = keys.partsOf(key);
        if (worker === undefined || job === undefined || runId === undefined) continue;
        const decoded = codecs.run.decode(change.kv.value);
        const run = { key, worker, job, runId, record: decoded.ok ? decoded.value : undefined };
        byKey.set(key, run);
        const siblings = byJob.get(job) ?? new Map<string, ActiveRun>();
        byJob.set(job, siblings.set(key, run));
      }
      return ended;
    },
    get size() {
      return byKey.size;
    },
    countOf: (job) => byJob.get(job)?.size ?? 0,
    of: (job) => [...(byJob.get(job)?.values() ?? [])],
    find: (job, runId) => [...(byJob.get(job)?.values() ?? [])].find((run) => run.runId === runId),
    list(state, { after, limit }) {
      return [...byKey.values()]
        .filter((run) => run.record && (state === undefined || run.record.state === state))
        .filter((run) => after === undefined || orderOf(run) > after)
        .sort((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1))
        .slice(0, limit);
    },
  };
}
