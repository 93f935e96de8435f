// Settles what dead workers left: each of their runs ends as lost, and is tried again elsewhere when it has
// attempts left. Racing settlers do no harm; a worker that lives is never settled: the transaction asks.
import { lostRun } from '../common/core/lifecycle.ts';
import { fnv1a } from '../common/core/hash.ts';
import type { Timer } from '../common/core/clock.ts';
import type { Millis } from '../common/model/time.ts';
import type { KeyValue } from '../common/store/etcd.ts';
import { codecs } from '../common/store/keyspace.ts';
import { listPages } from '../common/store/queries.ts';
import { settleLost } from '../common/store/transactions/endings.ts';
import { retryElsewhere } from './dispatcher.ts';
import type { JobTable } from './job-table.ts';
import type { Peers } from './peers.ts';
import type { WorkerPorts } from './ports.ts';

const SWEEP_EVERY: Millis = 30_000;

export interface Settler {
  /** A registration is gone. */
  workerGone(workerId: string): void;
  stop(): void;
}

export function startSettler(
  ports: WorkerPorts,
  table: JobTable,
  peers: Peers,
  ownId: () => string | undefined,
): Settler {
  const { etcd, keys, batcher, clock, logger } = ports;
  const reported = new Set<string>();
  let stopped = false;
  let timer: Timer | undefined;

  const settle = async (kv: KeyValue): Promise<void> => {
    const [workerId = '', job = '', runId = ''] = keys.partsOf(kv.key);
    const decoded = codecs.run.decode(kv.value);
    if (!decoded.ok) {
      if (!reported.has(kv.key))
        logger.error(
          { key: kv.key, reason: decoded.error },
          'run of a dead worker passed over: it does not parse',
        );
      reported.add(kv.key);
      return;
    }
    // The claim wrote lock and active record at once: its revision is the fencing token.
    const run = { ...lostRun(decoded.value, clock.now()), fencingToken: kv.createRevision };
    const entry = table.get(job);
    const limit = (entry && table.recordOf(entry)?.definition.retry.limit) ?? 0;
    const retry = retryElsewhere(run, limit, clock.now(), ports.randomSuffix());
    const lost = { workerId, run, activeRevision: kv.modRevision, ...(retry ? { retry } : {}) };
    if (await batcher.submit(settleLost(keys, lost))) {
      logger.warn(
        { job, run: runId, worker: workerId, retried: retry?.runId },
        'run of a dead worker settled as lost',
      );
    }
  };

  const settleAll = async (
    range: { key: string; rangeEnd: string },
    dead: (workerId: string) => boolean,
  ): Promise<void> => {
    try {
      for await (const page of listPages(etcd, range)) {
        await Promise.all(page.kvs.filter((kv) => dead(keys.partsOf(kv.key)[0] ?? '')).map(settle));
      }
    } catch (error) {
      logger.warn({ err: error }, 'runs of dead workers not settled; the next sweep will');
    }
  };

  const sweep = (): void => {
    timer = clock.setTimer(SWEEP_EVERY, sweep);
    if (ownId() !== undefined) void settleAll(keys.actives, (workerId) => !peers.has(workerId));
  };

  timer = clock.setTimer(SWEEP_EVERY, sweep);
  return {
    workerGone(workerId) {
      if (stopped || peers.heirOf(fnv1a(workerId)) !== ownId()) return;
      void settleAll(keys.activeOf(workerId), () => true);
    },
    stop() {
      stopped = true;
      timer?.cancel();
    },
  };
}
