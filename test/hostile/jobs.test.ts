// Jobs that do what no job should, on a real worker: the others go on beside them, and when they are killed nothing of
// them is left. What single tasks do to their runner is in integration/runner.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeRunId } from '../../src/common/model/ids.ts';
import type { RunRecord } from '../../src/common/model/run.ts';
import { instant } from '../../src/common/model/time.ts';
import { codecs, keyspace } from '../../src/common/store/keyspace.ts';
import { runningWith } from '../integration/runner/rig.ts';
import { childrenOf, startWorkerProcess } from '../support/processes.ts';
import { useEtcd } from '../support/shared-etcd.ts';
import { delay, waitFor } from '../support/wait.ts';
import { jobsOf, takesWork } from '../support/workers.ts';
import { put } from '../support/writes.ts';

const shared = useEtcd();
const MiB = 1024 ** 2;

/** How long a sleeper sleeps: tells ours from any other on this machine. */
const NAP = 80_000 + (process.pid % 10_000);
const sleeper = `sleep ${NAP}`;

interface Hostile {
  readonly command: string;
  /** Sleepers of its own that run once it has done its worst. */
  readonly sleepers?: number;
}

const HOSTILE: Readonly<Record<string, Hostile>> = {
  'prints-zeros': { command: 'exec cat /dev/zero' },
  'prints-lines': { command: 'exec yes "a line again and again"' },
  'ignores-signals': { command: `trap "" TERM INT HUP; ${sleeper} & while :; do wait; done`, sleepers: 1 },
  'closes-its-output': { command: `exec >&- 2>&-; exec ${sleeper}`, sleepers: 1 },
  'leaves-its-group': {
    command: `set -m; for i in $(seq 50); do ${sleeper} & done; exec ${sleeper}`,
    sleepers: 51,
  },
  'leaves-its-session': {
    command: `for i in $(seq 150); do setsid ${sleeper} & done; exec ${sleeper}`,
    sleepers: 151,
  },
  'stops-itself': { command: `${sleeper} & kill -STOP $$`, sleepers: 1 },
  // Each step is a new process in a new session, whose parent is gone: always one ahead of who looks for it.
  'runs-away': {
    command: `cat > "$DIR/step" <<'STEP'
n=$((\${1:-0} + 1))
[ $n -lt 3000 ] && [ -d "$DIR" ] && { sleep 0.02; setsid sh "$DIR/step" $n & }
STEP
sh "$DIR/step" & exec ${sleeper}`,
    sleepers: 1,
  },
};

const memoryOf = (pid: number): number =>
  1024 * Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]);

function sizesBelow(folder: string): number[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.log'))
    .map((entry) => statSync(join(entry.parentPath, entry.name)).size);
}

test('hostile jobs at once: disk and memory are bounded, others go on, and a kill leaves nothing of them', async () => {
  const { etcd, prefix, server } = shared;
  const keys = keyspace(prefix);
  const jobs = jobsOf(etcd, keys);
  const home = mkdtempSync(join(tmpdir(), 'etcron-home-'));
  const dir = mkdtempSync(join(tmpdir(), 'etcron-away-'));
  shared.cleanup(() => {
    rmSync(home, { recursive: true, force: true });
    rmSync(dir, { recursive: true, force: true });
  });
  const worker = await startWorkerProcess({ endpoint: server.endpoint, prefix, name: 'w', home });
  shared.cleanup(() => worker.stop());
  await takesWork(etcd, keys, worker.workerId);
  const good = { kind: 'shell', command: 'echo fine' } as const;
  await jobs.create({ name: 'good', schedule: '* * * * * *', task: good, history: { keep: 200 } });
  const ids = new Map<string, string>();
  for (const [name, { command }] of Object.entries(HOSTILE)) {
    const task = { kind: 'shell', command, env: { DIR: dir } } as const;
    await jobs.create({ name, schedule: '@manual', task, killGrace: '200ms', output: { limit: '1MiB' } });
    const id = makeRunId(instant(Date.now()), 'abcdef');
    ids.set(name, id);
    const trigger = { cause: 'manual', attempt: 1, requestedAt: Date.now(), whenRunning: 'queue' } as const;
    await put(etcd, keys.trigger(name, id), codecs.trigger.encode(trigger));
  }
  const sleepers = Object.values(HOSTILE).reduce((sum, { sleepers: n = 0 }) => sum + n, 0);
  const asleep = () => runningWith(`sleep\0${NAP}`).length;
  await waitFor(() => asleep() >= sleepers, {
    what: 'all do their worst',
    timeout: 60_000,
    seen: () => [asleep(), sleepers],
  });

  const runners = childrenOf(worker.pid).map(({ pid }) => pid);
  expect(runners.length).toBeGreaterThan(0);
  const memory = () => [worker.pid, ...runners].map(memoryOf);
  await delay(2_000);
  const before = memory();
  const ran = (await jobs.runs('good')).length;
  await waitFor(async () => (await jobs.runs('good')).length >= ran + 4, {
    what: 'the good job goes on',
    timeout: 60_000,
  });
  for (const [i, now] of memory().entries()) expect(now - before[i]!).toBeLessThan(60 * MiB);
  for (const size of sizesBelow(home)) expect(size).toBeLessThan(1.1 * MiB);

  for (const [name, id] of ids)
    await put(etcd, keys.kill(name, id), codecs.kill.encode({ by: 'test', at: Date.now() }));
  const ended = async (): Promise<RunRecord[]> =>
    (await Promise.all([...ids.keys()].map((name) => jobs.runs(name)))).flat();
  await waitFor(async () => (await ended()).length === ids.size, {
    what: 'all have ended',
    timeout: 60_000,
    seen: () => worker.log.slice(-5),
  });
  expect((await ended()).map(({ state, error }) => ({ state, error }))).toEqual(
    Array.from({ length: ids.size }, () => ({ state: 'killed', error: undefined })),
  );
  expect(asleep()).toBe(0);
  expect(runningWith(dir)).toEqual([]);
  const floods = (await ended()).filter(({ job }) => job.startsWith('prints'));
  expect(floods.map(({ outputTruncated }) => outputTruncated)).toEqual([true, true]);
  for (const run of await jobs.runs('good')) expect(run.state).toBe('succeeded');
}, 120_000);

test('a task that ends while what it left prints without end is over at once, and that stops', async () => {
  const { etcd, prefix, server } = shared;
  const keys = keyspace(prefix);
  const jobs = jobsOf(etcd, keys);
  const worker = await startWorkerProcess({ endpoint: server.endpoint, prefix, name: 'w' });
  shared.cleanup(() => worker.stop());
  await takesWork(etcd, keys, worker.workerId);
  const words = `left-behind-${NAP}`;
  const task = { kind: 'shell', command: `setsid yes ${words} & sleep 0.3` } as const;
  await jobs.create({ name: 'leaves', schedule: '@manual', task });
  const id = makeRunId(instant(Date.now()), 'abcdef');
  const trigger = { cause: 'manual', attempt: 1, requestedAt: Date.now(), whenRunning: 'queue' } as const;
  await put(etcd, keys.trigger('leaves', id), codecs.trigger.encode(trigger));
  const [run] = await waitFor(
    async () => {
      const runs = await jobs.runs('leaves');
      return runs.length > 0 ? runs : undefined;
    },
    { what: 'it has ended' },
  );
  expect(run).toMatchObject({ state: 'succeeded', exitCode: 0 });
  // It wrote into a pipe that nobody reads any more.
  await waitFor(() => runningWith(words).length === 0, { what: 'what it left has stopped' });
}, 60_000);
