// The outputs of runs on this worker's disk: read, followed while the run goes on, and swept by age and
// total size. Bytes as they were written; runners and handlers write them (runner/spool).
import { open, opendir, rmdir, stat, unlink, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Logger } from 'pino';
import type { Clock, Timer } from '../common/core/clock.ts';
import type { Millis } from '../common/model/time.ts';
import { spoolPath, spoolRoot } from './output-path.ts';

const LOOK_EVERY: Millis = 100;
const CHUNK_BYTES = 64 * 1024;
/** A file takes whole blocks, so that many short outputs weigh what they cost. */
const BLOCK_BYTES = 4096;
/** Written since the last sweep, as a part of what is allowed, at which the next one comes at once. */
const SWEEP_PART = 0.1;
/** A sweep reads every folder: not more often than this. */
const SWEEP_PAUSE: Millis = 30_000;
/** Ended runs remembered, so that one without output reads as empty and not as unknown. */
const REMEMBERED = 10_000;

const DAY: Millis = 86_400_000;
export const OUTPUT_DEFAULTS = { maxAge: 7 * DAY, maxBytes: 1024 ** 3, sweepEvery: 600_000 } as const;

export interface OutputReading {
  /** Wait for more until the run has ended; else end where the output ends now. */
  readonly follow: boolean;
  readonly signal?: AbortSignal;
  /** The first byte that is wanted; 0 by default. */
  readonly offset?: number;
  /** No more bytes than these. */
  readonly limit?: number;
}

export interface Outputs {
  /**
   * Marks a run as live until the returned function is called: its followers wait, no sweep takes it. `bytes`: what
   * it wrote, for the sweep that comes when much was written. Calling it again does nothing.
   */
  begin(job: string, runId: string): (bytes?: number) => void;
  /** Undefined when this worker knows no such run. Any number of readers, each at its own pace. */
  read(job: string, runId: string, reading: OutputReading): Promise<AsyncIterable<Uint8Array> | undefined>;
  /** How long the output is now; undefined: this worker knows no such run. */
  size(job: string, runId: string): Promise<number | undefined>;
  /** Removes what is too old, then the oldest until the rest is small enough. */
  sweep(): Promise<SweepResult>;
  /** Ends the sweeps. Readers go on to their end. */
  stop(): Promise<void>;
}

export interface SweepResult {
  readonly removedFiles: number;
  readonly keptBytes: number;
}

export interface OutputOptions {
  readonly dataDir: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly maxAge?: Millis;
  readonly maxBytes?: number;
  readonly sweepEvery?: Millis;
}

