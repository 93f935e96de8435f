// The state of the whole, and what in it a person should look into.
import type { ClusterView, Warning } from '../../common/api/cluster.ts';
import type { Instant } from '../../common/model/time.ts';
import type { ClusterStatus, Etcd } from '../../common/store/etcd.ts';
import { codecs, type Keyspace } from '../../common/store/keyspace.ts';
import { housekeeperOf } from '../../common/store/transactions/masters.ts';
import { get, getSome, kvAt, kvsOf } from '../../common/store/transactions/parts.ts';
import { shownTime } from '../shown.ts';
import type { Clocks } from '../../common/runtime/clocks.ts';
import type { Views } from '../views/views.ts';
import { unmatchedWarnings } from './unmatched.ts';

/** More masters than this nobody runs. */
const MASTERS_READ = 100;
/** Above this share of the quota history gives way (invariant 7). */
export const PRESSURE = 0.8;
/** Before this one etcd revokes live leases, loses watch events and can crash on some transactions. */
const OLDEST_GOOD = [3, 5, 13] as const;
const CLOCK_OFFSET_MS = 500;
/** A job that waits longer for a slot wants more of them. */
const LONG_WAIT_MS = 60_000;

export interface ClusterReader {
  read(): Promise<ClusterView>;
}

function isOld(version: string): boolean {
  const parts = version.split('.').map(Number);
  const index = OLDEST_GOOD.findIndex((good, at) => parts[at] !== good);
  return index >= 0 && (parts[index] ?? 0) < OLDEST_GOOD[index]!;
}

const older = (a: string, b: string): string => (a.localeCompare(b, 'en', { numeric: true }) <= 0 ? a : b);

export function clusterReader({
  etcd,
  keys,
  views,
  quotaBytes,
  clockOffsetOf,
  clocks,
  masterId,
}: {
  etcd: Etcd;
  keys: Keyspace;
  views: Views;
  quotaBytes: number;
  clockOffsetOf: (worker: string) => number | null;
  clocks: Clocks | undefined;
  masterId: string | undefined;
}): ClusterReader {
  /** Whose clock it is makes the difference: ours is measured against all, another's against what we go by. */
  const offsetOf = (id: string): number | null => {
    if (id === masterId) {
      const own = clocks?.offset();
      return own?.known === true ? Math.round(own.offset) : null;
    }
    const offset = clocks?.offsetOf(keys.master(id));
    return offset === undefined ? null : Math.round(offset);
  };

  return {
    async read() {
      const [status, found] = await Promise.all([
        etcd.status(),
        etcd.txn({
          compare: [],
          success: [getSome(keys.masters, MASTERS_READ), get(keys.housekeeper)],
          failure: [],
        }),
      ]);
      const masters = kvsOf(found.responses[0]).flatMap((kv) => {
        const decoded = codecs.master.decode(kv.value);
        if (!decoded.ok) return [];
        const { wallClock: _wallClock, asks: _asks, seen: _seen, startedAt, ...plain } = decoded.value;
        return [{ ...plain, startedAt: shownTime(startedAt), clockOffsetMs: offsetOf(plain.id) }];
      });
      const reached = status.members.filter((member) => member.error === undefined);
      const versions = reached.map((member) => member.version).filter((version) => version !== '');
      const dbSizeInUse = Math.max(0, ...reached.map((member) => member.dbSizeInUse));
      return {
        leader: status.leaderId ?? null,
        raftTerm: status.raftTerm,
        version: versions.length === 0 ? null : versions.reduce(older),
        members: status.members.map((member) => ({ ...member })),
        dbSize: Math.max(0, ...reached.map((member) => member.dbSize)),
        dbSizeInUse,
        quotaBytes,
        alarms: status.alarms.map((alarm) => ({ ...alarm })),
        masters,
        housekeeper: housekeeperOf(kvAt(found, 1)) ?? null,
        jobs: views.jobs.size,
        workers: views.workers.size,
        runs: views.runs.size,
        warnings: [
          ...ofEtcd(status, dbSizeInUse, quotaBytes),
          ...ofViews(views, clockOffsetOf),
          ...ofWaits(views, clocks?.clock.now()),
          ...ofUnreadable(views),
          ...unmatchedWarnings(views),
          ...ofMasters(masters),
        ],
      };
    },
  };
}

