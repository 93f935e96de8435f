// What the address of a job carries: which of its parts is open, and of the calendar the day.
import { z } from 'zod';

export const JOB_TABS = ['runs', 'ticks', 'definition', 'versions'] as const;
export type JobTab = (typeof JOB_TABS)[number];

const search = z.object({
  tab: z.enum(JOB_TABS).optional().catch(undefined),
  day: z.iso.date().optional().catch(undefined),
});
export type JobSearch = z.output<typeof search>;

/** What is left out is there as undefined: the router would keep what was given instead. */
export const parseJobSearch = (given: Record<string, unknown>): JobSearch => search.parse(given);