export function startOutputs(options: OutputOptions): Outputs {
  const { dataDir, clock, logger } = options;
  const settings = { ...OUTPUT_DEFAULTS, ...options };
  /** Live runs by spool, each with those who wait for its end. */
  const live = new Map<string, Set<() => void>>();
  const recent = new Set<string>();
  let sweeping: Promise<SweepResult> | undefined;
  let timer: Timer | undefined;
  let stopped = false;
  let written = 0;
  let sweptAt = -Infinity;

  const remember = (path: string): void => {
    recent.add(path);
    if (recent.size <= REMEMBERED) return;
    for (const oldest of recent) {
      recent.delete(oldest);
      return;
    }
  };

  /** Resolves after a moment, at the end of the run, or when nobody wants more. */
  const more = (path: string, signal: AbortSignal | undefined): Promise<void> =>
    new Promise((resolve) => {
      const waiters = live.get(path);
      const wake = (): void => {
        look.cancel();
        waiters?.delete(wake);
        signal?.removeEventListener('abort', wake);
        resolve();
      };
      const look = clock.setTimer(LOOK_EVERY, wake);
      waiters?.add(wake);
      signal?.addEventListener('abort', wake);
      if (signal?.aborted) wake();
    });

  async function* chunks(path: string, reading: OutputReading): AsyncGenerator<Uint8Array> {
    const { follow, signal, offset = 0, limit = Infinity } = reading;
    const unwanted = (): boolean => signal?.aborted ?? false;
    const end = offset + limit;
    let file: FileHandle | undefined;
    let position = offset;
    try {
      for (;;) {
        // Asked before the read: what is written before the end is there for the read after it.
        const last = !follow || !live.has(path);
        file ??= await open(path, 'r').catch(() => undefined);
        for (;;) {
          if (unwanted() || position >= end) return;
          const most = Math.min(CHUNK_BYTES, end - position);
          const chunk = await file?.read(Buffer.alloc(most), 0, most, position);
          if (!chunk?.bytesRead) break;
          position += chunk.bytesRead;
          yield chunk.buffer.subarray(0, chunk.bytesRead);
        }
        if (last) return;
        await more(path, signal);
      }
    } finally {
      await file?.close();
    }
  }

  const schedule = (delay: Millis = settings.sweepEvery): void => {
    timer?.cancel();
    timer = clock.setTimer(delay, () => void sweepAndSchedule());
  };

  const sweepAndSchedule = (): Promise<void> => {
    written = 0;
    sweptAt = clock.monotonic();
    return outputs
      .sweep()
      .then(
        () => undefined,
        (cause: unknown) => logger.warn({ err: cause }, 'old outputs could not be swept'),
      )
      .finally(() => {
        if (!stopped) schedule();
      });
  };

  /** Many large outputs fill a disk long before the next sweep by time. */
  const count = (bytes: number): void => {
    const was = written;
    written += bytes + BLOCK_BYTES;
    const isMuch = settings.maxBytes * SWEEP_PART;
    if (stopped || sweeping || written < isMuch || was >= isMuch) return;
    schedule(Math.max(0, SWEEP_PAUSE - (clock.monotonic() - sweptAt)));
  };

  const outputs: Outputs = {
    begin(job, runId) {
      const path = spoolPath(dataDir, job, runId);
      const waiters = new Set<() => void>();
      live.set(path, waiters);
      return (bytes = 0) => {
        // A request given back may be claimed again, under the same id, before this is called.
        if (live.get(path) !== waiters) return;
        live.delete(path);
        remember(path);
        for (const wake of waiters) wake();
        if (bytes > 0) count(bytes);
      };
    },
    async size(job, runId) {
      const path = spoolPath(dataDir, job, runId);
      const found = await stat(path).catch(() => undefined);
      // One that printed nothing has no file.
      return found?.size ?? (live.has(path) || recent.has(path) ? 0 : undefined);
    },
    async read(job, runId, reading) {
      const size = await outputs.size(job, runId);
      return size === undefined ? undefined : chunks(spoolPath(dataDir, job, runId), reading);
    },
    sweep() {
      const before = clock.now() - settings.maxAge;
      sweeping ??= sweepFiles(spoolRoot(dataDir), before, settings.maxBytes, (path) =>
        live.has(path),
      ).finally(() => (sweeping = undefined));
      return sweeping;
    },
    async stop() {
      stopped = true;
      timer?.cancel();
      await sweeping?.catch(() => {});
    },
  };
  schedule();
  return outputs;
}

interface SpoolFile {
  readonly path: string;
  readonly size: number;
  readonly changedAt: number;
}

async function* spoolFiles(root: string): AsyncGenerator<SpoolFile> {
  const entries = await opendir(root, { recursive: true }).catch(() => undefined);
  if (!entries) return;
  for await (const entry of entries) {
    if (!entry.isFile() || !entry.name.endsWith('.log')) continue;
    const path = join(entry.parentPath, entry.name);
    const found = await stat(path).catch(() => undefined);
    if (!found) continue;
    const size = Math.ceil(found.size / BLOCK_BYTES) * BLOCK_BYTES;
    yield { path, size, changedAt: found.mtimeMs };
  }
}

async function sweepFiles(
  root: string,
  before: number,
  maxBytes: number,
  isLive: (path: string) => boolean,
): Promise<SweepResult> {
  const files: SpoolFile[] = [];
  for await (const file of spoolFiles(root)) files.push(file);
  files.sort((a, b) => a.changedAt - b.changedAt);
  let keptBytes = files.reduce((sum, { size }) => sum + size, 0);
  let removedFiles = 0;
  for (const { path, size, changedAt } of files) {
    if (changedAt >= before && keptBytes <= maxBytes) break;
    if (isLive(path)) continue;
    await unlink(path).catch(() => {});
    // Refused while the job has other outputs.
    await rmdir(dirname(path)).catch(() => {});
    keptBytes -= size;
    removedFiles++;
  }
  return { removedFiles, keptBytes };
}
