// A warning that etcd is out of reach, said when it begins and then once a minute, however often it is tried. It
// names the setting that may be wrong; it never ends anything, for etcd may come back.
import type { Clock } from '../core/clock.ts';
import type { Millis, Monotonic } from '../model/time.ts';
import { EtcdError } from '../store/etcd.ts';
import type { Logger } from './logger.ts';

const SAY_EVERY: Millis = 60_000;

export interface OutageNote {
  /** Tried in vain. */
  note(error: unknown): void;
  /** Reached: the next failure is said at once. */
  over(): void;
}

/** `without`: what this process cannot do meanwhile. */
export function createOutageNote(
  { clock, logger }: { readonly clock: Clock; readonly logger: Logger },
  without: string,
): OutageNote {
  let saidAt: Monotonic | undefined;
  return {
    note(error) {
      const now = clock.monotonic();
      if (saidAt !== undefined && now - saidAt < SAY_EVERY) return;
      saidAt = now;
      const isAway =
        error instanceof EtcdError && (error.kind === 'unavailable' || error.kind === 'deadline');
      // Anything else, such as a refused password, tells what it is.
      if (!isAway) return logger.warn({ err: error }, `etcd takes nothing from here: ${without}`);
      logger.warn(
        { reason: error.message },
        `etcd cannot be reached: ${without}. It is tried again and again; --etcd (ETCRON_ETCD) says where it is`,
      );
    },
    over() {
      saidAt = undefined;
    },
  };
}
