// What the address of the list of runs carries.
import { z } from 'zod';

export const RUN_LISTS = ['active', 'running', 'armed', 'waiting'] as const;
export type RunList = (typeof RUN_LISTS)[number];

export const runsSearch = z.object({
  show: z.enum(RUN_LISTS).optional().catch(undefined),
  /** Part of a job's name or of a worker's id. */
  q: z.string().max(200).optional().catch(undefined),
});
