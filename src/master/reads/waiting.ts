// Runs that were asked for and that no worker has taken: shown as runs in the state `waiting`, with the reason. They
// are in etcd as requests; no record of them exists before they are claimed.
import { decodeCursor, encodeCursor } from '../../common/api/paging.ts';
import type { RunView } from '../../common/api/values.ts';
import { JOB_NAME } from '../../common/model/ids.ts';
import type { TriggerRecord } from '../../common/model/run.ts';
import { instant } from '../../common/model/time.ts';
import type { Etcd, KeyValue } from '../../common/store/etcd.ts';
import { codecs, type Keyspace } from '../../common/store/keyspace.ts';
import { listPage } from '../../common/store/queries.ts';
import { jobNow } from '../intents/jobs.ts';
import { readJobWithLocks, type JobWithLocks } from '../intents/locks.ts';
import { shownTime } from '../shown.ts';
import type { Views } from '../views/views.ts';
import { whyWaits } from './why-waits.ts';

/** Jobs that are read at once. */
const AT_ONCE = 16;

export interface WaitingRuns {
  find(job: string, runId: string): Promise<RunView | undefined>;
  /** Oldest first: the order in which they are taken. */
  ofJob(job: string): Promise<RunView[]>;
  /** Of all jobs, by job. Throws invalid_input naming `cursor`. */
  list(page: {
    limit: number;
    cursor?: string | undefined;
  }): Promise<{ items: RunView[]; nextCursor: string | null }>;
}

export function waitingRuns({
  etcd,
  keys,
  views,
}: {
  readonly etcd: Etcd;
  readonly keys: Keyspace;
  readonly views: Views;
}): WaitingRuns {
  const partsOf = ({ key }: KeyValue): [job: string, runId: string] => {
    const [job = '', runId = ''] = keys.partsOf(key);
    return [job, runId];
  };

  const viewsOf = (job: string, { kv, locks, triggers }: JobWithLocks): RunView[] => {
    // Deleted: its requests go with it.
    if (!kv || !JOB_NAME.test(job)) return [];
    const { record, generation = 1 } = jobNow(kv);
    const workers = views.workers.list().map((worker) => worker.record);
    const held = locks.flatMap((lock) => lock.record ?? []);
    const seen = new Map<string | undefined, number>();
    return triggers.map((trigger) => {
      const decoded = codecs.trigger.decode(trigger.value);
      const asked = decoded.ok ? decoded.value : undefined;
      const before = seen.get(asked?.worker) ?? 0;
      const notBefore = asked?.notBefore;
      // It lets others go first meanwhile.
      if (notBefore === undefined) seen.set(asked?.worker, before + 1);
      const attempt =
        notBefore === undefined ? undefined : { number: asked!.attempt, notBefore: instant(notBefore) };
      const reason = !record
        ? 'the stored definition of the job cannot be read: put it anew'
        : !asked
          ? 'the request cannot be read: no worker takes it'
          : whyWaits(
              { definition: record.definition, asked: asked.worker, locks: held, before, attempt },
              workers,
            );
      return viewOf(job, partsOf(trigger)[1], asked, reason, generation, kv.createRevision);
    });
  };

  const ofJob = async (job: string): Promise<RunView[]> =>
    viewsOf(job, await readJobWithLocks(etcd, keys, job));

  return {
    ofJob,
    async find(job, runId) {
      const { kvs } = await etcd.range({ key: keys.trigger(job, runId), keysOnly: true });
      // Most are asked about when they have long been taken.
      if (kvs.length === 0) return undefined;
      return (await ofJob(job)).find(({ id }) => id === runId);
    },
    async list({ limit, cursor }) {
      const after = decodeCursor('waiting', cursor);
      const { kvs, more } = await listPage(etcd, keys.triggers, {
        limit,
        keysOnly: true,
        ...(after === undefined ? {} : { after: `${keys.triggers.key}${after}` }),
      });
      const jobs = [...new Set(kvs.map((kv) => partsOf(kv)[0]))];
      const found = new Map<string, RunView>();
      for (let from = 0; from < jobs.length; from += AT_ONCE) {
        const some = await Promise.all(jobs.slice(from, from + AT_ONCE).map(ofJob));
        for (const run of some.flat()) found.set(keys.trigger(run.job, run.id), run);
      }
      const last = kvs.at(-1);
      return {
        items: kvs.flatMap(({ key }) => found.get(key) ?? []),
        nextCursor: more && last ? encodeCursor('waiting', last.key.slice(keys.triggers.key.length)) : null,
      };
    },
  };
}

function viewOf(
  job: string,
  id: string,
  asked: TriggerRecord | undefined,
  reason: string,
  generation: number,
  jobCreated: number,
): RunView {
  const { cause = 'manual', by, retryOf, tick, worker, requestedAt = 0 } = asked ?? {};
  return {
    id,
    job,
    state: 'waiting',
    cause: {
      kind: cause,
      ...(by !== undefined && { by }),
      ...(retryOf !== undefined && { retryOf }),
      ...(tick !== undefined && { tick: shownTime(tick) }),
    },
    ...(worker !== undefined && { worker }),
    scheduledFor: shownTime(requestedAt),
    attempt: 0,
    attempts: [],
    reason,
    generation,
    jobCreated,
  };
}
