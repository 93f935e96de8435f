// croner: timers in one process, nothing durable, nothing shared: with several workers each would run every job.
import { Cron } from 'croner';

export const needs = undefined;
export const settings = 'one process, nothing durable';

export const register = async () => undefined;

export async function work({ jobs, started, ended, nearestTick }) {
  return Array.from(
    { length: jobs },
    (_, job) =>
      new Cron('0 * * * * *', { timezone: 'UTC' }, () => {
        const tick = nearestTick();
        started(job, tick);
        ended(job, tick);
      }),
  );
}
