// The process's log: one JSON object a line for machines, readable lines on a terminal. Secrets are wrapped
// (secret.ts) and the usual field names are blanked besides, should one slip in.
import { pino, stdTimeFunctions, type DestinationStream, type Logger } from 'pino';
import { PinoPretty } from 'pino-pretty';
import type { LogConfig } from './config.ts';

export type { Logger } from 'pino';

const SECRETS = ['token', 'password', 'authorization', 'cookie'];
const REDACTED = SECRETS.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);

export interface LoggerOptions extends LogConfig {
  /** The process: `master`, `worker`, … in every line. */
  readonly name: string;
  /** Standard output by default. */
  readonly destination?: DestinationStream & { readonly isTTY?: boolean };
}

/** Lines are written at once, so that none is lost when the process is killed. */
export function createLogger({ name, level, format, destination = process.stdout }: LoggerOptions): Logger {
  const pretty = format === 'pretty' || (format === 'auto' && destination.isTTY === true);
  const options = {
    name,
    level,
    timestamp: stdTimeFunctions.isoTime,
    redact: { paths: REDACTED, censor: '[secret]' },
    formatters: { level: (label: string) => ({ level: label }) },
  };
  if (!pretty)
    return pino(
      options,
      destination === process.stdout ? pino.destination({ dest: 1, sync: true }) : destination,
    );
  const readable = PinoPretty({
    colorize: destination.isTTY === true,
    ignore: 'pid,hostname',
    translateTime: 'SYS:HH:MM:ss.l',
    destination: destination === process.stdout ? 1 : destination,
    sync: true,
  });
  return pino(options, readable);
}
