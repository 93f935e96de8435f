// Private etcd processes for tests: own ports, own data directory, gone afterwards.
import type { ChildProcess } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectEtcd } from '../../src/common/store/client.ts';
import { freePorts } from '../../src/cli/free-ports.ts';
import { exited, spawnMarked } from './spawned.ts';
import { delay } from './wait.ts';

export interface EtcdOptions {
  /** Further flags, such as `--quota-backend-bytes=…`. */
  readonly flags?: readonly string[];
  /** Writes as durably as in production; off by default, since tests judge behaviour and shared disks are slow. */
  readonly fsync?: boolean;
  /** Serves clients over TLS with these files. */
  readonly tls?: {
    readonly ca: string;
    readonly cert: string;
    readonly key: string;
    readonly clientCerts: boolean;
  };
  /** Waits for health by itself; false when the test's etcd can't be asked without further ado (TLS). */
  readonly awaitReady?: boolean;
  /** Where data directories are made; the system's temporary folder by default. */
  readonly folder?: string;
  /** What members write is appended to `<name>.log` in `folder` as well. */
  readonly keepLog?: boolean;
  /** Under which URLs members reach each other, by the ports they listen on: those by default. */
  readonly peerUrls?: (ports: readonly number[]) => Promise<readonly string[]>;
}

export interface TestEtcd {
  readonly name: string;
  readonly endpoint: string;
  readonly host: string;
  readonly port: number;
  readonly dataDir: string;
  readonly pid: number;
  readonly isUp: boolean;
  /** What etcd wrote so far. */
  log(): string;
  /** SIGTERM; data stay. */
  stop(): Promise<void>;
  /** SIGKILL; data stay. */
  kill(): Promise<void>;
  /** Starts it again on the same ports and data; resolves when it serves. */
  start(): Promise<void>;
  /** As start, and does not wait: cut off from the others it would not serve. */
  launch(): void;
  restart(): Promise<void>;
  /** SIGSTOP: accepts connections and answers nothing. */
  pause(): void;
  resume(): void;
  /** Stops it and removes its data. */
  remove(): Promise<void>;
}

const binary = (): string => process.env['ETCRON_ETCD_BIN'] ?? 'etcd';

interface MemberPlan {
  readonly name: string;
  readonly clientPort: number;
  readonly peerPort: number;
  readonly peerUrl: string;
  readonly cluster: string;
  readonly options: EtcdOptions;
}

async function startMember(plan: MemberPlan): Promise<TestEtcd> {
  const { options } = plan;
  const folder = options.folder ?? tmpdir();
  const dataDir = await mkdtemp(join(folder, 'etcron-etcd-'));
  const endpoint = `${options.tls ? 'https' : 'http'}://127.0.0.1:${plan.clientPort}`;
  const peer = `http://127.0.0.1:${plan.peerPort}`;
  let child: ChildProcess;
  let output = '';
  let isPaused = false;

  const launch = (): void => {
    const { tls } = options;
    child = spawnMarked(
      binary(),
      [
        '--name',
        plan.name,
        '--data-dir',
        dataDir,
        '--listen-client-urls',
        endpoint,
        '--advertise-client-urls',
        endpoint,
        '--listen-peer-urls',
        peer,
        '--initial-advertise-peer-urls',
        plan.peerUrl,
        '--initial-cluster',
        plan.cluster,
        '--initial-cluster-state',
        'new',
        '--heartbeat-interval',
        '50',
        '--election-timeout',
        '500',
        ...(options.fsync ? [] : ['--unsafe-no-fsync']),
        ...(tls ? ['--cert-file', tls.cert, '--key-file', tls.key, '--trusted-ca-file', tls.ca] : []),
        ...(tls?.clientCerts ? ['--client-cert-auth'] : []),
        ...(options.flags ?? []),
      ],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { PATH: process.env['PATH'], HOME: dataDir, ETCD_UNSUPPORTED_ARCH: process.arch },
      },
    );
    for (const stream of [child.stdout, child.stderr]) {
      stream!.setEncoding('utf8').on('data', (text: string) => {
        output = (output + text).slice(-100_000);
        if (options.keepLog) appendFileSync(join(folder, `${plan.name}.log`), text);
      });
    }
    child.once('error', (error) => (output += `\n${binary()} could not be started: ${error.message}`));
  };

  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (isPaused) self.resume();
    child.kill(signal);
    await exited(child);
  };

  const self: TestEtcd = {
    name: plan.name,
    endpoint,
    host: '127.0.0.1',
    port: plan.clientPort,
    dataDir,
    get pid() {
      return child.pid!;
    },
    get isUp() {
      return child.exitCode === null && child.signalCode === null;
    },
    log: () => output,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    launch,
    async start() {
      launch();
      if (options.awaitReady !== false) await untilHealthy(endpoint, () => [child.exitCode !== null, output]);
    },
    async restart() {
      await self.stop();
      await self.start();
    },
    pause() {
      isPaused = true;
      child.kill('SIGSTOP');
    },
    resume() {
      isPaused = false;
      child.kill('SIGCONT');
    },
    async remove() {
      await self.kill();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
  launch();
  return self;
}

/** Until a linearizable read is answered (or refused for want of a user): the member serves. */
async function untilHealthy(endpoint: string, state: () => [exited: boolean, output: string]): Promise<void> {
  const etcd = connectEtcd({ endpoints: [endpoint], timeoutMs: 1_000, connectTimeoutMs: 1_000 });
  const deadline = performance.now() + 30_000;
  try {
    for (;;) {
      const error = await etcd.range({ key: 'health', countOnly: true }).then(
        () => undefined,
        (error: Error) => error,
      );
      if (!error || error.message.includes('user name is empty')) return;
      const [hasExited, output] = state();
      if (hasExited || performance.now() > deadline) {
        throw new Error(`etcd at ${endpoint} does not serve: ${error.message}\n${output.slice(-4_000)}`);
      }
      await delay(50);
    }
  } finally {
    etcd.close();
  }
}

/** One etcd, ready to serve. */
export async function startEtcd(options: EtcdOptions = {}): Promise<TestEtcd> {
  const [member] = await startMembers(1, options);
  return member!;
}

export interface TestEtcdCluster {
  readonly members: readonly TestEtcd[];
  readonly endpoints: readonly string[];
  remove(): Promise<void>;
}

/** Members of one cluster, all ready to serve. */
export async function startEtcdCluster(count = 3, options: EtcdOptions = {}): Promise<TestEtcdCluster> {
  const members = await startMembers(count, options);
  return {
    members,
    endpoints: members.map((member) => member.endpoint),
    async remove() {
      await Promise.all(members.map((member) => member.remove()));
    },
  };
}

async function startMembers(count: number, options: EtcdOptions): Promise<TestEtcd[]> {
  const ports = await freePorts(count * 2);
  const names = Array.from({ length: count }, (_, i) => `m${i}`);
  const peerPorts = ports.slice(count);
  const peerUrls =
    (await options.peerUrls?.(peerPorts)) ?? peerPorts.map((port) => `http://127.0.0.1:${port}`);
  const cluster = names.map((name, i) => `${name}=${peerUrls[i]}`).join(',');
  const members = await Promise.all(
    names.map((name, i) =>
      startMember({
        name,
        clientPort: ports[i]!,
        peerPort: peerPorts[i]!,
        peerUrl: peerUrls[i]!,
        cluster,
        options,
      }),
    ),
  );
  if (options.awaitReady !== false) {
    await Promise.all(members.map((member) => untilHealthy(member.endpoint, () => [false, member.log()])));
  }
  return members;
}
