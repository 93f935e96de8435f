// How a process ends. The first SIGTERM or SIGINT stops everything in the reverse order of its start, within
// a deadline; a second one ends it at once. Never leaves the process running with half of its parts stopped.
import type { EventEmitter } from 'node:events';
import type { Clock, Timer } from '../core/clock.ts';
import type { Millis } from '../model/time.ts';
import type { Logger } from './logger.ts';

/** Ended as asked; failed or did not stop in time; refused its settings. A second signal n: 128 + n. */
export const EXIT = { ok: 0, failed: 1, usage: 2 } as const;

/** One Ctrl-C may arrive twice, from the terminal and from a parent such as npm that passes it on. */
const SAME_KEYSTROKE: Millis = 500;

const SIGNALS = { SIGINT: 2, SIGTERM: 15 } as const;
type Signal = keyof typeof SIGNALS;

/** What this needs of `process`. */
export interface ProcessPort extends Pick<EventEmitter, 'on' | 'off'> {
  exit(code: number): void;
}

export interface ShutdownOptions {
  readonly process: ProcessPort;
  readonly logger: Logger;
  readonly clock: Clock;
  /** For all stops together, in ms; then the process ends with `EXIT.failed`. */
  readonly deadline: Millis;
}

export interface Shutdown {
  /** Stops run last added first; one that throws is logged and the next goes on. */
  add(name: string, stop: () => Promise<void> | void): void;
  /** As a signal would, with this exit code. Later calls change nothing. */
  begin(reason: string, exitCode?: number): void;
  readonly isStopping: boolean;
}

/** Watches signals and uncaught errors until the process ends. */
export function startShutdown({ process, logger, clock, deadline }: ShutdownOptions): Shutdown {
  const stops: { readonly name: string; readonly stop: () => Promise<void> | void }[] = [];
  let signalledAt: number | undefined;
  let stopping = false;
  let timer: Timer | undefined;

  const exit = (code: number): void => {
    timer?.cancel();
    for (const [event, listener] of listeners) process.off(event, listener);
    process.exit(code);
  };

  const stopAll = async (exitCode: number): Promise<void> => {
    let code = exitCode;
    for (let part = stops.pop(); part; part = stops.pop()) {
      try {
        await part.stop();
      } catch (error) {
        code = EXIT.failed;
        logger.error({ err: error, part: part.name }, 'did not stop cleanly');
      }
    }
    logger.info('stopped');
    exit(code);
  };

  const begin = (reason: string, exitCode: number = EXIT.ok): void => {
    if (stopping) return;
    stopping = true;
    logger.info({ reason }, 'stopping');
    timer = clock.setTimer(deadline, () => {
      logger.error({ deadlineMs: deadline, left: stops.map((part) => part.name) }, 'did not stop in time');
      exit(EXIT.failed);
    });
    void stopAll(exitCode);
  };

  const onSignal = (signal: Signal) => (): void => {
    const now = clock.monotonic();
    if (signalledAt !== undefined && now - signalledAt < SAME_KEYSTROKE) return;
    if (stopping && signalledAt !== undefined) {
      logger.warn({ signal }, 'second signal: ending at once');
      exit(128 + SIGNALS[signal]);
    }
    signalledAt = now;
    begin(signal);
  };

  // After an error that nobody caught the state is unknown: going on could break a promise, stopping
  // gracefully could hang on what broke. Ending at once is what leases, fences and the runner are made for.
  const onUncaught = (error: unknown): void => {
    logger.fatal({ err: error }, 'unexpected error: ending at once');
    exit(EXIT.failed);
  };

  const listeners: readonly (readonly [string, (error: unknown) => void])[] = [
    ['SIGINT', onSignal('SIGINT')],
    ['SIGTERM', onSignal('SIGTERM')],
    ['uncaughtException', onUncaught],
    ['unhandledRejection', onUncaught],
  ];
  for (const [event, listener] of listeners) process.on(event, listener);

  return {
    add: (name, stop) => {
      stops.push({ name, stop });
    },
    begin,
    get isStopping() {
      return stopping;
    },
  };
}
