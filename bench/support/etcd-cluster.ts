// Three members of etcd for one scenario, as durable as in production, whose leader can be killed and brought back.
import { fork, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { GuardMessage } from '../../src/cli/etcd-guard.ts';
import { freePorts } from '../../src/cli/free-ports.ts';
import { etcdFlags, isHealthy } from '../../src/cli/private-etcd.ts';
import { findEtcd, systemEtcdSources } from '../../src/cli/etcd-binary.ts';
import { connectEtcd } from '../../src/common/store/client.ts';
import type { Etcd } from '../../src/common/store/etcd.ts';
import type { Scope } from './scope.ts';

export interface BenchCluster {
  readonly endpoints: readonly string[];
  readonly client: Etcd;
  /** SIGKILL of the member that leads. Answers its number, to be brought back. */
  killLeader(): Promise<number>;
  /** Starts it again on its data; resolves when it serves. */
  revive(member: number): Promise<void>;
}

const MEMBERS = 3;
const PATIENCE_MS = 30_000;

/** One process, watched by a guard that ends it with us. */
async function launch(binary: string, logFile: string, flags: readonly string[]) {
  const guard = fork(
    fileURLToPath(new URL('../../src/cli/etcd-guard.js', import.meta.url)),
    [logFile, binary, ...flags],
    { detached: true, execArgv: [], stdio: 'ignore' },
  );
  const pid = await new Promise<number>((resolve, reject) => {
    guard.on('message', (message) => {
      const told = message as GuardMessage;
      if ('pid' in told) resolve(told.pid);
      else reject(new Error(`etcd did not start: ${told.exit}`));
    });
    guard.once('exit', () => reject(new Error('the guard of an etcd ended')));
  });
  return { guard, pid };
}

export async function startBenchCluster(scope: Scope): Promise<BenchCluster> {
  const binary = await findEtcd(systemEtcdSources((line) => console.error(line)));
  const dir = scope.tempDir();
  const plans = await Promise.all(
    Array.from({ length: MEMBERS }, async (_, i) => {
      const [client, peer] = await freePorts(2);
      return { name: `m${i}`, client: `http://127.0.0.1:${client}`, peer: `http://127.0.0.1:${peer}` };
    }),
  );
  const cluster = plans.map(({ name, peer }) => `${name}=${peer}`).join(',');
  const running: ({ guard: ChildProcess; pid: number } | undefined)[] = [];
  const end = async (member: number): Promise<void> => {
    const guard = running[member]?.guard;
    running[member] = undefined;
    if (!guard || guard.exitCode !== null) return;
    const gone = new Promise((resolve) => guard.once('exit', resolve));
    if (guard.connected) guard.disconnect();
    await gone;
  };
  const begin = async (member: number): Promise<void> => {
    const { name, client, peer } = plans[member]!;
    // The last of each flag counts.
    const flags = [
      ...etcdFlags(join(dir, name), client, peer),
      `--name=${name}`,
      `--initial-cluster=${cluster}`,
    ];
    running[member] = await launch(binary.path, join(dir, `${name}.log`), flags);
  };
  const untilHealthy = async (member: number): Promise<void> => {
    const deadline = performance.now() + PATIENCE_MS;
    while (!(await isHealthy(plans[member]!.client))) {
      if (performance.now() > deadline) throw new Error(`etcd ${member} does not serve; see ${dir}`);
      await wait(50);
    }
  };
  scope.onClose(() => Promise.all(plans.map((_, i) => end(i))));
  await Promise.all(plans.map((_, i) => begin(i)));
  await Promise.all(plans.map((_, i) => untilHealthy(i)));
  const endpoints = plans.map(({ client }) => client);
  const client = connectEtcd({ endpoints, timeoutMs: 20_000 });
  scope.onClose(() => client.close());

  return {
    endpoints,
    client,
    async killLeader() {
      for (const [i, endpoint] of endpoints.entries()) {
        const metrics = await (await fetch(`${endpoint}/metrics`)).text();
        if (!/^etcd_server_is_leader 1$/m.test(metrics)) continue;
        process.kill(running[i]!.pid, 'SIGKILL');
        return i;
      }
      throw new Error('no member of etcd leads');
    },
    async revive(member) {
      await end(member);
      await begin(member);
      await untilHealthy(member);
    },
  };
}
