// Runs: what happened, and what is happening.
import { z } from 'zod';
import { WORKER_ID } from '../model/ids.ts';
import { operation } from './operation.ts';
import { pageOf, paging } from './paging.ts';
import { API, flag, jobParams, runParams, runRef, runView, shownRunState } from './values.ts';

/** Of an output in one answer, when a part is asked for. */
export const MOST_RANGE = 64 * 1024 * 1024;

const bytes = (least: number, most: number) => z.coerce.number().int().min(least).max(most).optional();

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
      'The whole output, or a part, byte for byte, from the worker that ran it. The header `etcron-output-offset` tells where what is sent begins, `etcron-output-size` how long the output was when it was asked for; without them the worker is of an older version, and all of it comes. When that worker is gone, whatever part is asked for, the last few KiB that etcd keeps; the header `etcron-output` says which (`worker` or `tail`), and so does a closing line.',
    params: runParams,
    query: z.strictObject({
      follow: flag.meta({ description: 'Go on until the run ends' }),
      offset: bytes(0, Number.MAX_SAFE_INTEGER).meta({ description: 'From this byte on' }),
      limit: bytes(1, MOST_RANGE).meta({ description: 'At most so many bytes; not with `follow`' }),
      tail: bytes(1, MOST_RANGE).meta({
        description:
          'The last so many bytes, and with `follow` what comes after; not with `offset` or `limit`',
      }),
    }),
    answers: { 200: { text: 'text/plain', description: 'stdout and stderr as they came' } },
    problems: ['run_not_found', 'output_not_found', 'too_many_streams'],
  }),
  listRuns: operation({
    method: 'GET',
    path: `${API}/runs`,
    tag: 'runs',
    summary: 'List the runs of all jobs that hold a claim',
    description: 'With `state=waiting` those that were asked for and that no worker has taken, by job.',
    query: z.strictObject({
      state: z.enum(['armed', 'running', 'waiting']).optional(),
      worker: z
        .string()
        .regex(WORKER_ID, { error: 'not the id of a worker' })
        .optional()
        .meta({ description: 'Only those that this worker has, by its id; of those that wait, none' }),
      ...paging,
    }),
    answers: { 200: pageOf(runView) },
  }),
};
