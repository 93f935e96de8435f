// BullMQ job schedulers: one scheduler a job, the queue in Redis.
import { Queue, Worker } from 'bullmq';

const QUEUE = 'bench';
const CONCURRENCY = 300;

export const needs = 'redis';
export const settings = `concurrency ${CONCURRENCY} a worker, removeOnComplete, one queue`;

const connectionTo = (url) => {
  const { hostname, port } = new URL(url);
  return { host: hostname, port: Number(port), maxRetriesPerRequest: null };
};

/** @returns {Promise<void>} when all jobs are registered, each due at every full minute */
export async function register({ url, jobs }) {
  const queue = new Queue(QUEUE, { connection: connectionTo(url) });
  const opts = { removeOnComplete: true, removeOnFail: true };
  let next = 0;
  const lane = async () => {
    while (next < jobs) {
      const job = next++;
      await queue.upsertJobScheduler(`job-${job}`, { pattern: '0 * * * * *' }, { data: { job }, opts });
    }
  };
  await Promise.all(Array.from({ length: 100 }, lane));
  await queue.close();
}

export async function work({ url, started, ended }) {
  const tickOf = (job) => job.opts.prevMillis;
  const worker = new Worker(QUEUE, async (job) => started(job.data.job, tickOf(job)), {
    connection: connectionTo(url),
    concurrency: CONCURRENCY,
  });
  worker.on('completed', (job) => ended(job.data.job, tickOf(job)));
  worker.on('error', (error) => console.error(`bullmq: ${error.message}`));
  await worker.waitUntilReady();
}
