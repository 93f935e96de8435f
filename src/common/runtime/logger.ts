// The process's log: one JSON object a line for machines, readable lines on a terminal. Secrets are wrapped
// (secret.ts) and the usual field names are blanked besides, should one slip in.
import { pino, stdSerializers, stdTimeFunctions, type DestinationStream, type Logger } from 'pino';
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

/** Of etcd's errors: those that are no fault of the program. etcd that is away for a minute is no reason for pages of stacks. */
const FORESEEN: ReadonlySet<unknown> = new Set([
  'unavailable',
  'deadline',
  'closed',
  'lease_not_found',
  'compacted',
  'no_space',
  'too_many_requests',
  'auth',
]);

function shownError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { name, message } = error;
  const { kind, mayHaveApplied } = error as { readonly kind?: unknown; readonly mayHaveApplied?: unknown };
  return name === 'EtcdError' && FORESEEN.has(kind)
    ? { type: name, kind, message, ...(mayHaveApplied === true && { mayHaveApplied }) }
    : stdSerializers.err(error);
}

/** Lines are written at once, so that none is lost when the process is killed. */
export function createLogger({ name, level, format, destination = process.stdout }: LoggerOptions): Logger {
  const pretty = format === 'pretty' || (format === 'auto' && destination.isTTY === true);
  const options = {
    name,
    level,
    timestamp: stdTimeFunctions.isoTime,
    serializers: { err: shownError },
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
