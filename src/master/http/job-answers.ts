// What answers about a job have in common: its ETag, the conditions on it, and a change as it is told.
import type { JobChange } from '../../common/api/jobs.ts';
import { invalidInput } from '../../common/api/problems.ts';
import type { Revision } from '../../common/store/etcd.ts';
import type { Conditions, JobChanged } from '../intents/jobs.ts';
import { showJob } from '../shown.ts';

export const etag = (revision: Revision) => ({ etag: `"${revision}"` });

/** `"12", W/"13"` -> [12, 13]; what is no revision of ours matches nothing. */
export function revisionsOf(header: string | undefined): Pick<Conditions, 'ifMatch'> {
  if (header === undefined) return {};
  if (header.trim() === '*') return { ifMatch: 'any' };
  const revisions = header.split(',').map((tag) => Number(/^\s*"(\d{1,16})"\s*$/.exec(tag)?.[1] ?? NaN));
  if (revisions.some(Number.isNaN)) {
    throw invalidInput([
      { path: 'if-match', message: 'must be ETags as they were given, such as "42", or *' },
    ]);
  }
  return { ifMatch: revisions };
}

export const changeOf = ({ job, previous, started }: JobChanged): JobChange => ({
  job: showJob(job.kv, job.record),
  previous: previous?.record ? showJob(previous.kv, previous.record) : null,
  started: [...started],
});
