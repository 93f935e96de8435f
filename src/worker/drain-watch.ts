// What a worker that drains tells of it: since when, what it still waits for, and when that is killed. It decides
// nothing; the scheduler drains.
import type { Logger } from 'pino';
import type { Clock, Timer } from '../common/core/clock.ts';
import type { Draining } from '../common/model/worker.ts';
import type { Instant, Millis } from '../common/model/time.ts';
import type { Dispatcher } from './dispatcher.ts';

/** Between two lines of the log. */
const TELL_EVERY: Millis = 5_000;
/** Named one by one; the others are counted. */
const MOST_NAMED = 20;

export interface DrainWatch {
  /** Drains from now on, unless it does already. */
  begin(): void;
  /** What runs then is killed, and what is not written at the end is left to others. */
  endsBy(killAt: Instant, giveUpAt: Instant): void;
  /** Takes work again, or has ended. */
  end(): void;
  /** Undefined: does not drain. */
  report(): Draining | undefined;
  /** What it waits for, in words; undefined: does not drain. */
  words(): string | undefined;
}

export function createDrainWatch({
  clock,
  logger,
  dispatcher,
}: {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly dispatcher: Pick<Dispatcher, 'count' | 'ending' | 'givingBack' | 'list'>;
}): DrainWatch {
  let since: Instant | undefined;
  let killAt: Instant | undefined;
  let giveUpAt: Instant | undefined;
  let timer: Timer | undefined;

  const report = (): Draining | undefined =>
    since === undefined
      ? undefined
      : {
          since,
          left: dispatcher.count,
          runs: dispatcher.list(MOST_NAMED),
          ...(killAt === undefined ? {} : { killAt }),
        };

  /** Undefined: something runs yet. Else what etcd has to take. */
  const unwritten = (): string | undefined => {
    const { count, ending, givingBack } = dispatcher;
    if (count === 0 || ending + givingBack < count) return undefined;
    const ends = ending === 0 ? [] : [`to record ${ending} ${ending === 1 ? 'end' : 'ends'}`];
    const claims =
      givingBack === 0 ? [] : [`to give back ${givingBack} ${givingBack === 1 ? 'claim' : 'claims'}`];
    return [...ends, ...claims].join(' and ');
  };

  const tell = (): void => {
    const left = dispatcher.count;
    if (left === 0) return logger.info('drained: nothing runs here any more');
    const runs = dispatcher.list(MOST_NAMED).map(({ job, run }) => `${job}/${run}`);
    const writes = unwritten();
    const within = (at: Instant): Millis => Math.max(0, at - clock.now());
    if (writes === undefined) {
      const killed = killAt === undefined ? {} : { killedInMs: within(killAt) };
      logger.info({ left, runs, ...killed }, 'draining: waits for runs to end');
    } else {
      const givesUp = giveUpAt === undefined ? {} : { givesUpInMs: within(giveUpAt) };
      logger.info({ left, runs, ...givesUp }, `draining: waits ${writes}`);
    }
    timer = clock.setTimer(TELL_EVERY, tell);
  };

  return {
    begin() {
      if (since !== undefined) return;
      since = clock.now();
      timer = clock.setTimer(TELL_EVERY, tell);
    },
    endsBy(killing, givingUp) {
      killAt = killing;
      giveUpAt = givingUp;
    },
    end() {
      since = undefined;
      killAt = undefined;
      giveUpAt = undefined;
      timer?.cancel();
    },
    report,
    words() {
      if (since === undefined) return undefined;
      const writes = unwritten();
      return writes === undefined ? `draining: ${dispatcher.count} runs left` : `draining: waits ${writes}`;
    },
  };
}
