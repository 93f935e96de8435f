// Runs: what happened, and what is happening.
import { z } from 'zod';
import { operation } from './operation.ts';
import { pageOf, paging } from './paging.ts';
import { API, flag, jobParams, runParams, runRef, runView, shownRunState } from './values.ts';

export const runOperations = {
  listRunsOfJob: operation({
    method: 'GET',
    path: `${API}/jobs/{job}/runs`,
    tag: 'runs',
    summary: 'List the runs of a job, newest first',
    params: jobParams,
    query: z.strictObject({ state: shownRunState.optional(), ...paging }),
    answers: { 200: pageOf(runView) },
    problems: ['job_not_found'],
  }),
  getRun: operation({
    method: 'GET',
    path: `${API}/jobs/{job}/runs/{run}`,
    tag: 'runs',
    summary: 'Read a run',
    params: runParams,
    answers: { 200: runView },
    problems: ['run_not_found'],
  }),
  killRun: operation({
    method: 'POST',
    path: `${API}/jobs/{job}/runs/{run}/kill`,
    tag: 'runs',
    summary: 'Kill a run',
    params: runParams,
    body: z.strictObject({ reason: z.string().max(500).optional() }).optional(),
    answers: { 202: z.strictObject({ killed: z.array(runRef) }) },
    problems: ['run_not_found', 'run_ended'],
  }),
  getRunOutput: operation({
    method: 'GET',
    path: `${API}/jobs/{job}/runs/{run}/output`,
    tag: 'runs',
    summary: 'Read what a run printed',
    description:
      'The whole output, from the worker that ran it. When that worker is gone, the last few KiB that etcd keeps; the header `etcron-output` says which (`worker` or `tail`), and so does a closing line.',
    params: runParams,
    query: z.strictObject({ follow: flag.meta({ description: 'Go on until the run ends' }) }),
    answers: { 200: { text: 'text/plain', description: 'stdout and stderr as they came' } },
    problems: ['run_not_found', 'output_not_found', 'too_many_streams'],
  }),
  listRuns: operation({
    method: 'GET',
    path: `${API}/runs`,
    tag: 'runs',
    summary: 'List the runs of all jobs that hold a claim',
    description: 'With `state=waiting` those that were asked for and that no worker has taken, by job.',
    query: z.strictObject({ state: z.enum(['armed', 'running', 'waiting']).optional(), ...paging }),
    answers: { 200: pageOf(runView) },
  }),
};
