// What answers about a job have in common: its ETag, the conditions on it, and a change as it is told.
import type { JobChange } from '../../common/api/jobs.ts';
import { invalidInput } from '../../common/api/problems.ts';
import type { JobDefinition } from '../../common/model/job.ts';
import type { Revision } from '../../common/store/etcd.ts';
import type { Conditions, JobChanged } from '../intents/jobs.ts';
import { unschedulable } from '../reads/unmatched.ts';
import { showJob } from '../shown.ts';
import type { Views } from '../views/views.ts';

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

export const changeOf = ({ job, previous, started }: JobChanged, views: Views): JobChange => ({
  job: showJob(job.kv, job.record),
  previous: previous?.record ? showJob(previous.kv, previous.record) : null,
  started: [...started],
  ...hintFor(job.record.definition, views),
});

/** A paused job wants no worker at the moment; and a master that has just started does not know them yet. */
function hintFor(definition: JobDefinition, views: Views): Pick<JobChange, 'hint'> {
  if (definition.paused || !views.isFresh) return {};
  const nobody = unschedulable(definition, views).unschedulable;
  if (nobody === undefined) return {};
  return {
    hint: `${nobody.reason}. Until one is, nothing runs the job: its ticks wait as long as catchUp lets them, and are then recorded as missed`,
  };
}
