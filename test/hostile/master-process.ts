// A real master as a process of its own, so that what it takes of memory is its own.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { exited, spawnMarked } from '../support/spawned.ts';
import { waitFor } from '../support/wait.ts';

const PROGRAM = resolve(fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url)));

export interface MasterProcess {
  readonly url: string;
  readonly pid: number;
  readonly log: readonly Record<string, unknown>[];
  /** Bytes in memory now. */
  memory(): number;
  readonly isAlive: boolean;
  stop(): Promise<void>;
}

/** Resolves when it is ready to answer lists. */
export async function startMasterProcess(endpoint: string, prefix: string): Promise<MasterProcess> {
  const home = mkdtempSync(join(tmpdir(), 'etcron-master-'));
  const argv = [
    'master',
    '--etcd',
    endpoint,
    '--prefix',
    prefix,
    '--listen',
    '127.0.0.1:0',
    '--log-format',
    'json',
  ];
  const child = spawnMarked(process.execPath, [PROGRAM, ...argv], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { PATH: process.env['PATH'], HOME: home },
  });
  const log: Record<string, unknown>[] = [];
  let rest = '';
  child.stdout!.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop()!;
    for (const line of lines) if (line.startsWith('{')) log.push(JSON.parse(line) as Record<string, unknown>);
  });
  const url = await waitFor(
    () => log.find(({ msg }) => msg === 'master listens')?.['url'] as string | undefined,
    {
      what: 'the master listens',
      timeout: 60_000,
    },
  );
  await waitFor(async () => (await fetch(`${url}/readyz`)).ok, {
    what: 'the master is ready',
    timeout: 60_000,
  });
  return {
    url,
    pid: child.pid!,
    log,
    memory: () =>
      1024 * Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))![1]),
    get isAlive() {
      return child.exitCode === null && child.signalCode === null;
    },
    async stop() {
      child.kill('SIGTERM');
      await exited(child);
      rmSync(home, { recursive: true, force: true });
    },
  };
}
