// What `etcron dev` does: starts etcd, the master and the workers, tells where they are, says what happened
// when one dies, and stops all of them in order. Leaves nothing running, however it ends.
import { mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../common/runtime/clock.ts';
import type { DevConfig, Loaded } from '../common/runtime/config.ts';
import { claimDir, DirHeld } from '../common/runtime/dir-claim.ts';
import { etcdVersionRemark } from '../common/runtime/etcd-versions.ts';
import { CannotListen, type ListenAddress } from '../common/runtime/listen.ts';
import { createLogger } from '../common/runtime/logger.ts';
import { EXIT, startShutdown, type Shutdown } from '../common/runtime/shutdown.ts';
import { childArguments, childEnvironment } from './dev-children.ts';
import { describeDeath, readyText } from './dev-texts.ts';
import { otherWorkers } from './dev-others.ts';
import { findEtcd, systemEtcdSources } from './etcd-binary.ts';
import { chooseEtcdPort, keepEtcdPort } from './etcd-port.ts';
import { startPrivateEtcd } from './private-etcd.ts';
import { BadSettings } from './settings-options.ts';
import { startChild, type SupervisedChild } from './supervised.ts';

const PROGRAM = fileURLToPath(new URL('main.js', import.meta.url));

/** That of masters and workers by default: dev gives them no other. */
const PREFIX = '/cron/';

/** Beyond the workers' own drain. */
const DEADLINE_MS = 45_000;

/** Resolves when all is up. Rejects, with nothing left running, when it can't be. */
export async function startDev({ config, warnings }: Loaded<DevConfig>): Promise<void> {
  const print = (line: string): void => void process.stdout.write(`${line}\n`);
  const logger = createLogger({
    name: 'dev',
    level: config.log.level === 'info' ? 'warn' : config.log.level,
    format: config.log.format,
  });
  const deadline = config.worker.drainTimeout + DEADLINE_MS;
  const shutdown = startShutdown({ process, logger, clock: systemClock(), deadline });
  for (const warning of warnings) print(`dev      | ${warning}`);
  try {
    await startAll(config, shutdown, print);
  } catch (error) {
    if (shutdown.isStopping) return;
    process.stderr.write(`${(error as Error).message}\n`);
    shutdown.begin(
      'failed to start',
      error instanceof BadSettings || error instanceof DirHeld ? EXIT.usage : EXIT.failed,
    );
  }
}

async function startAll(config: DevConfig, shutdown: Shutdown, print: (line: string) => void): Promise<void> {
  const dir = resolve(config.dataDir);
  const claimed = await claimDir(dir);
  if (!claimed.ok) throw new DirHeld(dir, claimed.holder, 'stop that one, or choose another directory');
  const { claim } = claimed;
  shutdown.add('data directory', () => claim.release());
  if (claim.unguarded !== undefined)
    print(`dev      | ${dir} cannot be kept from others (${claim.unguarded}): start only one with it`);
  await checkFree(config.listen);

  const say = (name: string) => (line: string) => print(`${name.padEnd(8)} | ${line}`);
  const binary = await findEtcd(systemEtcdSources(say('etcd')));
  if (shutdown.isStopping) return;
  const { port, before } = await chooseEtcdPort(dir, config.etcdPort).catch((error: unknown) => {
    throw new BadSettings((error as Error).message);
  });
  if (shutdown.isStopping) return;
  const etcd = await startPrivateEtcd(binary, dir, port);
  shutdown.add('etcd', () => etcd.stop());
  keepEtcdPort(dir, etcd.port);
  if (before !== undefined)
    say('etcd')(
      `note: port ${before}, which etcd had at the last start, is taken: workers that were started by hand need --etcd ${etcd.endpoint} now`,
    );
  say('etcd')(`etcd ${binary.version} (${binary.path}) at ${etcd.endpoint}, pid ${etcd.pid}, data in ${dir}`);
  const remark = etcdVersionRemark(binary.version);
  if (remark !== undefined) say('etcd')(`note: ${remark}`);
  void etcd.ended.then((how) => {
    if (shutdown.isStopping) return;
    say('etcd')(`etcd is gone (${how}), see ${etcd.logFile}: without it nothing runs`);
    shutdown.begin('etcd is gone', EXIT.failed);
  });
  if (shutdown.isStopping) return;

  const children: SupervisedChild[] = [];
  shutdown.add('processes', () => {
    print('dev      | stopping: waits for tasks that run; Ctrl-C again ends them at once');
    return stopAll(children);
  });
  for (const { name, args, dataDir } of childArguments(config, dir, etcd.endpoint, process.stdout.isTTY)) {
    if (dataDir !== undefined) mkdirSync(dataDir, { recursive: true });
    children.push(
      startChild({ name, program: PROGRAM, args, env: childEnvironment(process.env), onLine: say(name) }),
    );
  }
  const urls = await Promise.all(children.map((child) => child.ready));
  if (shutdown.isStopping) return;
  const failed = children.find((_, index) => urls[index] === undefined);
  if (failed) throw new Error(`${failed.name} did not start; its lines above say why`);

  print(readyText(urls[0]!, children, dir, config.tokensFile, config.worker.drainTimeout));
  for (const child of children) {
    void child.exited.then(async (exit) => {
      if (shutdown.isStopping) return;
      const others = await otherWorkers({
        endpoint: etcd.endpoint,
        prefix: PREFIX,
        pids: children.map(({ pid }) => pid),
      });
      // oxlint-disable-next-line typescript/no-unnecessary-condition
      if (shutdown.isStopping) return;
      const alive = children.filter((one) => one.isAlive());
      print(
        describeDeath(child, exit, alive, {
          endpoint: etcd.endpoint,
          ttl: config.worker.ttl,
          dir: join(dir, child.name),
          command: `node ${relative(process.cwd(), PROGRAM)}`,
          others,
        }),
      );
    });
  }
}

/** Workers first: they finish and record what runs while master and etcd are there. */
async function stopAll(children: readonly SupervisedChild[]): Promise<void> {
  const [master, ...workers] = children;
  await Promise.all(workers.map((worker) => worker.stop()));
  await master?.stop();
}

/** Told now, before anything is started. */
function checkFree(address: ListenAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(new BadSettings(new CannotListen(address, error).message));
    });
    server.listen(address.port, address.host, () => server.close(() => resolve()));
  });
}
