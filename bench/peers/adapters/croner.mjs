// croner: timers in one process, nothing durable, nothing shared: with several workers each would run every job.
import { Cron } from 'croner';

export const finestS = 1;
export const isAlone = true;
export const cannot = { failover: 'it keeps nothing: what a process had under way is gone with it' };
export const settingsOf = () => 'one process, nothing durable';

export async function work({ jobs, cron, run, ended, tickNow }) {
  const start = (_, job) =>
    new Cron(cron, { timezone: 'UTC' }, () => {
      const tick = tickNow();
      run(job, tick);
      ended(job, tick);
    });
  return void Array.from({ length: jobs }, start);
}
