// Jobs that no registered worker matches, whatever its state: who drains or loads is waited for. Said of each
// job when it is shown, and of all of them together.
import type { Warning } from '../../common/api/cluster.ts';
import type { JobDetail } from '../../common/api/jobs.ts';
import { labelsMatch, labelsText } from '../../common/core/labels.ts';
import type { WantedLabels } from '../../common/model/job.ts';
import type { Views } from '../views/views.ts';

/** Different wishes named in one warning. */
const NAMED = 5;

const isMet = (wanted: WantedLabels | undefined, { workers }: Views): boolean =>
  workers.list().some(({ record }) => labelsMatch(wanted, record.labels));

/** The field of a job's view; nothing when a worker matches. */
export function unschedulable(
  wanted: JobDetail['definition']['workers']['labels'],
  views: Views,
): Pick<JobDetail, 'unschedulable'> {
  if (isMet(wanted, views)) return {};
  const reason =
    wanted === undefined
      ? 'no worker is registered'
      : `no worker is registered with the labels ${labelsText(wanted)}`;
  return { unschedulable: { reason, labels: wanted ?? {} } };
}

/** Paused jobs want nothing at the moment. */
export function unmatchedWarnings(views: Views): Warning[] {
  // That there is none at all is another warning.
  if (views.workers.size === 0) return [];
  const unmet = views.jobs.wishes().filter(({ labels }) => !isMet(labels, views));
  if (unmet.length === 0) return [];
  const jobs = unmet.reduce((sum, each) => sum + each.jobs, 0);
  const named = unmet.slice(0, NAMED).map((each) => `${labelsText(each.labels)} (${each.jobs})`);
  const more = unmet.length > NAMED ? `; and ${unmet.length - NAMED} more` : '';
  return [
    {
      code: 'unmatched_jobs',
      message: `${jobs} job${jobs === 1 ? '' : 's'} cannot run, for no worker has the labels: ${named.join('; ')}${more}`,
    },
  ];
}
