// What master and worker look like to the command that runs them.
import type { Clock } from '../core/clock.ts';
import type { Logger } from './logger.ts';

export interface ServiceOptions<Config> {
  readonly config: Config;
  readonly logger: Logger;
  readonly clock: Clock;
}

export interface Service {
  /** Where it can be reached. */
  readonly url: string;
  /** Graceful: leaves nothing behind. Calling it twice is fine. */
  stop(): Promise<void>;
  /** When it ends without being asked to; the process then ends too. */
  readonly finished?: Promise<unknown>;
}

/** `start` of master/main and worker/main. Rejects when it can't start; then nothing is left running. */
export type StartService<Config> = (options: ServiceOptions<Config>) => Promise<Service>;
