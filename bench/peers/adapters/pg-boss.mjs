// pg-boss: one schedule a queue, and each queue a table of its own: to create 10,000 would take a quarter of an hour,
// and each would be polled. So, as its users are advised (https://github.com/timgit/pg-boss/issues/430 and 287), one
// schedule, whose job adds all the others to a second queue.
import pg from 'pg';
import PgBoss from 'pg-boss';

const CLOCKWORK = 'clockwork';
const RUNS = 'runs';
/** https://timgit.github.io/pg-boss/#/api/workers: 2 s and 1 as they come; half a second is the least. */
const POLLING = { pollingIntervalSeconds: 0.5 };
const BATCH = 1_000;
const POLLERS = 4;
const POOL = 20;
/** https://timgit.github.io/pg-boss/#/api/constructor: 30 s and 5 s as they come; these are the least. */
const CRON = { cronMonitorIntervalSeconds: 1, cronWorkerIntervalSeconds: 1 };
const GRACE_MS = 1_000;

export const needs = 'postgres';
export const finestS = 60;
export const settingsOf = (scenario, _variant, taskMs) =>
  scenario === 'failover'
    ? `expireInSeconds ${expiryOf(taskMs)}, which is the longest that a task may take (15 minutes as it comes), maintenance each second; stop() on SIGTERM, with a second of grace`
    : `one schedule, whose job inserts the others; cronMonitorInterval and cronWorkerInterval 1 s, polled each 0.5 s, ${POLLERS} pollers a worker, batches of ${BATCH}`;

/** A job that is active for longer is failed and tried again, so it has to be more than a task takes. */
const expiryOf = (taskMs) => Math.ceil(taskMs / 1_000) + 5;

async function withBoss(url, body) {
  const boss = new PgBoss({ connectionString: url, schedule: false, supervise: false });
  boss.on('error', (error) => console.error(`pg-boss: ${error.message}`));
  await boss.start();
  try {
    await body(boss);
  } finally {
    await boss.stop({ graceful: false });
  }
}

export const register = ({ url, cron }) =>
  withBoss(url, async (boss) => {
    for (const queue of [CLOCKWORK, RUNS]) await boss.createQueue(queue);
    if (cron !== undefined) await boss.schedule(CLOCKWORK, cron.slice('0 '.length), {}, { tz: 'UTC' });
  });

export const enqueue = ({ url, job, taskMs }) =>
  withBoss(url, (boss) => boss.send(RUNS, { job }, { retryLimit: 3, expireInSeconds: expiryOf(taskMs) }));

export async function work({ url, jobs, slots, run, ended, complain, tickNow }) {
  const pool = new pg.Pool({ connectionString: url, max: POOL });
  pool.on('error', () => undefined);
  /** It tells nobody that it has recorded an end: seen by its statement, whose second value are the jobs. */
  const active = new Map();
  const executeSql = async (text, values) => {
    const result = await pool.query(text, values);
    if (text.includes("state = 'completed'")) {
      for (const id of values?.[1] ?? []) {
        if (active.has(id)) ended(active.get(id).job, active.get(id).tick);
        active.delete(id);
      }
    }
    return result;
  };
  const boss = new PgBoss({
    db: { executeSql },
    ...CRON,
    ...(slots !== undefined && { maintenanceIntervalSeconds: 1 }),
  });
  boss.on('error', complain);
  await boss.start();
  const pollers = [];
  for (let i = 0; i < (slots ?? POLLERS); i++) {
    const options = { ...POLLING, batchSize: slots === undefined ? BATCH : 1 };
    const poller = await boss.work(RUNS, options, async (batch) => {
      for (const { id, data } of batch) active.set(id, data);
      await Promise.all(batch.map(({ data }) => run(data.job, data.tick)));
    });
    pollers.push(poller);
  }
  await boss.work(CLOCKWORK, POLLING, async () => {
    const tick = tickNow();
    await boss.insert(Array.from({ length: jobs }, (_, job) => ({ name: RUNS, data: { job, tick } })));
    for (const poller of pollers) boss.notifyWorker(poller);
  });
  return () => boss.stop({ graceful: true, timeout: GRACE_MS, wait: true });
}
