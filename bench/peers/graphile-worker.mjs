// graphile-worker's crontab: one item a job, which adds a row to its queue in PostgreSQL at each tick.
import { Logger, parseCronItems, run, runMigrations } from 'graphile-worker';

const CONCURRENCY = 50;

export const needs = 'postgres';
export const settings = `concurrentJobs and pool ${CONCURRENCY} a worker, localQueue 500, completeJobBatchDelay 0`;

export async function register({ url }) {
  // The crontab belongs to the workers; only the tables have to be there.
  await runMigrations({ connectionString: url });
}

export async function work({ url, jobs, started, ended }) {
  const tickOf = (payload) => Date.parse(payload['_cron'].ts);
  const runner = await run({
    connectionString: url,
    noHandleSignals: true,
    // It logs a line for each task that ends, which would be measured.
    logger: new Logger(() => () => undefined),
    taskList: { bench: (payload) => started(payload.job, tickOf(payload)) },
    parsedCronItems: parseCronItems(
      Array.from({ length: jobs }, (_, job) => ({
        task: 'bench',
        match: '* * * * *',
        identifier: `job-${job}`,
        payload: { job },
      })),
    ),
    preset: {
      worker: {
        concurrentJobs: CONCURRENCY,
        maxPoolSize: CONCURRENCY,
        localQueue: { size: 500 },
        completeJobBatchDelay: 0,
        failJobBatchDelay: 0,
      },
    },
  });
  runner.events.on('job:complete', ({ job }) => ended(job.payload.job, tickOf(job.payload)));
}
