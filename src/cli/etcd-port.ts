// The port of `etcron dev`'s etcd: the same at each start with a data directory, as far as it is free, so that a
// worker that was started by hand finds it again.
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Millis } from '../common/model/time.ts';

/** The etcd of a dev that was killed has to close its files first. */
const PATIENCE: Millis = 5_000;
const POLL: Millis = 50;

export interface EtcdPort {
  /** Undefined: any free one. */
  readonly port: number | undefined;
  /** To be told once the port is known: another one than at the last start. */
  readonly before?: number;
}

const fileIn = (dir: string): string => join(dir, 'etcd-port');

/** `wanted` by the user, or that of the last start. Throws when what is wanted is taken: says so and what to do. */
export async function chooseEtcdPort(
  dir: string,
  wanted: number | undefined,
  patience: Millis = PATIENCE,
): Promise<EtcdPort> {
  const kept = keptPort(dir);
  const first = wanted ?? kept;
  if (first === undefined) return { port: undefined };
  const fault = await faultOf(first, patience);
  if (fault === undefined) return { port: first };
  if (wanted === undefined) return { port: undefined, before: first };
  const what =
    fault === 'EADDRINUSE' ? `port ${wanted} is taken` : `port ${wanted} cannot be used (${fault})`;
  throw new Error(`--etcd-port: ${what}: choose another one, or leave it out for one that is free`);
}

/** For the next start. */
export function keepEtcdPort(dir: string, port: number): void {
  if (keptPort(dir) !== port) writeFileSync(fileIn(dir), `${port}\n`);
}

function keptPort(dir: string): number | undefined {
  try {
    const port = Number(readFileSync(fileIn(dir), 'utf8'));
    return Number.isInteger(port) && port > 0 && port < 65_536 ? port : undefined;
  } catch {
    return undefined;
  }
}

/** Undefined: it is free, or became so. */
async function faultOf(port: number, patience: Millis): Promise<string | undefined> {
  const deadline = performance.now() + patience;
  for (;;) {
    const fault = await tryPort(port);
    if (fault !== 'EADDRINUSE' || performance.now() > deadline) return fault;
    await wait(POLL);
  }
}

function tryPort(port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(undefined)));
  });
}
