// What the address of the list of runs carries.
import { z } from 'zod';
import { runState } from '../../../../src/common/model/run.ts';

export const RUN_LISTS = ['active', 'running', 'armed', 'waiting', 'recent'] as const;
export type RunList = (typeof RUN_LISTS)[number];

/** What runs end as. */
export const ENDS = runState.exclude(['armed', 'running']).options;
/** `wrong`: whatever somebody has to look at. */
export const END_FILTERS = ['wrong', ...ENDS] as const;
export type EndFilter = (typeof END_FILTERS)[number];
const WRONG: readonly string[] = ['failed', 'timed_out', 'lost', 'missed'] satisfies readonly EndFilter[];

export const runsSearch = z.object({
  show: z.enum(RUN_LISTS).optional().catch(undefined),
  /** Of the recent ones. */
  state: z.enum(END_FILTERS).optional().catch(undefined),
  /** Part of a job's name or of a worker's id. */
  q: z.string().max(200).optional().catch(undefined),
});
export type RunsSearch = z.output<typeof runsSearch>;

export const isOfEnd = (state: string, filter: EndFilter | undefined): boolean =>
  filter === undefined || (filter === 'wrong' ? WRONG.includes(state) : state === filter);

/** `words` of a job's name or a worker's id, whatever the case. */
export function isFound({ job, worker = '' }: { job: string; worker?: string | undefined }, q = ''): boolean {
  const words = q.trim().toLowerCase();
  return words === '' || job.toLowerCase().includes(words) || worker.toLowerCase().includes(words);
}
