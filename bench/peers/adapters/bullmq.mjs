// BullMQ: a job scheduler for each job, the queue in Redis.
import { Queue, Worker } from 'bullmq';
import { inLanes } from '../lanes.mjs';

const QUEUE = 'bench';
/** "What's a good concurrency": https://docs.bullmq.io/guide/workers/concurrency; tasks here wait for nothing. */
const CONCURRENCY = 300;
/** https://docs.bullmq.io/guide/jobs/stalled: both are 30 s as they come. */
const SHORT_LOCKS = { lockDuration: 10_000, stalledInterval: 5_000 };
const GRACE_MS = 1_000;
/** https://docs.bullmq.io/guide/queues/auto-removal-of-jobs */
const OPTIONS = { removeOnComplete: true, removeOnFail: true };

export const needs = 'redis';
export const finestS = 1;
export const herdPeriodS = 20;
export const settingsOf = (scenario, variant) =>
  scenario === 'failover'
    ? `attempts 3, ${variant === 'tuned' ? 'lockDuration 10 s, stalledInterval 5 s' : 'lockDuration and stalledInterval as they come, 30 s'}; close() on SIGTERM, and cancelAllJobs() a second later`
    : `concurrency ${CONCURRENCY} a worker, removeOnComplete, one queue`;

const connectionTo = (url) => {
  const { hostname, port } = new URL(url);
  return { host: hostname, port: Number(port), maxRetriesPerRequest: null };
};

async function withQueue(url, body) {
  const queue = new Queue(QUEUE, { connection: connectionTo(url) });
  try {
    await body(queue);
  } finally {
    await queue.close();
  }
}

/** https://docs.bullmq.io/guide/job-schedulers */
export const register = ({ url, jobs, cron }) =>
  withQueue(url, async (queue) => {
    if (cron === undefined) return;
    const repeat = { pattern: cron, tz: 'UTC' };
    await inLanes(jobs, 100, (job) =>
      queue.upsertJobScheduler(`job-${job}`, repeat, { data: { job }, opts: OPTIONS }),
    );
  });

export const enqueue = ({ url, job }) =>
  withQueue(url, (queue) => queue.add('run', { job }, { ...OPTIONS, attempts: 3 }));

export async function work({ url, scenario, variant, slots, run, ended, complain }) {
  const tickOf = (job) => job.opts.prevMillis ?? job.timestamp;
  // That it takes the signal is told by its three parameters: https://docs.bullmq.io/guide/workers/cancelling-jobs
  const worker = new Worker(QUEUE, async (job, _token, signal) => run(job.data.job, tickOf(job), signal), {
    connection: connectionTo(url),
    concurrency: slots ?? CONCURRENCY,
    ...(scenario === 'failover' && variant === 'tuned' && SHORT_LOCKS),
  });
  worker.on('completed', (job) => ended(job.data.job, tickOf(job)));
  worker.on('error', complain);
  await worker.waitUntilReady();
  // https://docs.bullmq.io/guide/workers/graceful-shutdown: close() waits for tasks without end.
  return async () => {
    setTimeout(() => worker.cancelAllJobs('the worker shuts down'), GRACE_MS);
    await worker.close();
  };
}
