import { expect, test } from 'vitest';
import { countsBetween, readCounts, requestsOf } from '../../../bench/support/etcd-counts.ts';

const metrics = (txns: number, keepAlives: number, bytes: number): string => `# HELP of etcd
grpc_server_handled_total{grpc_code="OK",grpc_method="Txn",grpc_service="etcdserverpb.KV",grpc_type="unary"} ${txns}
grpc_server_handled_total{grpc_code="Unavailable",grpc_method="Txn",grpc_service="etcdserverpb.KV",grpc_type="unary"} 1
grpc_server_handled_total{grpc_code="OK",grpc_method="Watch",grpc_service="grpc.health.v1.Health",grpc_type="server_stream"} 7
grpc_server_msg_received_total{grpc_method="LeaseKeepAlive",grpc_service="etcdserverpb.Lease",grpc_type="bidi_stream"} ${keepAlives}
grpc_server_msg_sent_total{grpc_method="Watch",grpc_service="etcdserverpb.Watch",grpc_type="bidi_stream"} 5
etcd_debugging_mvcc_put_total 12
etcd_mvcc_delete_total 3
etcd_disk_wal_fsync_duration_seconds_count 9
etcd_disk_wal_fsync_duration_seconds_sum 0.5
etcd_network_client_grpc_received_bytes_total ${bytes}
etcd_network_client_grpc_sent_bytes_total 2.5e+06
etcd_mvcc_db_total_size_in_bytes 20480
`;

test('what etcd counted between two looks, by method, with the keep-alives in their stream', () => {
  const counts = countsBetween(readCounts(metrics(10, 2, 100)), readCounts(metrics(25, 6, 900)));
  expect(counts).toMatchObject({ requests: { Txn: 15 }, keepAlives: 4, puts: 0, bytesIn: 800, bytesOut: 0 });
  expect(requestsOf(counts)).toBe(19);
});

test('names of older and newer etcd are both known; one that counts nothing of it is told', () => {
  expect(readCounts(metrics(0, 0, 0))).toMatchObject({ puts: 12, deletes: 3, bytesOut: 2_500_000 });
  expect(() => readCounts('')).toThrow('etcd_mvcc_put_total');
});
