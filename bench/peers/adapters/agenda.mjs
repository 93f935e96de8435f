// agenda on PostgreSQL, its own backend: a row for each job, which is locked, run, and given its next time.
import { Agenda } from 'agenda';
import { PostgresBackend } from '@agendajs/postgres-backend';
import pg from 'pg';
import { inLanes } from '../lanes.mjs';

const NAME = 'bench';
/** https://github.com/agenda/agenda/blob/main/packages/agenda/README.md: 5, 20, and no limit, as they come. */
const AT_ONCE = 1_000;
const LOCKED = 0;
const POOL = 20;
/**
 * 5 s as it comes; jobs that come due within it are locked ahead and wait for their time in the worker. Long for a herd
 * (30 s is the README's example), so that most of it is locked when it is due; short where a job is due again soon.
 */
const processEvery = (scenario) => (scenario === 'herd' ? 30_000 : 250);
/** 10 minutes as it comes; the task renews it by touch(), as is documented for long tasks. */
const LOCK_MS = 10_000;
const GRACE_MS = 1_000;

export const needs = 'postgres';
export const finestS = 1;
/** Longer than processEvery. */
export const herdPeriodS = 60;
export const settingsOf = (scenario) =>
  scenario === 'failover'
    ? 'lockLifetime 10 s (10 minutes as it comes), renewed by touch(), processEvery 0.25 s; drain() of a second on SIGTERM'
    : `concurrency ${AT_ONCE}, no lockLimit, processEvery ${processEvery(scenario) / 1_000} s, pool ${POOL} a worker, without notifications`;

const poolOf = (url) => new pg.Pool({ connectionString: url, max: POOL }).on('error', () => undefined);

const agendaOn = (pool, ensureSchema, options) =>
  new Agenda({
    // Each run would tell all workers of its start and of its end.
    backend: new PostgresBackend({ pool, ensureSchema, disableNotifications: true }),
    ...options,
  });

async function withAgenda(url, body) {
  // Its own pool would stay open: what was never started is not stopped.
  const pool = poolOf(url);
  try {
    const agenda = agendaOn(pool, true);
    await agenda.ready;
    await body(agenda);
  } finally {
    await pool.end();
  }
}

export const register = ({ url, jobs, cron }) =>
  withAgenda(url, async (agenda) => {
    if (cron === undefined) return;
    await inLanes(jobs, POOL, (job) =>
      agenda.create(NAME, { job }).repeatEvery(cron, { timezone: 'UTC' }).save(),
    );
  });

export const enqueue = ({ url, job }) => withAgenda(url, (agenda) => agenda.now(NAME, { job }));

export async function work({ url, scenario, slots, taskMs, run, ended, complain }) {
  const agenda = agendaOn(poolOf(url), false, {
    processEvery: processEvery(scenario),
    maxConcurrency: slots ?? AT_ONCE,
  });
  // When a job runs, its row has its next time already: which tick it is was in the row that was locked.
  const ticks = new Map();
  await agenda.ready;
  const lock = agenda.db.getNextJobToRun.bind(agenda.db);
  agenda.db.getNextJobToRun = async (...args) => {
    const row = await lock(...args);
    if (row) ticks.set(row['_id'], row.nextRunAt?.getTime());
    return row;
  };
  const tickOf = (job) => ticks.get(job.attrs['_id']);
  const touching = async (job) => {
    const timer = setInterval(() => void job.touch().catch(() => undefined), LOCK_MS / 3);
    await run(job.attrs.data.job, tickOf(job)).finally(() => clearInterval(timer));
  };
  const task = (job) => run(job.attrs.data.job, tickOf(job));
  agenda.define(NAME, taskMs > 0 ? touching : task, {
    concurrency: slots ?? AT_ONCE,
    lockLimit: slots ?? LOCKED,
    ...(taskMs > 0 && { lockLifetime: LOCK_MS }),
  });
  agenda.on('complete', (job) => ended(job.attrs.data.job, tickOf(job)));
  agenda.on('error', complain);
  await agenda.start();
  return () => agenda.drain(GRACE_MS);
}
