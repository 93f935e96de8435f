// News as server-sent events. A stream tells what changed, never everything: who opens one reads the lists
// after it is open. Whatever happens is put into words once, however many listen, and not at all when nobody does.
import { invalidInput } from '../../common/api/problems.ts';
import type { RunView } from '../../common/api/values.ts';
import type { Clock } from '../../common/core/clock.ts';
import { codecs, type Keyspace } from '../../common/store/keyspace.ts';
import type { Etcd } from '../../common/store/etcd.ts';
import type { Change } from '../../common/store/follow.ts';
import { getMany } from '../../common/store/queries.ts';
import { showRun, showWorker } from '../shown.ts';
import type { ActiveRun } from '../views/run-index.ts';
import type { Family, Views } from '../views/views.ts';
import type { Activity } from '../views/activity.ts';
import { GATHER, type EventBatch } from '../../common/api/events.ts';
import { createEventGroups, type EventGroups } from './event-groups.ts';
import { createEventReaders } from './event-readers.ts';
import type { Handlers } from './operations.ts';
import type { StreamLimit } from './stream-limit.ts';

/** Runs whose end is still to be looked up. Beyond it nobody could follow, and readers begin anew. */
const MOST_ENDS = 50_000;
const ENDS_PER_READ = 100;

export interface EventDeps {
  readonly activity: Activity;
  readonly etcd: Etcd;
  readonly keys: Keyspace;
  readonly clock: Clock;
  readonly views: Views;
  readonly streams: StreamLimit;
}

interface News {
  readonly event: 'job' | 'run' | 'worker';
  readonly data: Readonly<Record<string, unknown>>;
}

export function eventRoutes(deps: EventDeps): {
  readonly routes: Pick<Handlers, 'streamEvents'>;
  close(): void;
} {
  const { etcd, keys, views, activity } = deps;
  const readers = createEventReaders(deps.clock);
  let ends: ActiveRun[] = [];
  let isReading = false;
  let silence: (() => void) | undefined;

  const tell = ({ event, data }: News): void =>
    readers.tell(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);

  /** A run that let go of its claim has ended, or was given back: its record tells which. */
  const readEnds = async (): Promise<void> => {
    isReading = true;
    while (ends.length > 0) {
      const some = ends.splice(0, ENDS_PER_READ);
      try {
        const found = await getMany(
          etcd,
          some.map(({ job, runId }) => keys.run(job, runId)),
        );
        for (const run of some) tell(endNews(run, found.get(keys.run(run.job, run.runId))?.value));
      } catch {
        // etcd is away: whoever reads the lists again will see.
      }
    }
    isReading = false;
  };

  const listen = (): void => {
    silence ??= bothSilent(
      views.listen((family, changes, ended) => {
        for (const news of newsOf(keys, family, changes)) tell(news);
        ends = ends.concat(ended);
        if (ends.length > MOST_ENDS) {
          ends = [];
          readers.close();
        } else if (ends.length > 0 && !isReading) void readEnds();
      }),
      // What nothing ran for was never claimed.
      activity.listen(({ state }, kv) => {
        if (state !== 'skipped' && state !== 'missed') return;
        const record = codecs.run.decode(kv.value);
        if (record.ok && record.value.startedAt === undefined) tell(runNews(showRun(record.value)));
      }),
    );
  };

  let deaf: (() => void) | undefined;
  const groups = createEventGroups(deps.clock, () => {
    deaf?.();
    deaf = undefined;
  });
  const gather = (): void => {
    deaf ??= bothSilent(
      views.listen((family, changes, ended) => gatherChanges(deps, groups, family, changes, ended)),
      activity.listen((run) => groups.tell(run.job, (to) => to.ended(run))),
      views.onFreshness((isFresh) => {
        groups.freshness(isFresh);
        // Lists that were read anew tell what differs to nobody.
        if (isFresh) groups.resync('gap');
      }),
      activity.onGap(() => groups.resync('gap')),
    );
    groups.freshness(views.isFresh);
  };

  const routes: Pick<Handlers, 'streamEvents'> = {
    streamEvents({ query, headers }, caller) {
      if (query.job !== undefined && query.gather === undefined)
        throw invalidInput([{ path: 'job', message: 'is understood with `gather` only: write gather=1s' }]);
      const slot = deps.streams.take();
      const out =
        query.gather === undefined
          ? readers.open(() => {
              slot.release();
              if (readers.size > 0) return;
              silence?.();
              silence = undefined;
              ends = [];
            })
          : groups.open({ every: GATHER[query.gather], job: query.job }, headers['last-event-id'], () =>
              slot.release(),
            );
      caller.signal.addEventListener('abort', () => out.destroy());
      if (query.gather === undefined) listen();
      else gather();
      return { status: 200, body: out, headers: { 'x-accel-buffering': 'no' } };
    },
  };
  return {
    routes,
    close() {
      readers.close();
      groups.close();
    },
  };
}

