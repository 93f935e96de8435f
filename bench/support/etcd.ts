// A private etcd for one scenario, as durable as in production (fsync on), and what it counts of itself.
import { findEtcd, systemEtcdSources } from '../../src/cli/etcd-binary.ts';
import { startPrivateEtcd } from '../../src/cli/private-etcd.ts';
import { connectEtcd } from '../../src/common/store/client.ts';
import type { Etcd } from '../../src/common/store/etcd.ts';
import type { Scope } from './scope.ts';

export interface EtcdCounts {
  /** Requests handled, by gRPC method: `Txn`, `Range`, `LeaseKeepAlive`, … (streams count when they end). */
  readonly requests: Readonly<Record<string, number>>;
  /** Keys written, in transactions or not. */
  readonly puts: number;
  readonly deletes: number;
  readonly fsyncs: number;
  readonly fsyncSeconds: number;
}

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
  return {
    endpoint: etcd.endpoint,
    pid: etcd.pid,
    client,
    async counts() {
      const answer = await fetch(`${etcd.endpoint}/metrics`);
      return readCounts(await answer.text());
    },
  };
}

const SAMPLE = /^([a-zA-Z_:]+)(\{.*\})? (\S+)$/;

/** Names differ between versions of etcd: of each pair the one that is there. */
function readCounts(text: string): EtcdCounts {
  const requests: Record<string, number> = {};
  const values = new Map<string, number>();
  for (const line of text.split('\n')) {
    const [, name = '', labels = '', value = '0'] = SAMPLE.exec(line) ?? [];
    if (name === 'grpc_server_handled_total') {
      const method = /grpc_method="(\w+)"/.exec(labels)?.[1];
      if (method !== undefined) requests[method] = (requests[method] ?? 0) + Number(value);
    } else if (labels === '') values.set(name, Number(value));
  }
  const first = (...names: string[]): number => {
    for (const name of names) {
      const value = values.get(name);
      if (value !== undefined) return value;
    }
    throw new Error(`etcd counts none of ${names.join(', ')}`);
  };
  return {
    requests,
    puts: first('etcd_mvcc_put_total', 'etcd_debugging_mvcc_put_total'),
    deletes: first('etcd_mvcc_delete_total', 'etcd_debugging_mvcc_delete_total'),
    fsyncs: first('etcd_disk_wal_fsync_duration_seconds_count'),
    fsyncSeconds: first('etcd_disk_wal_fsync_duration_seconds_sum'),
  };
}

/** What was counted from `before` to `after`; methods that were not called are left out. */
export function countsBetween(before: EtcdCounts, after: EtcdCounts): EtcdCounts {
  const requests: Record<string, number> = {};
  for (const [method, count] of Object.entries(after.requests)) {
    const more = count - (before.requests[method] ?? 0);
    if (more > 0) requests[method] = more;
  }
  return {
    requests,
    puts: after.puts - before.puts,
    deletes: after.deletes - before.deletes,
    fsyncs: after.fsyncs - before.fsyncs,
    fsyncSeconds: after.fsyncSeconds - before.fsyncSeconds,
  };
}
