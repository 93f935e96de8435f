// `etcron dev` as a user runs it: the built program, real processes. What it must never do is leave one behind.
import { execFileSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { freePorts } from '../../../src/cli/free-ports.ts';
import { spawnMarked } from '../../support/spawned.ts';
import { waitFor } from '../../support/wait.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const program = join(root, 'dist/cli/main.js');

interface Dev {
  readonly child: ChildProcess;
  readonly output: () => string;
  readonly exited: Promise<number | string>;
}

let dir: string;
const started: Dev[] = [];

beforeAll(
  () => void execFileSync(process.execPath, [join(root, 'scripts/install.mjs')], { stdio: 'pipe' }),
  300_000,
);
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'etcron-dev-'));
});
afterEach(async () => {
  for (const dev of started.splice(0)) {
    dev.child.kill('SIGKILL');
    await dev.exited;
  }
  await waitFor(() => processesOf(dir).length === 0, {
    what: 'nothing is left of etcron dev',
    seen: () => processesOf(dir),
  });
  rmSync(dir, { recursive: true, force: true });
});

/** Everything that names the directory in its arguments: etcd, its guard, the workers and their runners. */
function processesOf(directory: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(commandOf)
    .filter((command) => command.includes(directory));
}

function commandOf(pid: string): string {
  try {
    return `${pid} ${readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')}`;
  } catch {
    return '';
  }
}

const alive = (pid: number): boolean =>
  existsSync(`/proc/${pid}`) && !/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));

