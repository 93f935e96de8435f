// npm run screenshots: the pictures in docs/screens, of every page in both themes, from a cluster with jobs that it
// starts, lets run for a while and ends. docs/web.md says how it is told more. It reaches nothing but this machine.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { build, buildPage, built, installDependencies, root } from './install.mjs';
import { jobsFor } from './screenshot-jobs.mjs';
import { takePictures } from './screenshot-pages.mjs';

const { values: asked } = parseArgs({
  options: {
    /** How long the jobs run before the first picture: the timeline shows 15. */
    minutes: { type: 'string', default: '16' },
    /** Pictures of a master that is on, with the jobs it has. */
    url: { type: 'string' },
    /** The cluster stays until Ctrl-C. */
    keep: { type: 'boolean', default: false },
    /** Only pictures whose name begins so. */
    only: { type: 'string', default: '' },
    to: { type: 'string', default: join(root, 'docs', 'screens') },
  },
});
const WORKERS = [
  ['berlin-1', 'region=eu,disk=fast', 16],
  ['dublin-1', 'region=eu', 16],
  ['ohio-1', 'region=us', 12],
  ['berlin-2', 'region=eu,disk=fast', 16],
];
const MAIN = join(root, 'dist', 'cli', 'main.js');

await installDependencies();
await build();
await buildPage();
const folder = resolve(asked.to);
mkdirSync(folder, { recursive: true });
if (asked.url !== undefined) {
  await takePictures({ url: asked.url, folder, only: asked.only });
  process.exit(0);
}
process.exit(await withCluster());

async function withCluster() {
  const dir = mkdtempSync(join(tmpdir(), 'etcron-screens-'));
  const children = [];
  const enough = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => enough.abort());
  const { findEtcd, systemEtcdSources } = await built('cli/etcd-binary.js');
  const { startPrivateEtcd } = await built('cli/private-etcd.js');
  const etcd = await startPrivateEtcd(
    await findEtcd(systemEtcdSources(console.error)),
    dir,
    await freePort(),
  );
  const hooks = await startHooks();

  const start = (...args) => {
    const given = [MAIN, ...args, '--etcd', etcd.endpoint, '--log-level', 'warn'];
    const child = spawn(process.execPath, given, { stdio: ['ignore', 'ignore', 'inherit'] });
    const ended = new Promise((done) => child.once('exit', done));
    children.push({ child, ended });
    return { child, ended };
  };
  const startWorker = ([name, labels, slots]) => {
    const identity = ['--name', name, '--labels', labels, '--data-dir', join(dir, name)];
    return start('worker', ...identity, '--slots', `${slots}`, '--drain-timeout', '1s');
  };
  try {
    const ports = [await freePort(), await freePort()];
    for (const port of ports) start('master', '--listen', `127.0.0.1:${port}`);
    const url = `http://127.0.0.1:${ports[0]}`;
    const call = apiOf(url);
    await untilUp(call, enough.signal);
    const workers = WORKERS.map(startWorker);
    for (const job of jobsFor(hooks.url)) await call('POST', '/jobs', job);
    console.log(`${url} has its jobs, and runs them for ${asked.minutes} minutes`);
    const half = Number(asked.minutes) * 30_000;
    await wait(half, undefined, enough);
    // One dies as machines do, and comes back.
    workers[1].child.kill('SIGKILL');
    await wait(2_000, undefined, enough);
    startWorker(WORKERS[1]);
    await wait(half, undefined, enough);
    await takePictures({ url, folder, only: asked.only });
    if (asked.keep) await wait(24 * 3_600_000, undefined, enough);
    return 0;
  } catch (error) {
    if (!enough.signal.aborted) throw error;
    return 130;
  } finally {
    for (const { child } of children.toReversed()) child.kill('SIGTERM');
    await Promise.all(children.map(({ ended }) => ended));
    hooks.stop();
    await etcd.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

function apiOf(url) {
  return async (method, path, body) => {
    const answer = await fetch(`${url}/api/v1${path}`, {
      method,
      ...(body !== undefined && {
        body: JSON.stringify(body),
        headers: { 'content-type': 'application/json' },
      }),
    });
    if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${await answer.text()}`);
    return answer.json();
  };
}

async function untilUp(call, signal) {
  for (let tries = 0; ; tries++) {
    try {
      return await call('GET', '/cluster');
    } catch (error) {
      if (tries === 100) throw error;
      await wait(200, undefined, { signal });
    }
  }
}

/** What the jobs of kind http ask. */
function startHooks() {
  const server = createServer(({ url }, answer) => {
    const isGone = url === '/gone';
    setTimeout(() => {
      answer.writeHead(isGone ? 410 : 200, { 'content-type': 'text/plain' });
      answer.end(isGone ? 'this hook was removed\n' : 'ok\n');
    }, 150);
  });
  return new Promise((done) => {
    server.listen(0, '127.0.0.1', () =>
      done({ url: `http://127.0.0.1:${server.address().port}`, stop: () => server.close() }),
    );
  });
}

function freePort() {
  const server = createServer();
  return new Promise((done) => {
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
}
