// What etcd counts of itself: requests, messages of its streams, bytes, writes. Read from its /metrics.

export interface EtcdCounts {
  /** Requests handled, by gRPC method: `Txn`, `Range`, … (streams count when they end). */
  readonly requests: Readonly<Record<string, number>>;
  /** Messages of streams: keep-alives that came, watch answers that went. */
  readonly keepAlives: number;
  readonly watchAnswers: number;
  /** Keys written, in transactions or not. */
  readonly puts: number;
  readonly deletes: number;
  readonly fsyncs: number;
  readonly fsyncSeconds: number;
  /** Of clients, gRPC messages without their framing. */
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** The database file as it is now; between two counts: by how much it grew. */
  readonly dbBytes: number;
}

const SAMPLE = /^([a-zA-Z_:]+)(\{.*\})? (\S+)$/;
const METHOD = /grpc_method="(\w+)",grpc_service="etcdserverpb/;

/** Names differ between versions of etcd: of each pair the one that is there. */
export function readCounts(text: string): EtcdCounts {
  const byMethod = {
    handled: {} as Record<string, number>,
    received: {} as Record<string, number>,
    sent: {} as Record<string, number>,
  };
  const values = new Map<string, number>();
  for (const line of text.split('\n')) {
    const [, name = '', labels = '', value = '0'] = SAMPLE.exec(line) ?? [];
    const family = {
      grpc_server_handled_total: byMethod.handled,
      grpc_server_msg_received_total: byMethod.received,
      grpc_server_msg_sent_total: byMethod.sent,
    }[name];
    if (family) {
      const method = METHOD.exec(labels)?.[1];
      if (method !== undefined) family[method] = (family[method] ?? 0) + Number(value);
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
    requests: byMethod.handled,
    keepAlives: byMethod.received['LeaseKeepAlive'] ?? 0,
    watchAnswers: byMethod.sent['Watch'] ?? 0,
    puts: first('etcd_mvcc_put_total', 'etcd_debugging_mvcc_put_total'),
    deletes: first('etcd_mvcc_delete_total', 'etcd_debugging_mvcc_delete_total'),
    fsyncs: first('etcd_disk_wal_fsync_duration_seconds_count'),
    fsyncSeconds: first('etcd_disk_wal_fsync_duration_seconds_sum'),
    bytesIn: first('etcd_network_client_grpc_received_bytes_total'),
    bytesOut: first('etcd_network_client_grpc_sent_bytes_total'),
    dbBytes: first('etcd_mvcc_db_total_size_in_bytes', 'etcd_debugging_mvcc_db_total_size_in_bytes'),
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
    keepAlives: after.keepAlives - before.keepAlives,
    watchAnswers: after.watchAnswers - before.watchAnswers,
    puts: after.puts - before.puts,
    deletes: after.deletes - before.deletes,
    fsyncs: after.fsyncs - before.fsyncs,
    fsyncSeconds: after.fsyncSeconds - before.fsyncSeconds,
    bytesIn: after.bytesIn - before.bytesIn,
    bytesOut: after.bytesOut - before.bytesOut,
    dbBytes: after.dbBytes - before.dbBytes,
  };
}

/** All requests, and the keep-alives, which are requests in a stream. */
export const requestsOf = (counts: EtcdCounts): number =>
  counts.keepAlives + Object.values(counts.requests).reduce((sum, each) => sum + each, 0);
