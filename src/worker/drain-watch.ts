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
  /** What runs then is killed. */
  killsAt(at: Instant): void;
  /** Takes work again, or has ended. */
  end(): void;
  /** Undefined: does not drain. */
  report(): Draining | undefined;
}

export function createDrainWatch({
  clock,
  logger,
  dispatcher,
}: {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly dispatcher: Pick<Dispatcher, 'count' | 'list'>;
}): DrainWatch {
  let since: Instant | undefined;
  let killAt: Instant | undefined;
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

  const tell = (): void => {
    const left = dispatcher.count;
    if (left === 0) return logger.info('drained: nothing runs here any more');
    const runs = dispatcher.list(MOST_NAMED).map(({ job, run }) => `${job}/${run}`);
    const killedIn = killAt === undefined ? undefined : Math.max(0, killAt - clock.now());
    logger.info(
      { left, runs, ...(killedIn === undefined ? {} : { killedInMs: killedIn }) },
      'draining: waits for runs to end',
    );
    timer = clock.setTimer(TELL_EVERY, tell);
  };

  return {
    begin() {
      if (since !== undefined) return;
      since = clock.now();
      timer = clock.setTimer(TELL_EVERY, tell);
    },
    killsAt: (at) => void (killAt = at),
    end() {
      since = undefined;
      killAt = undefined;
      timer?.cancel();
    },
    report,
  };
}
