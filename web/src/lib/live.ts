// The one connection on which the master tells what changes. Tells its listeners in batches, says whether it is
// there, and comes back by itself; what was missed meanwhile nobody tells, so who listens then reads anew.
import { openStream } from './api.ts';
import { readEvents } from './event-stream.ts';
import { createNewsBatch, type News } from './news.ts';
import { CallFailed } from './problem.ts';
import { createStore, type Store } from './store.ts';

export type Connection = 'connecting' | 'open' | 'lost';

export interface Live {
  readonly connection: Store<Connection>;
  /** Batches of news; returns what ends it. */
  readonly listen: (listener: (news: News) => void) => () => void;
  /** Tries at once, when it waits: the user asked, or there is a token now. */
  readonly retry: () => void;
  readonly stop: () => void;
}

export interface LiveOptions {
  /** Each time the connection is there, also the first: from here on all is told. */
  readonly onOpen: () => void;
}

const GATHER_MS = 250;
/** The master says something every 20 seconds. */
const SILENCE_MS = 45_000;
const WAITS_MS = [500, 1_000, 2_000, 5_000, 10_000];

export function startLive({ onOpen }: LiveOptions): Live {
  const connection = createStore<Connection>('connecting');
  const listeners = new Set<(news: News) => void>();
  const batch = createNewsBatch();
  const ending = new AbortController();
  let flushing: ReturnType<typeof setTimeout> | undefined;
  let wake: (() => void) | undefined;

  const flush = (): void => {
    flushing = undefined;
    const news = batch.take();
    if (news) for (const listener of listeners) listener(news);
  };

  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });

  const follow = async (): Promise<void> => {
    for (let tries = 0; !ending.signal.aborted; tries++) {
      // Its own: a stream that is given up must let go of its connection.
      const attempt = new AbortController();
      const end = (): void => attempt.abort();
      ending.signal.addEventListener('abort', end);
      let tokenMissing = false;
      try {
        const answer = await openStream('streamEvents', {}, attempt.signal);
        tries = 0;
        connection.set('open');
        onOpen();
        await readEvents(
          answer.body!,
          (event) => {
            batch.add(event);
            flushing ??= setTimeout(flush, GATHER_MS);
          },
          SILENCE_MS,
        );
      } catch (error) {
        tokenMissing = error instanceof CallFailed && error.code === 'unauthorized';
      } finally {
        ending.signal.removeEventListener('abort', end);
        attempt.abort();
      }
      if (ending.signal.aborted) return;
      // Without a token there is nothing to try again: the page asks for one, and then retries.
      connection.set(tokenMissing ? 'connecting' : 'lost');
      await pause(tokenMissing ? 2 ** 31 - 1 : WAITS_MS[Math.min(tries, WAITS_MS.length - 1)]!);
    }
  };

  const retry = (): void => wake?.();
  window.addEventListener('online', retry);
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
      clearTimeout(flushing);
      ending.abort();
      wake?.();
    },
  };
}
