// Names and ids. Their alphabets keep every key of etcd inside its own family: no name holds a slash.
import { z } from 'zod';
import { toIso, type Instant } from './time.ts';

export const JOB_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;
export const RUN_ID = /^\d{8}T\d{6}\.\d{3}Z-(?:[0-9a-f]{6}){1,2}$/;
/** A name, or a name with its suffix. */
export const WORKER_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,71}$/;
export const WORKER_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

const named = (pattern: RegExp, what: string, longest: number) =>
  z.string().regex(pattern, {
    error: `${what} must start with a letter or digit and hold only letters, digits, ".", "_" and "-", at most ${longest} characters`,
  });

export const jobName = named(JOB_NAME, 'a job name', 128);
export const workerName = named(WORKER_NAME, 'a worker name', 63);
export const runId = z
  .string()
  .regex(RUN_ID, { error: 'not a run id: it looks like 20261122T143000.000Z-7f3a9c' });

/**
 * `20261122T143000.000Z-7f3a9c`: sorts by the time it is scheduled for. `suffix` is six hex digits; twelve where
 * many runs of one job are of the same instant, as under `mode: all`.
 */
export const makeRunId = (scheduledFor: Instant, suffix: string): string =>
  `${toIso(scheduledFor).replace(/[-:]/g, '')}-${suffix}`;
