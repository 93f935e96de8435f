// A private etcd for one scenario, as durable as in production (fsync on), and what it counts of itself.
import { findEtcd, systemEtcdSources } from '../../src/cli/etcd-binary.ts';
import { startPrivateEtcd } from '../../src/cli/private-etcd.ts';
import { connectEtcd } from '../../src/common/store/client.ts';
import type { Etcd } from '../../src/common/store/etcd.ts';
import { readCounts, type EtcdCounts } from './etcd-counts.ts';
import type { Scope } from './scope.ts';

export interface BenchEtcd {
  readonly endpoint: string;
  readonly pid: number;
  /** A client of the scenario's own. */
  readonly client: Etcd;
  counts(): Promise<EtcdCounts>;
}

export async function startBenchEtcd(scope: Scope): Promise<BenchEtcd> {
  const binary = await findEtcd(systemEtcdSources((line) => console.error(line)));
  const etcd = await startPrivateEtcd(binary, scope.tempDir());
  scope.onClose(() => etcd.stop());
  const client = connectEtcd({ endpoints: [etcd.endpoint], timeoutMs: 20_000 });
  scope.onClose(() => client.close());
  return { endpoint: etcd.endpoint, pid: etcd.pid, client, counts: () => countsOf(etcd.endpoint) };
}

async function countsOf(endpoint: string): Promise<EtcdCounts> {
  const answer = await fetch(`${endpoint}/metrics`);
  return readCounts(await answer.text());
}
