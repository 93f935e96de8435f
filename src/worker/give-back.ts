// Gives an armed run back in etcd, as if it had never been claimed, however long etcd is away. Called only for a run that
// can't start any more.
import { EtcdError } from '../common/store/etcd.ts';
import { codecs } from '../common/store/keyspace.ts';
import { releaseRun, type ReleaseResult } from '../common/store/transactions/claims.ts';
import { releaseOf, type Assignment } from './assignment.ts';
import { carryThrough, type Persistence } from './persist.ts';
import type { WorkerPorts } from './ports.ts';

/** Never rejects. undefined: it could not be told, and others will settle the run. */
export async function giveBack(
  { clock, keys, logger }: Pick<WorkerPorts, 'clock' | 'keys' | 'logger'>,
  assignment: Assignment,
  how: {
    readonly why: string;
    readonly leaseLost: boolean;
    readonly leaves: boolean;
    readonly through: Persistence;
  },
): Promise<ReleaseResult | undefined> {
  const { run, trigger } = assignment;
  logger.debug({ job: run.job, run: run.id, why: how.why }, 'armed run given back');
  const text = trigger && codecs.trigger.encode(trigger);
  const releaseAs = (leaseLost: boolean): Promise<ReleaseResult> =>
    carryThrough(
      releaseRun(keys, { ...releaseOf(assignment, text, clock.now()), leaseLost, leaves: how.leaves }),
      how.through,
    );
  try {
    try {
      return await releaseAs(how.leaseLost);
    } catch (error) {
      // Of `mode: all`, whose cursor is put back under the lease.
      if (!(error instanceof EtcdError) || error.kind !== 'lease_not_found') throw error;
      return await releaseAs(true);
    }
  } catch (error) {
    logger.error(
      { err: error, job: run.job, run: run.id },
      'an armed run could not be given back; others will settle it',
    );
    return undefined;
  }
}
