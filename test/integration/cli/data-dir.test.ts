// A worker's data directory is one process's, as real processes find it: started twice, at once, or right after a kill.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startWorkerProcess, childrenOf, type WorkerProcess } from '../../support/processes.ts';
import { PROGRAM } from '../../support/program.ts';
import { useEtcd } from '../../support/shared-etcd.ts';
import { exited, spawnMarked } from '../../support/spawned.ts';
import { waitFor } from '../../support/wait.ts';
import { takesWork } from '../../support/workers.ts';
import { keyspace } from '../../../src/common/store/keyspace.ts';

const shared = useEtcd();

function home(): string {
  const folder = mkdtempSync(join(tmpdir(), 'etcron-home-'));
  shared.cleanup(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function worker(folder: string): Promise<WorkerProcess> {
  const { prefix, server } = shared;
  const at = { endpoint: server.endpoint, prefix, name: 'twin', home: folder };
  const started = await startWorkerProcess(at);
  shared.cleanup(() => started.stop());
  return started;
}

/** As typed twice: nothing but the address of etcd, so that both have the name of the host. */
function plain(folder: string) {
  const args = ['worker', '--etcd', shared.server.endpoint, '--prefix', shared.prefix];
  const child = spawnMarked(process.execPath, [PROGRAM, ...args, '--ttl', '5s', '--log-format', 'json'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], HOME: folder },
  });
  let text = '';
  for (const stream of [child.stdout!, child.stderr!])
    stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const gone = exited(child);
  shared.cleanup(async () => {
    child.kill('SIGKILL');
    await gone;
  });
  return { child, gone, text: () => text, isReady: () => text.includes('jobs loaded') };
}

test('of two workers that are started at once with nothing to tell them apart one is refused, and told why', async () => {
  const folder = home();
  const both = [plain(folder), plain(folder)];
  const refused = await waitFor(() => both.find(({ child }) => child.exitCode !== null), {
    what: 'one has ended',
    seen: () => both.map(({ text }) => text()),
    timeout: 60_000,
  });
  const other = both.find((each) => each !== refused)!;
  expect(refused.child.exitCode).toBe(1);
  const { msg } = JSON.parse(
    refused
      .text()
      .split('\n')
      .find((line) => line.includes('"fatal"'))!,
  ) as { msg: string };
  expect(msg).toMatch(
    new RegExp(
      `^--data-dir: ${folder}/\\S+ is in use by another process \\(pid ${other.child.pid}\\): .*--name .*--data-dir`,
    ),
  );
  expect(refused.text()).not.toContain('"stack"');
  await waitFor(other.isReady, { what: 'the other one works', seen: other.text, timeout: 60_000 });
});

test('a worker that is frozen keeps its directory, and its pid is told', async () => {
  const folder = home();
  const first = plain(folder);
  await waitFor(first.isReady, { what: 'it works', seen: first.text, timeout: 60_000 });
  first.child.kill('SIGSTOP');
  const second = plain(folder);
  await second.gone;
  first.child.kill('SIGCONT');
  expect(second.text()).toContain(`(pid ${first.child.pid})`);
});

test('a worker that is killed is replaced at once, though its runner is about to end', async () => {
  const folder = home();
  const first = await worker(folder);
  const [runner] = childrenOf(first.pid);
  process.kill(runner!.pid, 'SIGSTOP');
  try {
    first.signal('SIGKILL');
    const second = await worker(folder);
    await takesWork(shared.etcd, keyspace(shared.prefix), second.workerId);
    expect(second.pid).not.toBe(first.pid);
  } finally {
    process.kill(runner!.pid, 'SIGCONT');
  }
});

test('two workers of one name with a directory each are two workers', async () => {
  const [first, second] = await Promise.all([worker(home()), worker(home())]);
  for (const { workerId } of [first, second]) {
    expect(workerId).toMatch(/^twin-/);
    await takesWork(shared.etcd, keyspace(shared.prefix), workerId);
  }
  expect(first.workerId).not.toBe(second.workerId);
});
