// Jobs that no registered worker matches, whatever its state: who drains or loads is waited for. Said of each
// job when it is shown, and of all of them together.
import type { Warning } from '../../common/api/cluster.ts';
import type { JobDetail } from '../../common/api/jobs.ts';
import { mayRun, missing, wishOf } from '../../common/core/eligible.ts';
import type { JobDefinition } from '../../common/model/job.ts';
import type { Views } from '../views/views.ts';

/** Different things that are missing, named in one warning. */
const NAMED = 5;

/** The field of a job's view; nothing when a worker matches. */
export function unschedulable(
  definition: Pick<JobDefinition, 'workers' | 'task'>,
  { workers }: Views,
): Pick<JobDetail, 'unschedulable'> {
  const wish = wishOf(definition);
  const records = workers.records();
  if (records.some((worker) => mayRun(wish, worker))) return {};
  const reason = `no worker is registered${missing(wish, records)}`;
  return { unschedulable: { reason, labels: wish.labels ?? {} } };
}

/** Paused jobs want nothing at the moment. */
export function unmatchedWarnings(views: Views): Warning[] {
  // That there is none at all is another warning.
  if (views.workers.size === 0) return [];
  const records = views.workers.records();
  const unmet = new Map<string, number>();
  for (const wish of views.jobs.wishes()) {
    if (records.some((worker) => mayRun(wish, worker))) continue;
    const which = missing(wish, records).trimStart();
    unmet.set(which, (unmet.get(which) ?? 0) + wish.jobs);
  }
  if (unmet.size === 0) return [];
  const all = [...unmet];
  const jobs = all.reduce((sum, [, count]) => sum + count, 0);
  const named = all.slice(0, NAMED).map(([which, count]) => `${which} (${count})`);
  const more = all.length > NAMED ? `; and ${all.length - NAMED} more` : '';
  return [
    {
      code: 'unmatched_jobs',
      message: `${jobs} job${jobs === 1 ? '' : 's'} cannot run, for there is no worker ${named.join('; ')}${more}`,
    },
  ];
}
