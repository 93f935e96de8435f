// The application of docs/embedding.md, word for word, with the package as it is installed: registers its
// function, runs it, shows output and progress, stops it when asked, and leaves in order. And applications next to a
// plain worker, each a process of its own: who runs what.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test as alone } from 'vitest';
import type { RunView } from '../../../src/common/api/values.ts';
import { jobDefinition } from '../../../src/common/model/job.ts';
import { packApp, type PackedApp } from '../../support/packed.ts';
import { childrenOf } from '../../support/processes.ts';
import { exited, spawnMarked } from '../../support/spawned.ts';
import { waitFor } from '../../support/wait.ts';
import { useEtcd } from '../../support/shared-etcd.ts';
import { startTestMaster, type TestMaster } from '../master/harness.ts';

/** They mostly wait: all at the same time, each on its own prefix. */
const test = alone.concurrent;

const page = readFileSync(new URL('../../../docs/embedding.md', import.meta.url), 'utf8');
const code = /```js\n([^]*?)```/.exec(page)![1]!;
const definition = jobDefinition.parse(JSON.parse(/-d '(\{[^]*?\})'\n/.exec(page)![1]!));

const shared = useEtcd();
let app: PackedApp;

beforeAll(async () => {
  app = await packApp();
});
afterAll(() => app?.remove());

let written = 0;
async function run(source: string, env: Record<string, string> = {}) {
  const file = join(app.dir, `app-${++written}.mjs`);
  await writeFile(file, source);
  return runNode([file], env);
}

