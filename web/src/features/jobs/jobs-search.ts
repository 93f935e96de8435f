// What the address of the list of jobs carries: the search, the filters and the order, so that a view can be kept
// and sent to others. What is not understood is left out.
import { z } from 'zod';
import { JOB_FILTERS, JOB_SORTS, type JobFilterState } from '../../../../src/common/api/jobs.ts';
import type { Given } from '../../lib/api.ts';

const LONGEST = 200;
/** Jobs a page: what fills a large screen twice, and is read in a few milliseconds. */
export const PAGE = 50;

const isFilter = (text: string): text is JobFilterState => (JOB_FILTERS as readonly string[]).includes(text);
const list = z.coerce.string().transform((text) => text.split(',').filter((each) => each !== ''));
/** Nothing instead of an empty list: the address stays short. */
const some = <T>(items: readonly T[]): string | undefined => (items.length > 0 ? items.join(',') : undefined);

const search = z.object({
  q: z.coerce
    .string()
    .transform((text) => text.slice(0, LONGEST) || undefined)
    .optional()
    .catch(undefined),
  state: list
    .transform((states) => some(states.filter(isFilter)))
    .optional()
    .catch(undefined),
  label: list.transform(some).optional().catch(undefined),
  sort: z.enum(JOB_SORTS).optional().catch(undefined),
  order: z.enum(['asc', 'desc']).optional().catch(undefined),
});
export type JobsSearch = z.output<typeof search>;

/** What is left out is there as undefined: the router would keep what was given instead. */
export const parseJobsSearch = (given: Record<string, unknown>): JobsSearch => search.parse(given);

export const statesOf = ({ state }: Pick<JobsSearch, 'state'>): readonly JobFilterState[] =>
  (state ?? '').split(',').filter(isFilter);
export const labelsOf = ({ label }: Pick<JobsSearch, 'label'>): readonly string[] =>
  (label ?? '').split(',').filter((each) => each !== '');

export const withStates = (states: readonly JobFilterState[]): Pick<JobsSearch, 'state'> => ({
  state: some(states),
});
export const withLabels = (labels: readonly string[]): Pick<JobsSearch, 'label'> => ({ label: some(labels) });

/** Which jobs, as the API is asked. */
export const filterGiven = ({ q, state, label }: JobsSearch) => ({
  ...(q !== undefined && { q }),
  ...(state !== undefined && { state }),
  ...(label !== undefined && { label }),
});

/** The same jobs, in the order of the list. */
export const namesGiven = (wanted: JobsSearch) =>
  ({ ...filterGiven(wanted), sort: wanted.sort ?? 'name', order: wanted.order ?? 'asc' }) as const;

/** The pages of the list, with the runs of the strips. */
export const listGiven = (wanted: JobsSearch) =>
  ({
    query: {
      ...namesGiven(wanted),
      include: 'recent',
      limit: PAGE,
    },
  }) as const satisfies Given<'listJobs'>;

export const isNarrowed = ({ q, state, label }: JobsSearch): boolean =>
  q !== undefined || state !== undefined || label !== undefined;
