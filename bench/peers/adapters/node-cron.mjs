// node-cron: timers in one process, nothing durable, nothing shared: with several workers each would run every job.
import { schedule } from 'node-cron';

export { cannot, finestS, isAlone, settingsOf } from './croner.mjs';

export async function work({ jobs, cron, run, ended, tickNow }) {
  for (let job = 0; job < jobs; job++) {
    schedule(
      cron,
      () => {
        const tick = tickNow();
        run(job, tick);
        ended(job, tick);
      },
      { timezone: 'UTC' },
    );
  }
}
