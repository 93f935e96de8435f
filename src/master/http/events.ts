// News as server-sent events. A stream tells what changed, never everything: who opens one reads the lists
// after it is open. Whatever happens is put into words once, however many listen, and not at all when nobody does.
import type { RunView } from '../../common/api/values.ts';
import type { Clock } from '../../common/core/clock.ts';
import { codecs, type Keyspace } from '../../common/store/keyspace.ts';
import type { Etcd } from '../../common/store/etcd.ts';
import type { Change } from '../../common/store/follow.ts';
import { getMany } from '../../common/store/queries.ts';
import { showRun, showWorker } from '../shown.ts';
import type { ActiveRun } from '../views/run-index.ts';
import type { Family, Views } from '../views/views.ts';
import { createEventReaders } from './event-readers.ts';
import type { Handlers } from './operations.ts';
import type { StreamLimit } from './stream-limit.ts';

/** Runs whose end is still to be looked up. Beyond it nobody could follow, and readers begin anew. */
const MOST_ENDS = 50_000;
const ENDS_PER_READ = 100;

export interface EventDeps {
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
  const { etcd, keys, views } = deps;
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
    silence ??= views.listen((family, changes, ended) => {
      for (const news of newsOf(keys, family, changes)) tell(news);
      ends = ends.concat(ended);
      if (ends.length > MOST_ENDS) {
        ends = [];
        readers.close();
      } else if (ends.length > 0 && !isReading) void readEnds();
    });
  };

  const routes: Pick<Handlers, 'streamEvents'> = {
    streamEvents(_, caller) {
      const slot = deps.streams.take();
      const out = readers.open(() => {
        slot.release();
        if (readers.size > 0) return;
        silence?.();
        silence = undefined;
        ends = [];
      });
      caller.signal.addEventListener('abort', () => out.destroy());
      listen();
      return { status: 200, body: out, headers: { 'x-accel-buffering': 'no' } };
    },
  };
  return { routes, close: () => readers.close() };
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
function stateOf(change: Change): object {
  const record = change.type === 'put' ? codecs.worker.decode(change.kv.value) : undefined;
  if (!record?.ok) return {};
  const { state, running, drain } = showWorker(record.value, undefined, null);
  if (drain === null) return { state, running, drain };
  // Who asked for it is not in its registration.
  const { by: _by, askedAt: _askedAt, ...told } = drain;
  return { state, running, drain: told };
}

const runNews = (run: RunView): News => ({ event: 'run', data: { type: 'put', name: run.job, run } });

function endNews({ job, runId }: ActiveRun, value: string | undefined): News {
  const record = value === undefined ? undefined : codecs.run.decode(value);
  return record?.ok
    ? runNews(showRun(record.value))
    : { event: 'run', data: { type: 'delete', name: job, run: { id: runId } } };
}
