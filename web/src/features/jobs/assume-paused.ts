// Jobs that were just paused or resumed, in the list, before the master has answered.
import type { QueryClient } from '@tanstack/react-query';
import type { JobSummary } from '../../../../src/common/api/jobs.ts';
import { assume, type Assumption } from '../../lib/assume.ts';

/** When one of them ticks next is told by the master. */
export function assumePaused(client: QueryClient, names: ReadonlySet<string>, paused: boolean): Assumption {
  const change = (job: JobSummary): JobSummary =>
    !names.has(job.name) || job.state === 'broken'
      ? job
      : { ...job, paused, state: job.running > 0 ? job.state : paused ? 'paused' : 'active' };
  return assume(client, 'listJobs', (page) => ({ ...page, items: page.items.map(change) }));
}
