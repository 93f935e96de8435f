// The one connection on which the master tells what changes, gathered by it into a few batches a second however much
// that is. Says whether it is there, comes back by itself, and goes on where it was; when something was missed, the
// master says so, and what is shown is read anew. A page that nobody looks at lets go of it: a browser has six
// connections to a host for all its tabs, and for pages that it keeps to go back to.
import type { EventBatch } from '../../../src/common/api/events.ts';
import { openStream } from './api.ts';
import { readEvents, type StreamEvent } from './event-stream.ts';
import { CallFailed } from './problem.ts';
import { createStore, type Store } from './store.ts';

/** `stale`: the master is there and cannot reach etcd, so nobody knows what changed meanwhile. */
export type Connection = 'connecting' | 'open' | 'stale' | 'lost';

export interface Live {
  readonly connection: Store<Connection>;
  /** Each batch of news, four a second at most; returns what ends it. */
  readonly listen: (listener: (batch: EventBatch) => void) => () => void;
  /** Tries at once, when it waits: the user asked, or there is a token now. */
  readonly retry: () => void;
  readonly stop: () => void;
}

export interface LiveOptions {
  /** From here on all is told; what was read before may be out of date. */
  readonly onResync: () => void;
}

const GATHER = '250ms';
/** The master says something every 20 seconds. */
const SILENCE_MS = 45_000;
/** A master that starts again is back within seconds, and somebody looks at the page. */
const WAITS_MS = [500, 1_000, 2_000, 3_000];
const FOR_EVER_MS = 2 ** 31 - 1;
/** A look at another tab is not worth a new connection. */
const HIDDEN_MS = 10_000;

export function startLive({ onResync }: LiveOptions): Live {
  const connection = createStore<Connection>('connecting');
  const listeners = new Set<(batch: EventBatch) => void>();
  let isStopped = false;
  let lastId: string | undefined;
  let wake: (() => void) | undefined;
  /** Ends the stream that is on. */
  let end: (() => void) | undefined;
  let isAway = false;
  let leaving: ReturnType<typeof setTimeout> | undefined;

  const take = ({ event, data, id }: StreamEvent): void => {
    lastId = id ?? lastId;
    if (event === 'resync') onResync();
    if (event !== 'batch') return;
    const batch = JSON.parse(data) as EventBatch;
    connection.set(batch.fresh ? 'open' : 'stale');
    for (const listener of listeners) listener(batch);
  };

  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });

  /** Until it ends or breaks. What says whether a token is missing. */
  const followOnce = async (): Promise<'ended' | 'token-missing'> => {
    // Its own: a stream that is given up must let go of its connection.
    const attempt = new AbortController();
    end = () => attempt.abort();
    try {
      const headers = lastId === undefined ? {} : { 'last-event-id': lastId };
      const answer = await openStream('streamEvents', { query: { gather: GATHER }, headers }, attempt.signal);
      connection.set('open');
      await readEvents(answer.body!, take, SILENCE_MS);
      return 'ended';
    } catch (error) {
      return error instanceof CallFailed && error.code === 'unauthorized' ? 'token-missing' : 'ended';
    } finally {
      attempt.abort();
    }
  };

  const follow = async (): Promise<void> => {
    for (let tries = 0; ; tries++) {
      const how = isAway ? 'ended' : await followOnce();
      if (isStopped) return;
      if (isAway) {
        // Nothing is wrong: when it is looked at again, the master tells what was missed.
        await pause(FOR_EVER_MS);
        if (isStopped) return;
        tries = -1;
        continue;
      }
      if (connection.get() !== 'lost' && connection.get() !== 'connecting') tries = 0;
      // Without a token there is nothing to try again: the page asks for one, and then retries.
      connection.set(how === 'token-missing' ? 'connecting' : 'lost');
      await pause(how === 'token-missing' ? FOR_EVER_MS : WAITS_MS[Math.min(tries, WAITS_MS.length - 1)]!);
      if (isStopped) return;
    }
  };

  const retry = (): void => wake?.();
  const leave = (): void => {
    isAway = true;
    end?.();
  };
  /** Come back to, as after a sleep: no need to wait out a long pause. */
  const comeBack = (): void => {
    clearTimeout(leaving);
    isAway = false;
    retry();
  };
  const onShown = (): void => {
    if (document.visibilityState === 'visible') comeBack();
    else leaving = setTimeout(leave, HIDDEN_MS);
  };
  window.addEventListener('online', retry);
  window.addEventListener('pagehide', leave);
  window.addEventListener('pageshow', comeBack);
  document.addEventListener('visibilitychange', onShown);
  void follow();
  return {
    connection,
    listen(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    retry,
    stop() {
      window.removeEventListener('online', retry);
      window.removeEventListener('pagehide', leave);
      window.removeEventListener('pageshow', comeBack);
      document.removeEventListener('visibilitychange', onShown);
      clearTimeout(leaving);
      isStopped = true;
      end?.();
      wake?.();
    },
  };
}
