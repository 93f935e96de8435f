// An etcd of one member for `etcron dev`: on loopback, with its data in a directory of its
// own. Its guard (etcd-guard.ts) sees to it that it never outlives us, even when we are killed.
import { fork } from 'node:child_process';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as wait } from 'node:timers/promises';
import type { EtcdBinary } from './etcd-binary.ts';
import type { GuardMessage } from './etcd-guard.ts';
import { freePorts } from './free-ports.ts';

export interface PrivateEtcd {
  readonly endpoint: string;
  readonly port: number;
  readonly pid: number;
  readonly logFile: string;
  /** When it ends, by stop() or by itself: says how. */
  readonly ended: Promise<string>;
  /** Resolves when the process is gone. */
  stop(): Promise<void>;
}

/** A cold disk, or a data directory that the etcd before is just about to leave. */
const START_TIMEOUT_MS = 30_000;
const POLL_MS = 50;

/** `port`: any free one by default. Rejects when etcd does not become healthy; then none is left running. */
export async function startPrivateEtcd(binary: EtcdBinary, dir: string, port = 0): Promise<PrivateEtcd> {
  await mkdir(dir, { recursive: true });
  const logFile = join(dir, 'etcd.log');
  const free = await freePorts(2);
  const client = port === 0 ? free[0]! : port;
  const peer = free.find((each) => each !== client)!;
  const endpoint = `http://127.0.0.1:${client}`;
  const args = [logFile, binary.path, ...etcdFlags(join(dir, 'etcd'), endpoint, `http://127.0.0.1:${peer}`)];
  // A process group of its own: Ctrl-C in a terminal goes to the whole group, and etcd has to be the last to go.
  const guard = fork(fileURLToPath(new URL('etcd-guard.js', import.meta.url)), args, {
    detached: true,
    execArgv: [],
    stdio: 'ignore',
  });

  let pid: number | undefined;
  let end: string | undefined;
  const ended = new Promise<string>((resolve) => {
    guard.on('message', (message) => {
      const told = message as GuardMessage;
      if ('pid' in told) pid = told.pid;
      else resolve((end = told.exit));
    });
    guard.on('exit', () => {
      // The guard went first, so it was killed: its charge is ours now.
      if (end === undefined && pid !== undefined) killIfThere(pid);
      resolve((end ??= 'its guard was killed'));
    });
  });
  const gone = new Promise<void>((resolve) => guard.once('exit', () => resolve()));
  const stop = async (): Promise<void> => {
    if (guard.connected) guard.disconnect();
    await gone;
  };

  const deadline = performance.now() + START_TIMEOUT_MS;
  while (!(await isHealthy(endpoint))) {
    if (end !== undefined || performance.now() > deadline) {
      const how = end ?? `not ready within ${START_TIMEOUT_MS / 1000} s`;
      await stop();
      throw new Error(`etcd did not start (${how}); the end of ${logFile}:\n${await endOf(logFile)}`);
    }
    await wait(POLL_MS);
  }
  return { endpoint, port: client, pid: pid!, logFile, ended, stop };
}

/** Flags that 3.4, 3.5 and 3.6 all know. */
export const etcdFlags = (dataDir: string, clientUrl: string, peerUrl: string): readonly string[] => [
  '--name=dev',
  `--data-dir=${dataDir}`,
  `--listen-client-urls=${clientUrl}`,
  `--advertise-client-urls=${clientUrl}`,
  `--listen-peer-urls=${peerUrl}`,
  `--initial-advertise-peer-urls=${peerUrl}`,
  `--initial-cluster=dev=${peerUrl}`,
  '--auto-compaction-mode=periodic',
  '--auto-compaction-retention=5m',
  '--logger=zap',
  '--log-outputs=stderr',
  '--log-level=warn',
];

/** It serves: has a leader, and no alarm. */
export async function isHealthy(endpoint: string): Promise<boolean> {
  try {
    const response = await fetch(`${endpoint}/health`, { signal: AbortSignal.timeout(1_000) });
    return ((await response.json()) as { health?: unknown }).health === 'true';
  } catch {
    return false;
  }
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone already.
  }
}

const endOf = (file: string): Promise<string> =>
  readFile(file, 'utf8').then(
    (text) => text.trim().split('\n').slice(-8).join('\n'),
    () => '(no log)',
  );
