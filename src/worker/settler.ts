// Settles what nobody will end: the runs of dead workers, and claims of this worker's own that etcd carried
// out after it had been told that they failed. Each ends as lost, and is tried again elsewhere when it has
// attempts left. Racing settlers do no harm; what another live worker holds is never settled: the
// transaction asks.
import { lostRun } from '../common/core/lifecycle.ts';
import { fnv1a } from '../common/core/hash.ts';
import type { Timer } from '../common/core/clock.ts';
import type { KillRecord, RunRecord } from '../common/model/run.ts';
import type { Millis } from '../common/model/time.ts';
import type { KeyRange, KeyValue } from '../common/store/etcd.ts';
import { codecs } from '../common/store/keyspace.ts';
import { listPages } from '../common/store/queries.ts';
import { settleLost } from '../common/store/transactions/endings.ts';
import type { Unreadable } from '../common/store/unreadable.ts';
import type { JobTable } from './job-table.ts';
import type { Peers } from './peers.ts';
import type { WorkerPorts } from './ports.ts';
import { killReason } from './requests.ts';
import { afterLoss, withReason } from './retry-elsewhere.ts';

const SWEEP_EVERY: Millis = 30_000;

export interface Settler {
  /** A registration is gone. */
  workerGone(workerId: string): void;
  /** Looks at everything that is active, now. */
  sweep(): void;
  stop(): void;
}

export interface SettlerOptions {
  readonly ports: WorkerPorts;
  readonly unreadable: Unreadable;
  readonly table: JobTable;
  readonly peers: Peers;
  /** Undefined while this worker must not settle: it has no session, or does not know the jobs. */
  readonly ownId: () => string | undefined;
  /** The run is in hand here, or may be about to be. */
  readonly isKnown: (job: string, runId: string) => boolean;
  /** The run is armed or on here, whatever id of this worker it was claimed under. */
  readonly isInHand: (job: string, runId: string) => boolean;
  /** A request to kill it that nobody has answered. */
  readonly killOf: (job: string, runId: string) => KillRecord | undefined;
}

export function startSettler(options: SettlerOptions): Settler {
  const { ports, unreadable, table, peers, ownId, isKnown, isInHand, killOf } = options;
  const { etcd, keys, batcher, clock, logger } = ports;
  /** Active records under our own id that nothing here knows, as the last sweep saw them. */
  let strangers = new Set<string>();
  let stopped = false;
  let timer: Timer | undefined;

  /** One that outlives its claim may be on: nobody tries it again but its own worker, by its end. */
  const mayRunOn = ({ onLostLease, nextAttemptAt }: RunRecord): boolean =>
    onLostLease === 'continue' && nextAttemptAt === undefined;

  const again = (run: RunRecord, job: string, runId: string): ReturnType<typeof afterLoss> => {
    const kill = killOf(job, runId);
    if (kill) return { reason: `${killReason(kill)}, so it is not tried again` };
    const entry = table.get(job);
    const policy = entry && table.recordOf(entry)?.definition.retry;
    return policy ? afterLoss(run, policy, clock.now(), ports.randomSuffix()) : {};
  };

  const settle = async (kv: KeyValue): Promise<void> => {
    const [workerId = '', job = '', runId = ''] = keys.partsOf(kv.key);
    const decoded = codecs.run.decode(kv.value);
    const isElsewhere = decoded.ok && (decoded.value.job !== job || decoded.value.id !== runId);
    if (!decoded.ok || isElsewhere) {
      const fault = decoded.ok ? 'it names another run than its key' : decoded.error;
      unreadable.note(kv.key, fault, 'lost run passed over: it cannot be read');
      return;
    }
    unreadable.clear(kv.key);
    const isOwn = workerId === ownId();
    // The claim wrote lock and active record at once: its revision is the fencing token.
    const run = {
      ...codecs.run.unknownIn(kv.value),
      ...lostRun(decoded.value, clock.now(), isOwn ? 'claim-unknown' : 'worker-gone'),
      fencingToken: kv.createRevision,
    };
    const { overrides, nextAttemptAt } = decoded.value;
    const before = {
      ...run,
      ...(overrides ? { overrides } : {}),
      ...(nextAttemptAt === undefined ? {} : { nextAttemptAt }),
    };
    const { retry, reason } = isOwn || !mayRunOn(decoded.value) ? again(before, job, runId) : {};
    const lost = {
      workerId,
      run: withReason(run, reason),
      activeRevision: kv.modRevision,
      isOwn,
      ...(retry ? { retry } : {}),
    };
    if (await batcher.submit(settleLost(keys, lost))) {
      logger.warn(
        { job, run: runId, worker: workerId, retried: retry?.runId },
        `run settled as ${run.state}`,
      );
    }
  };

  const settleAll = async (
    range: Required<KeyRange>,
    isLost: (workerId: string, job: string, runId: string, key: string) => boolean,
  ): Promise<void> => {
    try {
      for await (const page of listPages(etcd, range)) {
        const lost = page.kvs.filter((kv) => {
          const [workerId = '', job = '', runId = ''] = keys.partsOf(kv.key);
          return isLost(workerId, job, runId, kv.key);
        });
        await Promise.all(lost.map(settle));
      }
    } catch (error) {
      logger.warn({ err: error }, 'lost runs not settled; the next sweep will');
    }
  };

  const sweep = async (): Promise<void> => {
    const own = ownId();
    if (own === undefined || stopped) return;
    const before = strangers;
    const seen = new Set<string>();
    strangers = seen;
    await settleAll(keys.actives, (workerId, job, runId, key) => {
      if (workerId !== own) return !peers.has(workerId) && !isInHand(job, runId);
      if (isKnown(job, runId)) return false;
      // What has just ended may still stand in the list: a stranger is one in two sweeps.
      seen.add(key);
      return before.has(key);
    });
  };

  const sweepLater = (): void => {
    timer = clock.setTimer(SWEEP_EVERY, () => {
      sweepLater();
      void sweep();
    });
  };

  sweepLater();
  return {
    workerGone(workerId) {
      if (stopped || ownId() === undefined || peers.heirOf(fnv1a(workerId)) !== ownId()) return;
      void settleAll(keys.activeOf(workerId), (_worker, job, runId) => !isInHand(job, runId));
    },
    sweep: () => void sweep(),
    stop() {
      stopped = true;
      timer?.cancel();
    },
  };
}
