// Takes a run that outlived its claim back into hand, under the worker's new id: so it is shown as running, can
// be killed, and is settled if the worker is lost again. It never takes its lock back.
import type { RunRecord } from '../common/model/run.ts';
import type { Revision } from '../common/store/etcd.ts';
import { adoptRun } from '../common/store/transactions/outlived.ts';
import { carryThrough } from './persist.ts';
import type { Membership, WorkerPorts } from './ports.ts';

/** It may be settled between two tries, and not more than once. */
const TRIES = 5;

/**
 * `run` as it will stand. False: not held under the new id, because the job is gone, the worker is lost
 * again, or etcd refused; the end is recorded all the same. Never rejects.
 */
export async function adoptOutlived(
  { keys, batcher, clock, logger }: WorkerPorts,
  run: RunRecord,
  { from, membership }: { readonly from: string; readonly membership: Membership },
): Promise<boolean> {
  const to = membership.workerId;
  const told = { job: run.job, run: run.id, from, to };
  let lostAt: Revision | undefined;
  try {
    for (let tries = 0; tries < TRIES; tries++) {
      const result = await carryThrough(adoptRun(keys, { run, from, to }, lostAt), {
        clock,
        submit: batcher.submit.bind(batcher),
        goesOn: () => membership.isValid(),
      });
      if (typeof result === 'object') {
        lostAt = result.lostAt;
        continue;
      }
      if (result === 'adopted') {
        logger.warn(told, 'a run that outlived its claim is held again, without its lock');
        return true;
      }
      logger.warn({ ...told, result }, 'a run that outlived its claim is not held again');
      return false;
    }
  } catch (error) {
    logger.warn({ ...told, err: error }, 'a run that outlived its claim is not held again');
  }
  return false;
}
