// The cluster under test: three etcd members, two masters, four workers, all processes of their own, each
// with its own links. One worker's wall clock can be set.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectEtcd } from '../../src/common/store/client.ts';
import type { Etcd } from '../../src/common/store/etcd.ts';
import { startEtcdCluster, type TestEtcd } from '../support/etcd.ts';
import { fakeClockEnv } from '../support/faketime.ts';
import { freePorts } from '../../src/cli/free-ports.ts';
import { createService, type Service } from '../support/service.ts';
import { delay } from '../support/wait.ts';
import { createNetwork, type Network } from './network.ts';

export const PREFIX = '/chaos/';
export const MEMBERS = ['m0', 'm1', 'm2'] as const;
export const MASTERS = ['master1', 'master2'] as const;
export const WORKERS = ['worker1', 'worker2', 'worker3', 'worker4'] as const;
/** Its clock is its own. */
export const CLOCK_WORKER = 'worker4';
/** Small, so that it can be filled. */
export const QUOTA_MIB = 64;

export interface Cluster {
  readonly members: readonly TestEtcd[];
  readonly masters: readonly Service[];
  readonly workers: readonly Service[];
  /** Base URLs of the masters, in their order. */
  readonly urls: readonly string[];
  readonly network: Network;
  /** Straight to the members, around all links. */
  readonly direct: Etcd;
  /** Of the members, as etcd tells them: hexadecimal. */
  readonly memberIds: readonly string[];
  service(name: string): Service;
  member(name: string): TestEtcd;
  /** Name of the member that leads, as far as anyone can tell. */
  leader(): Promise<string | undefined>;
  /** Seconds by which the clock of CLOCK_WORKER is off. */
  setClock(seconds: number): void;
  /** Everything gone; data stay. */
  stop(): Promise<void>;
}

export interface ClusterOptions {
  readonly folder: string;
  readonly ttlSeconds: number;
  readonly random: () => number;
  readonly onCrash: (name: string, how: string) => void;
}

export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const { folder, ttlSeconds, onCrash } = options;
  const network = createNetwork(options.random);
  const etcd = await startEtcdCluster(MEMBERS.length, {
    folder,
    keepLog: true,
    flags: [
      `--quota-backend-bytes=${QUOTA_MIB * 1024 * 1024}`,
      // etcd keeps what was written since in memory, what fills it on purpose too; 100,000 by default.
      '--snapshot-count=5000',
      '--auto-compaction-mode=periodic',
      '--auto-compaction-retention=5m',
      // The longer of etcd's defaults: elections are for faults, not for a machine that is busy.
      '--heartbeat-interval=100',
      '--election-timeout=1000',
    ],
    peerUrls: (ports) => Promise.all(ports.map((port, i) => network.openPeer(MEMBERS[i]!, port))),
  });
  const direct = connectEtcd({ endpoints: etcd.endpoints, timeoutMs: 3_000 });
  const told = (await direct.status()).members;
  for (const { id, name } of told) network.nameMember(id, name);

  const linksOf = async (from: string): Promise<string> =>
    (await Promise.all(etcd.members.map((member, i) => network.open(from, MEMBERS[i]!, member.port)))).join(
      ',',
    );
  const common = (links: string): string[] => [
    '--etcd',
    links,
    '--prefix',
    PREFIX,
    '--log-format',
    'json',
    '--log-level',
    'info',
  ];
  const home = join(folder, 'home');
  mkdirSync(home, { recursive: true });

  const ports = await freePorts(MASTERS.length);
  const masters = await Promise.all(
    MASTERS.map(async (name, i) =>
      createService({
        name,
        args: [
          'master',
          ...common(await linksOf(name)),
          '--listen',
          `127.0.0.1:${ports[i]}`,
          '--etcd-quota',
          `${QUOTA_MIB}MiB`,
        ],
        env: { HOME: home },
        logFile: join(folder, `${name}.log`),
        onCrash,
      }),
    ),
  );

  const clockFile = join(folder, 'clock');
  const setClock = (seconds: number): void =>
    writeFileSync(clockFile, `${seconds < 0 ? '' : '+'}${seconds}\n`);
  setClock(0);
  const workers = await Promise.all(
    WORKERS.map(async (name, i) =>
      createService({
        name,
        args: [
          'worker',
          ...common(await linksOf(name)),
          '--name',
          name,
          '--labels',
          `zone=${i < 2 ? 'a' : 'b'}`,
          '--ttl',
          `${ttlSeconds}s`,
          '--data-dir',
          join(folder, name),
          '--drain-timeout',
          '5s',
          '--listen',
          '127.0.0.1:0',
        ],
        env: { HOME: home, ...(name === CLOCK_WORKER ? fakeClockEnv(clockFile) : {}) },
        logFile: join(folder, `${name}.log`),
        onCrash,
      }),
    ),
  );
  const services = [...masters, ...workers];
  for (const service of services) service.start();

  const service = (name: string): Service => services.find((each) => each.name === name)!;
  return {
    members: etcd.members,
    masters,
    workers,
    urls: ports.map((port) => `http://127.0.0.1:${port}`),
    network,
    direct,
    memberIds: told.map(({ id }) => id),
    service,
    member: (name) => etcd.members.find((member) => member.name === name)!,
    async leader() {
      for (let tries = 0; tries < 10; tries++) {
        const status = await direct.status({ timeoutMs: 1_000 }).catch(() => undefined);
        const leader = status?.members.find(({ isLeader }) => isLeader);
        if (leader) return leader.name;
        await delay(200);
      }
      return undefined;
    },
    setClock,
    async stop() {
      await Promise.all(services.map((each) => each.kill()));
      direct.close();
      await Promise.all(etcd.members.map((member) => member.kill()));
      await network.stop();
    },
  };
}
