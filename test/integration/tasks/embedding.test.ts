// The application of docs/embedding.md, word for word, with the package as it is installed: registers its
// function, runs it, shows output and progress, stops it when asked, and leaves in order.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { jobDefinition } from '../../../src/common/model/job.ts';
import { packApp, type PackedApp } from '../../support/packed.ts';
import { childrenOf } from '../../support/processes.ts';
import { exited, spawnMarked } from '../../support/spawned.ts';
import { waitFor } from '../../support/wait.ts';
import { useEtcd } from '../../support/shared-etcd.ts';
import { startTestMaster, type TestMaster } from '../master/harness.ts';

const page = readFileSync(new URL('../../../docs/embedding.md', import.meta.url), 'utf8');
const code = /```js\n([^]*?)```/.exec(page)![1]!;
const definition = jobDefinition.parse(JSON.parse(/-d '(\{[^]*?\})'\n/.exec(page)![1]!));

const shared = useEtcd();
let app: PackedApp;

beforeAll(async () => {
  app = await packApp();
});
afterAll(() => app?.remove());

async function run(source: string, env: Record<string, string> = {}) {
  const home = mkdtempSync(join(tmpdir(), 'etcron-app-'));
  const file = join(app.dir, 'app.mjs');
  await writeFile(file, source);
  const child = spawnMarked(process.execPath, [file], {
    cwd: app.dir,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env['PATH'],
      HOME: home,
      ETCRON_ETCD: shared.server.endpoint,
      ETCRON_PREFIX: shared.prefix,
      ETCRON_TTL: '5s',
      ...env,
    },
  });
  let text = '';
  for (const stream of [child.stdout!, child.stderr!])
    stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  const gone = exited(child).then(() => rmSync(home, { recursive: true, force: true }));
  shared.cleanup(async () => {
    child.kill('SIGKILL');
    await gone;
  });
  return {
    pid: child.pid!,
    text: () => text,
    says: (words: string) =>
      waitFor(() => text.includes(words), {
        what: `the application says "${words}"`,
        timeout: 40_000,
        seen: () => text,
      }),
    terminate: () => child.kill('SIGTERM'),
    async exitCode() {
      await gone;
      return child.exitCode;
    },
  };
}

const start = async (master: TestMaster, payload: unknown): Promise<string> => {
  const answer = await master.call('runJob', {
    params: { job: 'invoices' },
    body: { payload: payload as string },
  });
  return answer.body.run;
};
const record = async (master: TestMaster, id: string) =>
  (await master.call('getRun', { params: { job: 'invoices', run: id } })).body;

describe('the application of the documentation', () => {
  test('runs its job, shows how far it is, stops when asked, and leaves in order', async () => {
    const application = await run(code);
    const master = await startTestMaster(shared);
    await master.call('createJob', { body: definition });
    await application.says('ready as ');

    const done = await start(master, { customers: [{ name: 'ada' }, { name: 'grace' }] });
    await waitFor(async () => (await record(master, done)).endedAt, { what: 'it has run' });
    const succeeded = await record(master, done);
    expect(succeeded).toMatchObject({ state: 'succeeded', progress: 1 });
    const output = await master.call('getRunOutput', { params: { job: 'invoices', run: done } });
    expect(output.text).toBe(
      ['ada', 'grace'].map((name) => `${name}: sent under token ${succeeded.fencingToken}\n`).join(''),
    );

    const long = await start(master, { customers: [{ name: 'ada' }, { name: 'grace', takes: 3_600_000 }] });
    await waitFor(async () => (await record(master, long)).progress === 0.5, { what: 'it is half way' });
    await master.call('killRun', { params: { job: 'invoices', run: long }, body: {} });
    await waitFor(async () => (await record(master, long)).endedAt, { what: 'it has ended' });
    expect(await record(master, long)).toMatchObject({ state: 'killed', progress: 0.5 });

    expect(childrenOf(application.pid)).toEqual([]);
    application.terminate();
    expect(await application.exitCode()).toBe(0);
    expect(application.text()).toContain('stopped');
    expect((await master.call('listWorkers')).body.items).toEqual([]);
  });

  test('fails a job of another kind in words', async () => {
    const application = await run(code);
    const master = await startTestMaster(shared);
    await master.call('createJob', {
      body: { name: 'shell', schedule: '@manual', task: { kind: 'shell', command: 'true' } },
    });
    await application.says('ready as ');
    const answer = await master.call('runJob', { params: { job: 'shell' }, query: { wait: '30s' } });
    expect(answer.body.record).toMatchObject({
      state: 'failed',
      error: 'task.kind: this worker starts no processes; select others by workers.labels',
    });
  });
});

test('an application that asks for the wrong is told all of it', async () => {
  const application = await run(
    `import { embedWorker } from 'etcron';
     await embedWorker({
       settings: { slot: '8', ttl: '1s', name: 5 },
       handlers: { a() {}, b: 'no function' },
     });`,
  );
  expect(await application.exitCode()).toBe(1);
  const text = application.text();
  expect(text).toContain('handlers.b: must be a function, not string');
  expect(text).toContain('settings.slot: unknown; did you mean slots?');
  expect(text).toContain('settings.name: must be a text such as a flag takes, not number');
  expect(text).toMatch(/--ttl: /);
});

test('an application may let processes run as well', async () => {
  const application = await run(
    `import { embedWorker } from 'etcron';
     const worker = await embedWorker({ handlers: {}, processes: true });
     await worker.whenReady;
     console.log('ready');
     process.once('SIGTERM', () => worker.stop());`,
    { ETCRON_LOG_LEVEL: 'silent' },
  );
  const master = await startTestMaster(shared);
  await master.call('createJob', {
    body: { name: 'shell', schedule: '@manual', task: { kind: 'shell', command: 'echo from a process' } },
  });
  await application.says('ready');
  const answer = await master.call('runJob', { params: { job: 'shell' }, query: { wait: '30s' } });
  expect(answer.body.record).toMatchObject({ state: 'succeeded' });
  application.terminate();
  expect(await application.exitCode()).toBe(0);
  expect(application.text()).toBe('ready\n');
});
