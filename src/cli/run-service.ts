// Runs a master or a worker as the process: log, signals, readiness, exit code.
import type { Millis } from '../common/model/time.ts';
import { systemClock } from '../common/runtime/clock.ts';
import type { Loaded, LogConfig } from '../common/runtime/config.ts';
import { DirHeld } from '../common/runtime/dir-claim.ts';
import { CannotListen } from '../common/runtime/listen.ts';
import { createLogger } from '../common/runtime/logger.ts';
import type { StartService } from '../common/runtime/service.ts';
import { EXIT, startShutdown } from '../common/runtime/shutdown.ts';
import { packageVersion } from '../common/runtime/version.ts';
import { endWithParent, tellReady } from './supervised.ts';

export interface RunOptions<Config> {
  readonly role: 'master' | 'worker';
  readonly loaded: Loaded<Config>;
  readonly start: StartService<Config>;
  /** For everything to stop after a signal, in ms. */
  readonly deadline: Millis;
  /** Started by `etcron dev`. */
  readonly supervised: boolean;
}

/** Resolves when it has started, or failed to; the process then ends by itself or by a signal. */
export async function runService<Config extends { readonly log: LogConfig }>(
  options: RunOptions<Config>,
): Promise<void> {
  const { role, loaded, start, deadline, supervised } = options;
  const logger = createLogger({ name: role, ...loaded.config.log });
  const clock = systemClock();
  for (const warning of loaded.warnings) logger.warn(warning);
  const shutdown = startShutdown({ process, logger, clock, deadline });
  if (supervised) {
    endWithParent(() => {
      logger.error('etcron dev is gone: ending');
      process.exit(EXIT.failed);
    });
  }
  try {
    const service = await start({ config: loaded.config, logger, clock });
    shutdown.add(role, () => service.stop());
    logger.info({ version: packageVersion() }, `${role} started`);
    if (supervised) tellReady(service.url);
    await service.finished;
    if (service.finished) shutdown.begin('finished by itself');
  } catch (error) {
    // No fault of the program: the message is all there is to know.
    if (error instanceof DirHeld || error instanceof CannotListen) logger.fatal(error.message);
    else logger.fatal({ err: error }, `${role} failed`);
    shutdown.begin('failed', EXIT.failed);
  }
}