const ALARMS = {
  NOSPACE: [
    'alarm_no_space',
    'is over its quota and takes no writes: compact, defragment, then disarm the alarm',
  ],
  CORRUPT: ['alarm_corrupt', 'has found its data corrupt: replace the member'],
  OTHER: ['alarm_other', 'has raised an alarm that this version does not know'],
} as const;

function ofEtcd(status: ClusterStatus, inUse: number, quota: number): Warning[] {
  const percent = Math.round((100 * inUse) / quota);
  const old = [...new Set(status.members.map((member) => member.version))].filter(
    (version) => version !== '' && isOld(version),
  );
  return [
    ...status.alarms.map(({ kind, memberId }): Warning => ({
      code: ALARMS[kind][0],
      message: `member ${memberId} of etcd ${ALARMS[kind][1]}`,
    })),
    ...status.members
      .filter((member) => member.error !== undefined)
      .map((member): Warning => ({
        code: 'member_unreachable',
        message: `member ${member.name || member.id} of etcd cannot be asked`,
      })),
    ...(inUse > PRESSURE * quota
      ? [
          {
            code: 'quota_pressure',
            message: `${percent} % of the quota of etcd is in use: history is being cut`,
          } as const,
        ]
      : []),
    ...old.map((version): Warning => ({
      code: 'old_etcd',
      message: `etcd ${version} has known faults: run 3.5.13 or newer`,
    })),
  ];
}

/** Named in the warning; the log has all. */
const NAMED = 5;

function ofUnreadable({ unreadable }: Views): Warning[] {
  if (unreadable.size === 0) return [];
  const more = unreadable.size > NAMED ? `, and ${unreadable.size - NAMED} more` : '';
  return [
    {
      code: 'unreadable_values',
      message: `values in etcd cannot be read and are passed over: ${unreadable.some(NAMED).join(', ')}${more}`,
    },
  ];
}

function ofViews({ workers, jobs }: Views, clockOffsetOf: (worker: string) => number | null): Warning[] {
  const all = workers.list().map(({ record }) => ({ record, clockOffsetMs: clockOffsetOf(record.id) }));
  const off = all.filter((worker) => Math.abs(worker.clockOffsetMs ?? 0) > CLOCK_OFFSET_MS);
  const noReady = all.length > 0 && all.every((worker) => worker.record.state !== 'ready');
  return [
    ...(all.length === 0
      ? [{ code: 'no_workers', message: 'no worker is registered: nothing runs' } as const]
      : []),
    ...(noReady
      ? [
          {
            code: 'no_ready_workers',
            message: 'no worker is ready: all are full, draining or have a wrong clock',
          } as const,
        ]
      : []),
    ...(jobs.brokenCount > 0
      ? [
          {
            code: 'broken_jobs',
            message: `${jobs.brokenCount} stored definitions cannot be read: GET /jobs?state=broken lists them`,
          } as const,
        ]
      : []),
    ...off.map(({ record, clockOffsetMs }): Warning => ({
      code: 'clock_offset',
      message: `the clock of ${record.id} is ${Math.round(clockOffsetMs!)} ms off the time that this master goes by${record.state === 'clock_skew' ? ': it takes no work while others are there' : ''}`,
    })),
  ];
}

/** `now`: the time that is believed; undefined: a worker's own, when it last told. */
const ofWaits = ({ workers }: Views, now: Instant | undefined): Warning[] =>
  workers.list().flatMap(({ record: { id, slots, waiting, wallClock } }): Warning[] => {
    const waited = waiting ? (now ?? wallClock) - waiting.since : 0;
    if (!waiting || waited < LONG_WAIT_MS) return [];
    const jobs = `${waiting.jobs} job${waiting.jobs === 1 ? ' waits' : 's wait'}`;
    const what = `${jobs} for a slot of ${id}, which has ${slots}`;
    return [{ code: 'long_waits', message: `${what}: the first for ${Math.round(waited / 1000)} s` }];
  });

const ofMasters = (masters: ClusterView['masters']): Warning[] =>
  masters
    .filter(({ clockOffsetMs }) => Math.abs(clockOffsetMs ?? 0) > CLOCK_OFFSET_MS)
    .map(({ id, clockOffsetMs }) => ({
      code: 'clock_offset',
      message: `the clock of the master ${id} is ${clockOffsetMs} ms off: jobs that are created, changed or resumed through it may tick from a wrong moment on`,
    }));
