// Jobs that were just paused or resumed, in the list, before the master has answered.
import type { InfiniteData, QueryClient } from '@tanstack/react-query';
import type { JobSummary } from '../../../../src/common/api/jobs.ts';
import type { Body } from '../../lib/api.ts';

type Page = Body<'listJobs'>;
type Known = Page | InfiniteData<Page>;

/** When one of them ticks next is told by the master. Returns what has all asked for again. */
export function assumePaused(client: QueryClient, names: ReadonlySet<string>, paused: boolean): () => void {
  const filter = { queryKey: ['listJobs'] };
  const change = (job: JobSummary): JobSummary =>
    !names.has(job.name) || job.state === 'broken'
      ? job
      : { ...job, paused, state: job.running > 0 ? job.state : paused ? 'paused' : 'active' };
  const changed = (page: Page): Page => ({ ...page, items: page.items.map(change) });
  // An answer that is on its way tells what was before.
  void client.cancelQueries(filter);
  for (const [queryKey, old] of client.getQueriesData<Known>(filter))
    if (old !== undefined)
      client.setQueryData(
        queryKey,
        'pages' in old ? { ...old, pages: old.pages.map(changed) } : changed(old),
      );
  return () => void client.invalidateQueries(filter);
}