function startDev(...args: string[]): Dev {
  const all = [program, 'dev', '--data-dir', dir, '--listen', '127.0.0.1:0', ...args];
  const child = spawnMarked(process.execPath, all, { stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const exited = new Promise<number | string>((resolve) => {
    child.once('close', (code, signal) => resolve(code ?? signal ?? 'gone'));
  });
  const dev = { child, output: () => text, exited };
  started.push(dev);
  return dev;
}

const said = (dev: Dev, pattern: RegExp) =>
  waitFor(() => pattern.exec(dev.output()), {
    what: `etcron dev says ${pattern}`,
    seen: dev.output,
    timeout: 60_000,
  });

async function ready(
  dev: Dev,
): Promise<{ readonly url: string; readonly pids: Readonly<Record<string, number>> }> {
  const [, url] = await said(dev, /etcron is ready: (\S+)[^]*Ctrl-C/);
  const children = Array.from(dev.output().matchAll(/^ {2}(\S+) +pid (\d+)$/gm), ([, name, pid]) => [
    name,
    Number(pid),
  ]);
  const etcd = Number(/at http:\S+, pid (\d+),/.exec(dev.output())![1]);
  return { url: url!, pids: { ...(Object.fromEntries(children) as Record<string, number>), etcd } };
}

const endpointOf = (dev: Dev): string => /at (http:\S+), pid/.exec(dev.output())![1]!;

describe('etcron dev', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)(
    'starts etcd, a master and two workers, and stops them all on %s',
    async (signal) => {
      const dev = startDev();
      const { url, pids } = await ready(dev);
      expect(Object.keys(pids).sort()).toEqual(['etcd', 'master', 'worker-1', 'worker-2']);
      expect((await fetch(`${url}/healthz`)).status).toBe(200);
      dev.child.kill(signal);
      expect(await dev.exited).toBe(0);
      expect(Object.values(pids).filter(alive)).toEqual([]);
      expect(processesOf(dir)).toEqual([]);
    },
  );

  it('leaves nothing behind when it is killed itself', async () => {
    const dev = startDev();
    const { pids } = await ready(dev);
    dev.child.kill('SIGKILL');
    await dev.exited;
    const left = () => Object.values(pids).filter(alive);
    await waitFor(() => left().length === 0, { what: 'etcd, master and workers are gone', seen: left });
    expect(Object.keys(pids)).toHaveLength(4);
  });

  it('ends etcd when the guard between them is killed, and says that nothing runs without it', async () => {
    const dev = startDev();
    const { pids } = await ready(dev);
    const guard = Number(/^PPid:\t(\d+)/m.exec(readFileSync(`/proc/${pids['etcd']}/status`, 'utf8'))![1]);
    expect(readFileSync(`/proc/${guard}/cmdline`, 'utf8')).toContain('etcd-guard.js');
    process.kill(guard, 'SIGKILL');
    expect(await dev.exited).toBe(1);
    expect(dev.output()).toContain('etcd is gone');
    expect(Object.values(pids).filter(alive)).toEqual([]);
  });

  it('knows of a worker that was started by hand, and does not stop it', async () => {
    const dev = startDev('--workers', '1', '--ttl', '5s');
    const { pids } = await ready(dev);
    const args = ['worker', '--etcd', endpointOf(dev), '--name', 'hand', '--data-dir', join(dir, 'hand')];
    const hand = spawnMarked(process.execPath, [program, ...args, '--ttl', '5s'], { stdio: 'pipe' });
    const ended = new Promise((resolve) => hand.once('close', resolve));
    try {
      let log = '';
      hand.stdout?.on('data', (chunk: Buffer) => (log += chunk.toString()));
      await waitFor(() => log.includes('jobs loaded'), { what: 'it takes work', seen: () => log });
      expect(log.match(/listen/gi)).toHaveLength(1);
      process.kill(pids['worker-1']!, 'SIGKILL');
      await said(dev, /worker-1 \(pid \d+\) was ended by SIGKILL[^]*then hand takes over/);
      dev.child.kill('SIGTERM');
      expect(await dev.exited).toBe(0);
      expect(alive(hand.pid!)).toBe(true);
    } finally {
      hand.kill('SIGKILL');
      await ended;
    }
  });

  it('goes on when a worker is killed, and says what that means', async () => {
    const dev = startDev('--ttl', '5s');
    const { url, pids } = await ready(dev);
    process.kill(pids['worker-1']!, 'SIGKILL');
    await said(dev, /worker-1 \(pid \d+\) was ended by SIGKILL[^]*worker-2 takes over/);
    expect(alive(pids['worker-2']!)).toBe(true);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    dev.child.kill('SIGTERM');
    expect(await dev.exited).toBe(0);
  });

  it('keeps its data from one start to the next', async () => {
    const create = { name: 'kept', schedule: '@manual', task: { kind: 'shell', command: 'true' } };
    const first = startDev('--workers', '1');
    const { url } = await ready(first);
    const headers = { 'content-type': 'application/json' };
    const created = await fetch(`${url}/api/v1/jobs`, {
      method: 'POST',
      headers,
      body: JSON.stringify(create),
    });
    expect(created.status).toBe(201);
    first.child.kill('SIGINT');
    expect(await first.exited).toBe(0);
    const second = await ready(startDev('--workers', '1'));
    expect((await fetch(`${second.url}/api/v1/jobs/kept`)).status).toBe(200);
  });

  it('has its etcd where it was when it is started again after a kill, and workers started by hand rejoin', async () => {
    const first = startDev('--workers', '1', '--ttl', '5s');
    await ready(first);
    const endpoint = endpointOf(first);
    const args = ['worker', '--etcd', endpoint, '--name', 'hand', '--data-dir', join(dir, 'hand')];
    const hand = spawnMarked(process.execPath, [program, ...args, '--ttl', '5s'], { stdio: 'pipe' });
    const ended = new Promise((resolve) => hand.once('close', resolve));
    try {
      let log = '';
      hand.stdout?.on('data', (chunk: Buffer) => (log += chunk.toString()));
      await waitFor(() => log.includes('jobs loaded'), { what: 'it takes work', seen: () => log });
      first.child.kill('SIGKILL');
      await first.exited;
      await waitFor(() => log.includes('session lost'), {
        what: 'its session is lost',
        seen: () => log,
        timeout: 60_000,
      });
      const second = startDev('--workers', '1');
      const { url } = await ready(second);
      expect(endpointOf(second)).toBe(endpoint);
      await waitFor(
        async () => {
          const response = await fetch(`${url}/api/v1/workers`);
          const { items } = (await response.json()) as { items: { name: string; state: string }[] };
          return items.some(({ name, state }) => name === 'hand' && state === 'ready');
        },
        { what: 'it has rejoined', seen: () => log, timeout: 60_000 },
      );
    } finally {
      hand.kill('SIGKILL');
      await ended;
    }
  });

  it('has its etcd at the port that it is given, and refuses one that is taken', async () => {
    const [port] = await freePorts(1);
    const other = createServer().listen(port, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const refused = startDev('--etcd-port', `${port}`);
    expect(await refused.exited).toBe(2);
    expect(refused.output()).toContain(`--etcd-port: port ${port} is taken`);
    await new Promise((resolve) => other.close(resolve));
    const dev = startDev('--workers', '1', '--etcd-port', `${port}`);
    await ready(dev);
    expect(endpointOf(dev)).toBe(`http://127.0.0.1:${port}`);
  });

  it('refuses a directory that another one is using', async () => {
    await ready(startDev('--workers', '1'));
    const second = startDev();
    expect(await second.exited).toBe(2);
    expect(second.output()).toMatch(
      /^--data-dir: \S+ is in use by another process \(pid \d+\): stop that one/,
    );
  });

  it('refuses an address that is taken, before it starts anything', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const { port } = other.address() as AddressInfo;
    const dev = startDev('--listen', `127.0.0.1:${port}`);
    expect(await dev.exited).toBe(2);
    expect(dev.output()).toMatch(new RegExp(`^--listen: 127.0.0.1:${port} is taken: .*--listen 127.0.0.1:0`));
    other.close();
  });
});
