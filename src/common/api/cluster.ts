// The cluster behind the API, and the addresses outside /api/v1.
import { z } from 'zod';
import { masterRecord } from '../model/worker.ts';
import { operation } from './operation.ts';
import { API, time } from './values.ts';

const {
  wallClock: _wallClock,
  asks: _asks,
  seen: _seen,
  startedAt: _startedAt,
  ...plain
} = masterRecord.shape;

export const member = z.strictObject({
  id: z.string(),
  name: z.string(),
  endpoint: z.string(),
  version: z.string(),
  isLeader: z.boolean(),
  isLearner: z.boolean(),
  raftTerm: z.int(),
  dbSize: z.int(),
  dbSizeInUse: z.int(),
  error: z.string().optional(),
});

export const warning = z.strictObject({
  code: z.enum([
    'alarm_no_space',
    'alarm_corrupt',
    'alarm_other',
    'member_unreachable',
    'quota_pressure',
    'old_etcd',
    'no_workers',
    'no_ready_workers',
    'long_waits',
    'broken_jobs',
    'unreadable_values',
    'unmatched_jobs',
    'clock_offset',
  ]),
  message: z.string(),
});
export type Warning = z.output<typeof warning>;

export const clusterView = z
  .strictObject({
    leader: z.string().nullable(),
    raftTerm: z.int(),
    version: z.string().nullable().meta({ description: 'Of etcd: the oldest among the members' }),
    members: z.array(member),
    dbSize: z.int(),
    dbSizeInUse: z.int(),
    quotaBytes: z.int(),
    alarms: z.array(z.strictObject({ memberId: z.string(), kind: z.enum(['NOSPACE', 'CORRUPT', 'OTHER']) })),
    masters: z.array(
      z.strictObject({
        ...plain,
        startedAt: time,
        clockOffsetMs: z.number().nullable().meta({
          description:
            'How far its wall clock is ahead: of the median of all clocks for the master that answers, of the time that this one goes by for others; null: not measured',
        }),
      }),
    ),
    housekeeper: z.string().nullable().meta({ description: 'The master that prunes and watches the quota' }),
    jobs: z.int(),
    workers: z.int(),
    runs: z.int().meta({ description: 'Runs that hold a claim now' }),
    warnings: z.array(warning),
  })
  .meta({ id: 'Cluster' });
export type ClusterView = z.output<typeof clusterView>;

const alive = z.strictObject({ status: z.literal('ok') });

export const clusterOperations = {
  getCluster: operation({
    method: 'GET',
    path: `${API}/cluster`,
    tag: 'cluster',
    summary: 'Show etcd, the masters, and what to worry about',
    answers: { 200: clusterView },
  }),
  healthz: operation({
    method: 'GET',
    path: '/healthz',
    tag: 'system',
    summary: 'Tell that the process is alive',
    answers: { 200: alive },
    open: true,
  }),
  readyz: operation({
    method: 'GET',
    path: '/readyz',
    tag: 'system',
    summary: 'Tell whether requests can be served: etcd answers and the lists are loaded',
    answers: { 200: alive },
    problems: ['not_ready'],
    open: true,
  }),
  metrics: operation({
    method: 'GET',
    path: '/metrics',
    tag: 'system',
    summary: 'Metrics for Prometheus',
    answers: { 200: { text: 'text/plain', description: 'Prometheus text format' } },
  }),
  getOpenApi: operation({
    method: 'GET',
    path: '/openapi.json',
    tag: 'system',
    summary: 'This API as an OpenAPI 3.1 document',
    answers: { 200: z.record(z.string(), z.json()) },
    open: true,
  }),
};
