// graphile-worker's crontab: one item a job, which adds a row to its queue in PostgreSQL at each tick.
import { Logger, makeWorkerUtils, parseCronItems, run as startRunner, runMigrations } from 'graphile-worker';

/** https://worker.graphile.org/docs/performance and https://worker.graphile.org/docs/config */
const CONCURRENCY = 50;
const QUEUE_SIZE = 500;

export const needs = 'postgres';
/** https://worker.graphile.org/docs/cron: five fields. */
export const finestS = 60;
export const settingsOf = (scenario) =>
  scenario === 'failover'
    ? 'gracefulShutdownAbortTimeout 1 s; what a killed worker had locked is released after 4 hours'
    : `concurrentJobs and pool ${CONCURRENCY} a worker, localQueue ${QUEUE_SIZE}, completeJobBatchDelay 0`;

/** The crontab belongs to the workers; only the tables have to be there. */
export const register = ({ url }) => runMigrations({ connectionString: url });

export async function enqueue({ url, job }) {
  const utils = await makeWorkerUtils({ connectionString: url });
  await utils.addJob('bench', { job });
  await utils.release();
}

export async function work({ url, jobs, cron, slots, run, ended }) {
  const tickOf = (payload) => Date.parse(payload['_cron']?.ts);
  const items = (match) =>
    Array.from({ length: jobs }, (_, job) => ({
      task: 'bench',
      match,
      identifier: `job-${job}`,
      payload: { job },
    }));
  const runner = await startRunner({
    connectionString: url,
    noHandleSignals: true,
    // It logs a line for each task that ends, which would be measured.
    logger: new Logger(() => () => undefined),
    taskList: { bench: (payload, helpers) => run(payload.job, tickOf(payload), helpers.abortSignal) },
    parsedCronItems: parseCronItems(cron === undefined ? [] : items(cron.slice('0 '.length))),
    preset: {
      worker: {
        concurrentJobs: slots ?? CONCURRENCY,
        maxPoolSize: CONCURRENCY,
        // What a killed worker holds beyond its tasks is of no interest here.
        ...(slots === undefined && { localQueue: { size: QUEUE_SIZE } }),
        completeJobBatchDelay: 0,
        failJobBatchDelay: 0,
        gracefulShutdownAbortTimeout: 1_000,
      },
    },
  });
  runner.events.on('job:complete', ({ job }) => ended(job.payload.job, tickOf(job.payload)));
  return () => runner.stop();
}
