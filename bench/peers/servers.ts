// Redis and PostgreSQL for one measurement: Debian's, on ports and data of their own, gone afterwards.
import { execFileSync, spawn, spawnSync, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { chownSync, mkdirSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { freePorts } from '../../src/cli/free-ports.ts';
import type { Scope } from '../support/scope.ts';
import { postgresBin, provide } from './debian.ts';

/** `fsync` of Redis: `default` is Redis as it comes, snapshots only; `always` writes each command before it answers. */
export type Server =
  { readonly kind: 'redis'; readonly fsync: 'default' | 'always' } | { readonly kind: 'postgres' };

const PATIENCE_MS = 30_000;
/** Beyond what comes: fsync is on, as it comes. */
const POSTGRES_SETTINGS = { max_connections: '300', shared_buffers: '512MB' };

/** What it is, and what of its settings is not as it comes. */
export function describeServer({ kind }: Server): string {
  const program = kind === 'redis' ? 'redis-server' : join(postgresBin() ?? '', 'postgres');
  const version = execFileSync(program, ['--version'], { encoding: 'utf8' }).trim();
  if (kind === 'redis') return version;
  return `${version}, ${Object.entries(POSTGRES_SETTINGS)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ')}`;
}

/** Answers its URL. */
export function startServer(scope: Scope, server: Server): Promise<string> {
  provide(server.kind);
  return server.kind === 'redis' ? startRedis(scope, server.fsync) : startPostgres(scope);
}

const isListening = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });

async function untilReady(isReady: () => boolean | Promise<boolean>, program: string, child: ChildProcess) {
  const deadline = performance.now() + PATIENCE_MS;
  while (!(await isReady())) {
    if (child.exitCode !== null || performance.now() > deadline) throw new Error(`${program} does not serve`);
    await wait(50);
  }
}

async function started(
  scope: Scope,
  program: string,
  args: readonly string[],
  options: SpawnOptions,
  isReady: () => boolean | Promise<boolean>,
): Promise<void> {
  // With this process, too, however it ends.
  const orphaned = ['--pdeathsig', 'KILL', '--', program, ...args];
  const child = spawn('setpriv', orphaned, { ...options, stdio: ['ignore', 'ignore', 'inherit'] });
  const gone = new Promise((resolve) => child.once('exit', resolve));
  scope.onClose(async () => {
    child.kill('SIGINT');
    const enough = setTimeout(() => child.kill('SIGKILL'), 5_000);
    await gone;
    clearTimeout(enough);
  });
  await untilReady(isReady, program, child);
}

async function startRedis(scope: Scope, fsync: 'default' | 'always'): Promise<string> {
  const [port] = (await freePorts(1)) as [number];
  const durable = fsync === 'always' ? ['--appendonly', 'yes', '--appendfsync', 'always'] : [];
  const own = [
    '--port',
    String(port),
    '--bind',
    '127.0.0.1',
    '--dir',
    scope.tempDir(),
    '--loglevel',
    'warning',
  ];
  await started(scope, 'redis-server', [...own, ...durable], {}, () => isListening(port));
  return `redis://127.0.0.1:${port}`;
}

/** PostgreSQL refuses to run as root: then Debian's own user runs it. */
async function startPostgres(scope: Scope): Promise<string> {
  const bin = postgresBin() ?? '';
  const dir = scope.tempDir();
  const data = join(dir, 'data');
  mkdirSync(data, { mode: 0o700 });
  const options: { cwd: string; env: NodeJS.ProcessEnv; uid?: number; gid?: number } = {
    cwd: dir,
    env: { ...process.env, HOME: dir, LC_ALL: 'C' },
  };
  if (process.getuid?.() === 0) {
    const idOf = (flag: string): number =>
      Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
    options.uid = idOf('-u');
    options.gid = idOf('-g');
    for (const each of [dir, data]) chownSync(each, options.uid, options.gid);
  }
  execFileSync(join(bin, 'initdb'), ['-D', data, '-U', 'bench', '--auth=trust', '-E', 'UTF8'], {
    ...options,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [port] = (await freePorts(1)) as [number];
  const set = {
    ...POSTGRES_SETTINGS,
    port,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: dir,
    // That it closes the connections of killed workers is no news.
    log_min_messages: 'panic',
  };
  const args = Object.entries(set).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  // It listens before it serves.
  const isReady = (): boolean =>
    spawnSync(join(bin, 'pg_isready'), ['-h', '127.0.0.1', '-p', String(port)]).status === 0;
  await started(scope, join(bin, 'postgres'), ['-D', data, ...args], options, isReady);
  return `postgres://bench@127.0.0.1:${port}/postgres`;
}
