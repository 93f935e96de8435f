// Routes of jobs.
import { invalidInput } from '../../common/api/problems.ts';
import { durationMs } from '../../common/model/duration.ts';
import { awaitEnd } from '../await-end.ts';
import { deleteJob } from '../intents/delete.ts';
import { createJob, pauseJob, putJob, type JobChanged, type JobDeps } from '../intents/jobs.ts';
import { runNow } from '../intents/run-now.ts';
import { claimsWithoutLock, killClaims, killJob } from '../intents/runs.ts';
import type { JobReader } from '../reads/jobs.ts';
import type { RunReader } from '../reads/runs.ts';
import { showClaim, showJob, showRun } from '../shown.ts';
import type { Views } from '../views/views.ts';
import { changeOf, etag, revisionsOf } from './job-answers.ts';
import type { Handlers } from './operations.ts';

type JobRoutes =
  | 'listJobs'
  | 'listJobNames'
  | 'listLabels'
  | 'createJob'
  | 'getJob'
  | 'putJob'
  | 'deleteJob'
  | 'pauseJob'
  | 'resumeJob'
  | 'runJob'
  | 'killJob';

export interface JobRouteDeps extends JobDeps {
  readonly views: Views;
  readonly jobs: JobReader;
  readonly runs: RunReader;
}

export function jobRoutes(deps: JobRouteDeps): Pick<Handlers, JobRoutes> {
  const { views } = deps;
  const changed = (change: JobChanged): JobChanged => {
    views.noteWrite(change.job.kv.modRevision);
    return change;
  };

  return {
    async listJobs({ query }) {
      return { status: 200, body: await deps.jobs.list(query) };
    },
    listJobNames: async ({ query }) => ({ status: 200, body: await deps.jobs.names(query) }),
    listLabels: async () => ({ status: 200, body: await deps.jobs.labels() }),
    async createJob({ body }, caller) {
      const change = changed(await createJob(deps, body, caller.name));
      const location = `/api/v1/jobs/${encodeURIComponent(change.job.record.definition.name)}`;
      return {
        status: 201,
        body: changeOf(change, views),
        headers: { ...etag(change.job.kv.modRevision), location },
      };
    },
    async getJob({ params, query }) {
      const job = await deps.jobs.get(params.job, query);
      return { status: 200, body: job, headers: etag(job.revisions.mod) };
    },
    async putJob({ params, headers, body }, caller) {
      if (body.name !== undefined && body.name !== params.job) {
        throw invalidInput([
          { path: 'name', message: `must be ${params.job} as in the path, or be left out` },
        ]);
      }
      const conditions = {
        ...revisionsOf(headers['if-match']),
        ...(headers['if-none-match'] && { mustBeNew: true }),
      };
      const change = changed(await putJob(deps, params.job, body, conditions, caller.name));
      return {
        status: change.previous ? 200 : 201,
        body: changeOf(change, views),
        headers: etag(change.job.kv.modRevision),
      };
    },
    async deleteJob({ params, headers, query }, caller) {
      const gone = await deleteJob(deps, params.job, revisionsOf(headers['if-match']), caller.name);
      views.noteWrite(gone.revision);
      const kill = { by: caller.name, reason: 'the job was deleted' };
      const held = [...gone.locks, ...claimsWithoutLock(deps, gone.locks, views.runs.of(params.job))];
      const killed = query.kill ? await killClaims(deps, params.job, held, kill) : [];
      const job = gone.job.record ? showJob(gone.job.kv, gone.job.record) : null;
      const ended = new Set(killed.map(({ run }) => run));
      const running = held.flatMap(({ record }) =>
        record && !ended.has(record.runId) ? [showClaim(record)] : [],
      );
      return { status: 200, body: { job, started: [...gone.started], killed, running } };
    },
    async pauseJob({ params }, caller) {
      const change = changed(await pauseJob(deps, params.job, true, caller.name));
      return { status: 200, body: changeOf(change, views), headers: etag(change.job.kv.modRevision) };
    },
    async resumeJob({ params }, caller) {
      const change = changed(await pauseJob(deps, params.job, false, caller.name));
      return { status: 200, body: changeOf(change, views), headers: etag(change.job.kv.modRevision) };
    },
    async runJob({ params, query, body }, caller) {
      const wish = {
        by: caller.name,
        queue: query.queue,
        worker: query.worker,
        env: body?.env,
        payload: body?.payload,
      };
      const workers = () => views.workers.list().map(({ record }) => record);
      const { runs: asked, revision, hint } = await runNow(deps, params.job, wish, workers);
      if (query.wait !== undefined) {
        const timeout = durationMs(query.wait)!;
        const { signal } = caller;
        await Promise.all(
          asked.map(({ runId }) =>
            awaitEnd(deps, { job: params.job, runId, after: revision, timeout, signal }),
          ),
        );
      }
      const runs = await Promise.all(
        asked.map(async ({ runId, worker }) => {
          const record = await deps.runs.find(params.job, runId);
          return {
            run: runId,
            ...(worker !== undefined && { worker }),
            record: record ? showRun(record) : null,
          };
        }),
      );
      const { run, record } = runs[0]!;
      if (record !== null && runs.every((each) => each.record?.endedAt !== undefined))
        return { status: 200, body: { run, record, runs } };
      return { status: 202, body: { run, record, runs, ...(hint !== undefined && { hint }) } };
    },
    async killJob({ params, body }, caller) {
      const kill = { by: caller.name, reason: body?.reason };
      const killed = await killJob(deps, params.job, kill, (job) => views.runs.of(job));
      return { status: 202, body: { killed } };
    },
  };
}