function runNode(args: string[], env: Record<string, string> = {}) {
  const home = mkdtempSync(join(tmpdir(), 'etcron-app-'));
  const child = spawnMarked(process.execPath, args, {
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
    killHard: () => child.kill('SIGKILL'),
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

  test('leaves jobs of other kinds, and of functions that it does not have, to others', async () => {
    const application = await run(code);
    const master = await startTestMaster(shared);
    const workers = { mode: 'all' } as const;
    const manual = { schedule: '@manual', workers } as const;
    await master.call('createJob', {
      body: { ...manual, name: 'shell', task: { kind: 'shell', command: 'true' } },
    });
    await master.call('createJob', {
      body: { ...manual, name: 'typo', task: { kind: 'handler', name: 'send-invoice' } },
    });
    await application.says('ready as ');
    await waitFor(() => master.views.workers.size === 1, { what: 'the master knows the application' });
    for (const [job, which] of [
      ['shell', 'that runs processes'],
      ['typo', 'that has the handler "send-invoice"'],
    ] as const) {
      const { detail } = await master.refused('no_matching_worker', 'runJob', { params: { job } });
      expect(detail).toBe(`${job} cannot run now: no worker ${which} is there`);
      const { body } = await master.call('getJob', { params: { job } });
      expect(body.unschedulable.reason).toBe(`no worker is registered ${which}`);
    }
    const [worker] = (await master.call('listWorkers')).body.items;
    expect(worker.can).toEqual({ processes: false, handlers: ['send-invoices'] });
  });
});

describe('applications next to a plain worker', () => {
  /** Its function `mail` takes as long as the payload says. */
  const application = (name: string) =>
    run(
      `import { setTimeout as sleep } from 'node:timers/promises';
       import { embedWorker } from 'etcron';
       const handlers = { mail: ({ payload, signal }) => sleep(payload ?? 0, undefined, { signal }) };
       const worker = await embedWorker({ handlers });
       handlers.late = () => {};
       await worker.whenReady;
       console.log('ready as ' + worker.workerId);
       process.once('SIGTERM', () => worker.stop());`,
      { ETCRON_NAME: name, ETCRON_LOG_LEVEL: 'silent' },
    );
  const plainWorker = () =>
    runNode([join(app.dir, 'node_modules/etcron/dist/cli/main.js'), 'worker'], { ETCRON_NAME: 'plain' });
  const known = (master: TestMaster, ...names: string[]) =>
    waitFor(
      () => {
        const there = master.views.workers.records().filter(({ state }) => state === 'ready');
        return names.every((name) => there.some((worker) => worker.name === name));
      },
      { what: `${names.join(', ')} take work`, timeout: 40_000 },
    );
  const everySecond = {
    schedule: '* * * * * *',
    catchUp: { policy: 'all' },
    history: { keep: 500 },
  } as const;
  const mail = { kind: 'handler', name: 'mail' } as const;
  const shell = { kind: 'shell', command: 'true' } as const;
  const recordsOf = async (master: TestMaster, job: string): Promise<RunView[]> =>
    (await master.call('listRunsOfJob', { params: { job }, query: { limit: 100 } })).body.items;
  const succeeded = (master: TestMaster, job: string, count: number) =>
    waitFor(
      async () => {
        const runs = await recordsOf(master, job);
        return runs.filter(({ state }) => state === 'succeeded').length >= count ? runs : undefined;
      },
      { what: `${job} has run ${count} times`, timeout: 40_000 },
    );
  /** Of those that ran them; one that waits has none yet. */
  const namesOf = (runs: readonly RunView[]) => [
    ...new Set(runs.flatMap(({ worker }) => (worker ? [worker.slice(0, -7)] : []))),
  ];

  test('run the functions, and the plain worker the processes', { timeout: 120_000 }, async () => {
    const master = await startTestMaster(shared);
    const [plain, one, two] = [plainWorker(), await application('one'), await application('two')];
    await known(master, 'plain', 'one', 'two');
    // Not `late`, which came when the worker had been started.
    for (const { record } of master.views.workers.list())
      expect(record.can!.handlers).toEqual(record.name === 'plain' ? [] : ['mail']);
    const jobs = [0, 1, 2, 3];
    for (const i of jobs) {
      await master.call('createJob', { body: { ...everySecond, name: `mail-${i}`, task: mail } });
      await master.call('createJob', { body: { ...everySecond, name: `shell-${i}`, task: shell } });
    }
    const workers = { mode: 'all' } as const;
    await master.call('createJob', { body: { ...everySecond, name: 'mail-all', workers, task: mail } });
    await master.call('createJob', { body: { ...everySecond, name: 'shell-all', workers, task: shell } });
    for (const i of jobs) {
      for (const [name, at] of [
        [`mail-${i}`, ['one', 'two']],
        [`shell-${i}`, ['plain']],
      ] as const) {
        const runs = await succeeded(master, name, 2);
        expect(runs.filter(({ state }) => state === 'failed' || state === 'missed')).toEqual([]);
        for (const each of namesOf(runs)) expect(at).toContain(each);
      }
    }
    await succeeded(master, 'mail-all', 4);
    await succeeded(master, 'shell-all', 2);
    const mails = await recordsOf(master, 'mail-all');
    expect(new Set(namesOf(mails))).toEqual(new Set(['one', 'two']));
    for (const { shard } of mails) expect(shard!.total).toBe(2);
    const shells = await recordsOf(master, 'shell-all');
    expect(namesOf(shells)).toEqual(['plain']);
    for (const { shard } of shells) expect(shard).toEqual({ index: 0, total: 1 });
    for (const each of [plain, one, two]) each.terminate();
    for (const each of [plain, one, two]) expect(await each.exitCode()).toBe(0);
  });

  test('what dies with the only one that can run it waits for the next', { timeout: 120_000 }, async () => {
    const master = await startTestMaster(shared);
    plainWorker();
    const first = await application('first');
    await known(master, 'plain', 'first');
    const retry = { limit: 1, delay: '10ms' } as const;
    await master.call('createJob', {
      body: { name: 'job', schedule: '@manual', retry, task: { ...mail, payload: 3_600_000 } },
    });
    await master.call('runJob', { params: { job: 'job' } });
    await waitFor(async () => (await recordsOf(master, 'job'))[0]?.state === 'running', { what: 'it runs' });
    first.killHard();
    const lost = await waitFor(
      async () => (await recordsOf(master, 'job')).find(({ state }) => state === 'lost'),
      { what: 'it is lost', timeout: 60_000 },
    );
    await waitFor(async () => (await master.call('getJob', { params: { job: 'job' } })).body.unschedulable, {
      what: 'nobody can run it',
    });
    // The plain worker schedules other jobs meanwhile, and leaves this request alone.
    await master.call('createJob', { body: { ...everySecond, name: 'other', task: shell } });
    await succeeded(master, 'other', 2);
    const [waiting, ...others] = (await recordsOf(master, 'job')).filter(({ id }) => id !== lost.id);
    expect(waiting).toMatchObject({
      state: 'waiting',
      cause: { kind: 'retry', retryOf: lost.id },
      reason: 'no worker is registered that has the handler "mail"',
    });
    expect(others).toEqual([]);
    const second = await application('second');
    await second.says('ready as ');
    const again = await waitFor(
      async () => (await recordsOf(master, 'job')).find(({ state }) => state === 'running'),
      { what: 'it is tried again', timeout: 60_000 },
    );
    expect(again).toMatchObject({ id: waiting!.id, worker: expect.stringMatching(/^second-/) as string });
  });
});

test('an application that asks for the wrong is told all of it', async () => {
  const application = await run(
    `import { embedWorker } from 'etcron';
     await embedWorker({
       settings: { slot: '8', ttl: '1s', name: 5 },
       handlers: { a() {}, b: 'no function', [''.padEnd(129, 'c')]() {} },
     });`,
  );
  expect(await application.exitCode()).toBe(1);
  const text = application.text();
  expect(text).toContain('handlers.b: must be a function, not string');
  expect(text).toContain(`handlers.${'c'.repeat(129)}: no job can name it; a name has 1 to 128 characters`);
  expect(text).toContain('settings.slot: unknown; did you mean slots?');
  expect(text).toContain('settings.name: must be a text such as a flag takes, not number');
  expect(text).toMatch(/--ttl: /);
});

test('an application that misspells an option, or gives none, is told so', async () => {
  const application = await run(
    `import { embedWorker } from 'etcron';
     const told = [];
     for (const options of [
       undefined,
       { setings: {}, handlers: {}, slots: '8' },
       { handlers: {}, settings: 'x', logger: console, processes: 'yes' },
       { handlers: {}, settings: { labels: { app: 7, 'a=b': 'c' } } },
     ])
       await embedWorker(options).catch((error) => told.push(error.message));
     console.log(JSON.stringify(told));`,
  );
  expect(await application.exitCode()).toBe(0);
  const told = JSON.parse(application.text()) as string[];
  expect(told.map((text) => text.split('\n  ').slice(1))).toEqual([
    [expect.stringMatching(/^embedWorker needs an object: embedWorker\(\{handlers: /)],
    ['setings: unknown; did you mean settings?', 'slots: unknown; did you mean settings.slots?'],
    [
      "settings: must be an object such as {slots: '8'}",
      'logger: must be a logger of pino, or be left out',
      'processes: must be true or false, not string',
    ],
    [
      'settings.labels.app: must be a text, not number',
      expect.stringMatching(/^settings\.labels\.a=b: a label's name has no "="/),
    ],
  ]);
});

test('an application may write its labels as an object', async () => {
  const application = await run(
    `import { embedWorker } from 'etcron';
     const labels = { app: 'billing', region: 'eu' };
     const worker = await embedWorker({ handlers: {}, settings: { labels } });
     await worker.whenReady;
     console.log('ready');
     process.once('SIGTERM', () => worker.stop());`,
    { ETCRON_LOG_LEVEL: 'silent' },
  );
  const master = await startTestMaster(shared);
  await application.says('ready');
  const [worker] = (await master.call('listWorkers')).body.items;
  expect(worker.labels).toEqual({ app: 'billing', region: 'eu' });
  application.terminate();
  expect(await application.exitCode()).toBe(0);
});

test('an application with more functions than a registration holds is told so', async () => {
  const application = await run(
    `import { embedWorker } from 'etcron';
     const names = Array.from({ length: 1_000 }, (_, i) => 'function-of-the-application-' + i);
     await embedWorker({ handlers: Object.fromEntries(names.map((name) => [name, () => {}])) });`,
  );
  expect(await application.exitCode()).toBe(1);
  expect(application.text()).toMatch(
    /handlers: the 1000 names have \d+ bytes together: at most 16384; register fewer/,
  );
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

test('two of a name need a data directory each, also within an application', async () => {
  const application = await run(
    `import { embedWorker } from 'etcron';
     const one = await embedWorker({ handlers: {}, settings: { name: 'one' } });
     const again = embedWorker({ handlers: {}, settings: { name: 'one' } });
     await again.catch((error) => console.log(error.name + ' ' + error.message));
     const apart = await embedWorker({ handlers: {}, settings: { name: 'one', 'data-dir': 'apart' } });
     await one.stop();
     const after = await embedWorker({ handlers: {}, settings: { name: 'one' } });
     await Promise.all([apart.stop(), after.stop()]);
     console.log('all stopped');`,
    { ETCRON_LOG_LEVEL: 'silent' },
  );
  await application.exitCode();
  expect(application.text()).toMatch(
    /^DirHeld --data-dir: \S+\/one is in use by this process already: .*--name .*--data-dir.*\nall stopped\n$/,
  );
  expect(await application.exitCode()).toBe(0);
});

test('a worker that cannot listen leaves nothing behind that keeps the application from ending', async () => {
  const application = await run(
    `import { createServer } from 'node:http';
     import { embedWorker } from 'etcron';
     const taken = createServer().listen(0, '127.0.0.1');
     await new Promise((resolve) => taken.once('listening', resolve));
     const settings = { listen: '127.0.0.1:' + taken.address().port };
     await embedWorker({ handlers: {}, processes: true, settings }).catch((error) => console.log(error.name));
     taken.close();
     const worker = await embedWorker({ handlers: {}, settings });
     await worker.stop();
     console.log('stopped');`,
    { ETCRON_LOG_LEVEL: 'silent' },
  );
  expect(await application.exitCode()).toBe(0);
  expect(application.text()).toBe('CannotListen\nstopped\n');
});
