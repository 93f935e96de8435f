// What the address of the page for a new job carries.
import { z } from 'zod';

export const newJobSearch = z.object({
  /** A job to be copied. */
  from: z.string().max(128).optional().catch(undefined),
  template: z.enum(['shell', 'exec', 'http', 'handler']).optional().catch(undefined),
});
