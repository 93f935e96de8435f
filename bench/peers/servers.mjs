// Redis and PostgreSQL for one measurement: from Debian's packages, on ports and data of their own, gone afterwards.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

const PATIENCE_MS = 30_000;
const PACKAGES = { redis: 'redis-server', postgres: 'postgresql' };
const DEBIANS_POSTGRES = '/usr/lib/postgresql';
const TUNED = 'shared_buffers 512 MB, max_connections 300';

function found(program) {
  try {
    return execFileSync('/bin/sh', ['-c', `command -v ${program}`], { encoding: 'utf8' }).trim();
  } catch {
    return undefined;
  }
}

const postgresBin = () => {
  const versions = existsSync(DEBIANS_POSTGRES) ? readdirSync(DEBIANS_POSTGRES).sort() : [];
  const bin = versions.length > 0 ? join(DEBIANS_POSTGRES, versions.at(-1), 'bin') : undefined;
  return bin && existsSync(join(bin, 'initdb')) ? bin : undefined;
};

const isThere = {
  redis: () => found('redis-server') !== undefined,
  postgres: () => postgresBin() !== undefined,
};

/** What it is, and what of its settings is not as it comes. */
export const describe = {
  redis: () => execFileSync('redis-server', ['--version'], { encoding: 'utf8' }).trim(),
  postgres: () =>
    `${execFileSync(join(postgresBin(), 'postgres'), ['--version'], { encoding: 'utf8' }).trim()}, ${TUNED}`,
};

/** Installs what is missing where that is possible; otherwise says what to do. */
export function provide(kind) {
  if (isThere[kind]()) return;
  const how = `apt-get install ${PACKAGES[kind]}`;
  if (process.getuid() !== 0 || found('apt-get') === undefined) throw new Error(`this needs ${kind}: ${how}`);
  console.error(`installing ${PACKAGES[kind]}`);
  execFileSync('apt-get', ['update', '-qq'], { stdio: 'inherit' });
  execFileSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', PACKAGES[kind]], {
    stdio: 'inherit',
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  if (!isThere[kind]()) throw new Error(`${how} did not bring it`);
}

const freePort = () =>
  new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

const isListening = (port) =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });

async function untilReady(isReady, program, child) {
  const deadline = performance.now() + PATIENCE_MS;
  while (!(await isReady())) {
    if (child.exitCode !== null || performance.now() > deadline) throw new Error(`${program} does not serve`);
    await wait(50);
  }
}

async function started(scope, program, args, options, isReady) {
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit'], ...options });
  const gone = new Promise((resolve) => child.once('exit', resolve));
  scope.onClose(async () => {
    child.kill('SIGINT');
    const enough = setTimeout(() => child.kill('SIGKILL'), 5_000);
    await gone;
    clearTimeout(enough);
  });
  await untilReady(isReady, program, child);
}

function tempDir(scope) {
  const dir = mkdtempSync(join(tmpdir(), 'etcron-bench-peer-'));
  scope.onClose(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** `fsync`: `default` is Redis as it comes, snapshots only; `always` writes each command before it answers. */
export async function startRedis(scope, fsync) {
  const port = await freePort();
  const durable = fsync === 'always' ? ['--appendonly', 'yes', '--appendfsync', 'always'] : [];
  const args = [
    '--port',
    port,
    '--bind',
    '127.0.0.1',
    '--dir',
    tempDir(scope),
    '--loglevel',
    'warning',
    ...durable,
  ];
  await started(scope, 'redis-server', args.map(String), {}, () => isListening(port));
  return `redis://127.0.0.1:${port}`;
}

/** fsync is on, as it comes. PostgreSQL refuses to run as root: then Debian's own user runs it. */
export async function startPostgres(scope) {
  const bin = postgresBin();
  const dir = tempDir(scope);
  const data = join(dir, 'data');
  mkdirSync(data, { mode: 0o700 });
  const asUser = {};
  if (process.getuid() === 0) {
    const idOf = (flag) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
    Object.assign(asUser, { uid: idOf('-u'), gid: idOf('-g') });
    for (const each of [dir, data]) chownSync(each, asUser.uid, asUser.gid);
  }
  const env = { ...process.env, HOME: dir, LC_ALL: 'C' };
  execFileSync(join(bin, 'initdb'), ['-D', data, '-U', 'bench', '--auth=trust', '-E', 'UTF8'], {
    ...asUser,
    env,
    cwd: dir,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const port = await freePort();
  const set = {
    port,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: dir,
    max_connections: 300,
    shared_buffers: '512MB',
    // That it closes the connections of killed workers is no news.
    log_min_messages: 'panic',
  };
  const args = Object.entries(set).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const options = { ...asUser, env, cwd: dir };
  // It listens before it serves.
  const isReady = () =>
    spawnSync(join(bin, 'pg_isready'), ['-h', '127.0.0.1', '-p', String(port)]).status === 0;
  await started(scope, join(bin, 'postgres'), ['-D', data, ...args], options, isReady);
  return `postgres://bench@127.0.0.1:${port}/postgres`;
}
