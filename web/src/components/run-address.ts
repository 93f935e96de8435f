// Where runs are shown.

/** For a link to a run, or a navigation there. */
export const runPlace = (job: string, run: string) =>
  ({ to: '/jobs/$job/runs/$run', params: { job, run } }) as const;
