// node-cron: timers in one process, nothing durable, nothing shared: with several workers each would run every job.
import { schedule } from 'node-cron';

export const needs = undefined;
export const settings = 'one process, nothing durable';

export const register = async () => undefined;

export async function work({ jobs, started, ended, nearestTick }) {
  for (let job = 0; job < jobs; job++) {
    schedule(
      '0 * * * * *',
      () => {
        const tick = nearestTick();
        started(job, tick);
        ended(job, tick);
      },
      { timezone: 'UTC' },
    );
  }
}