const bothSilent =
  (...stops: (() => void)[]): (() => void) =>
  () => {
    for (const stop of stops) stop();
  };

/** Records of runs that ended come by the history. */
function gatherChanges(
  { keys, views }: EventDeps,
  groups: EventGroups,
  family: Family,
  changes: readonly Change[],
  ended: readonly ActiveRun[],
): void {
  for (const change of changes) {
    const key = change.type === 'put' ? change.kv.key : change.key;
    if (family === 'jobs') {
      const name = key.slice(keys.jobs.key.length);
      const modRevision = change.type === 'put' ? change.kv.modRevision : change.modRevision;
      groups.tell(name, (to) => to.job({ name, type: change.type, modRevision }));
    } else if (family === 'workers') {
      const id = keys.partsOf(key)[0]!;
      const news = { id, type: change.type, ...stateOf(change) };
      groups.tell(undefined, (to) => to.worker(news));
    } else if (change.type === 'put') {
      const [, job = '', runId = ''] = keys.partsOf(key);
      const record = views.runs.find(job, runId)?.record;
      if (record) groups.tell(job, (to) => to.claimed(record));
    }
  }
  for (const { job, runId } of ended) groups.tell(job, (to) => to.letGo(job, runId));
}

function newsOf(keys: Keyspace, family: Family, changes: readonly Change[]): News[] {
  return changes.flatMap((change): News[] => {
    const key = change.type === 'put' ? change.kv.key : change.key;
    const modRevision = change.type === 'put' ? change.kv.modRevision : change.modRevision;
    const type = change.type;
    if (family === 'jobs')
      return [{ event: 'job', data: { type, name: key.slice(keys.jobs.key.length), modRevision } }];
    if (family === 'workers')
      return [
        { event: 'worker', data: { type, name: keys.partsOf(key)[0], modRevision, ...stateOf(change) } },
      ];
    if (change.type === 'delete') return [];
    const record = codecs.run.decode(change.kv.value);
    return record.ok ? [runNews(showRun(record.value))] : [];
  });
}

/** What changes of a worker while it lives: what it does, and how far its drain is. */
function stateOf(change: Change): Omit<EventBatch['workers'][number], 'id' | 'type'> {
  const record = change.type === 'put' ? codecs.worker.decode(change.kv.value) : undefined;
  if (!record?.ok) return {};
  const { state, running, slots, drain } = showWorker(record.value, undefined, null);
  if (drain === null) return { state, running, slots, drain };
  // Who asked for it is not in its registration.
  const { by: _by, askedAt: _askedAt, ...told } = drain;
  return { state, running, slots, drain: told };
}

const runNews = (run: RunView): News => ({ event: 'run', data: { type: 'put', name: run.job, run } });

function endNews({ job, runId }: ActiveRun, value: string | undefined): News {
  const record = value === undefined ? undefined : codecs.run.decode(value);
  return record?.ok
    ? runNews(showRun(record.value))
    : { event: 'run', data: { type: 'delete', name: job, run: { id: runId } } };
}
