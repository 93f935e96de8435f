// News as server-sent events. A stream tells what changed, never everything: who opens one reads the lists
// after it is open. A reader that is too slow is closed, so that nothing piles up here.
import { PassThrough } from 'node:stream';
import type { RunView } from '../../common/api/values.ts';
import type { Clock, Timer } from '../../common/core/clock.ts';
import { codecs, type Keyspace } from '../../common/store/keyspace.ts';
import type { Change } from '../../common/store/follow.ts';
import type { RunReader } from '../reads/runs.ts';
import { showRun, showWorker } from '../shown.ts';
import type { ActiveRun } from '../views/run-index.ts';
import type { Family, Views } from '../views/views.ts';
import type { Handlers } from './operations.ts';
import type { StreamLimit } from './stream-limit.ts';

/** Proxies close what is silent for longer. */
const PING_EVERY_MS = 20_000;
/** Unsent bytes at which a reader is given up. */
const MOST_BUFFERED = 1024 * 1024;

export interface EventDeps {
  readonly keys: Keyspace;
  readonly clock: Clock;
  readonly views: Views;
  readonly runs: RunReader;
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
  const open = new Set<PassThrough>();
  const routes: Pick<Handlers, 'streamEvents'> = {
    streamEvents(_, caller) {
      const slot = deps.streams.take();
      const out = new PassThrough();
      open.add(out);
      let ping: Timer;
      const write = (text: string): void => {
        if (out.writableLength > MOST_BUFFERED) out.destroy();
        else out.write(text);
      };
      const keepOpen = (): void => {
        ping = deps.clock.setTimer(PING_EVERY_MS, () => {
          write(': still here\n\n');
          keepOpen();
        });
      };
      const send = ({ event, data }: News): void =>
        write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
      const silence = deps.views.listen((family, changes, ended) => {
        for (const news of newsOf(deps, family, changes)) send(news);
        for (const run of ended) void tellEnd(deps, run, send);
      });
      out.once('close', () => {
        silence();
        ping.cancel();
        slot.release();
        open.delete(out);
      });
      caller.signal.addEventListener('abort', () => out.destroy());
      keepOpen();
      write('retry: 2000\n\n');
      return { status: 200, body: out, headers: { 'x-accel-buffering': 'no' } };
    },
  };
  return {
    routes,
    close() {
      for (const out of open) out.end();
    },
  };
}

function newsOf({ keys }: EventDeps, family: Family, changes: readonly Change[]): News[] {
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

/** A run that let go of its claim has ended, or was given back: its record tells which. */
async function tellEnd({ runs }: EventDeps, run: ActiveRun, send: (news: News) => void): Promise<void> {
  try {
    const record = await runs.find(run.job, run.runId);
    send(
      record
        ? runNews(showRun(record))
        : { event: 'run', data: { type: 'delete', name: run.job, run: { id: run.runId } } },
    );
  } catch {
    // etcd is away: whoever reads the lists again will see.
  }
}
