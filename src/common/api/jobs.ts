// Jobs: definitions and what becomes of them.
import { z } from 'zod';
import { envOverrides, jobDefinition, labels, overlapPolicy, task, wantedLabels } from '../model/job.ts';
import { jobName, runId, WORKER_ID } from '../model/ids.ts';
import { runCause, runState } from '../model/run.ts';
import { operation } from './operation.ts';
import { pageOf, paging } from './paging.ts';
import { API, flag, jobParams, runRef, runView, time, waitFor } from './values.ts';

const definition = jobDefinition.meta({ id: 'JobDefinition' });

export const jobView = z
  .strictObject({
    name: jobName,
    definition: definition.meta({ description: 'Values of secrets are left out' }),
    generation: z.int().meta({ description: '1 at creation, one more at each change' }),
    createdAt: time,
    updatedAt: time,
    since: time.meta({ description: 'No tick at or before this instant ever fires' }),
    anchor: time.meta({ description: 'Phase of @every when the definition names none' }),
    revisions: z
      .strictObject({ create: z.int(), mod: z.int(), version: z.int() })
      .meta({ description: 'Of the key in etcd; the ETag is the mod revision' }),
  })
  .meta({ id: 'Job' });
export type JobView = z.output<typeof jobView>;

export const jobState = z.enum(['active', 'running', 'paused', 'broken']).meta({
  description:
    'running: has a run now; active: neither paused nor broken; broken: its stored definition cannot be read',
});
export type JobState = z.output<typeof jobState>;

/** What a list can be narrowed to. */
export const JOB_FILTERS = [...jobState.options, 'failing', 'unschedulable'] as const;
export type JobFilterState = (typeof JOB_FILTERS)[number];

export const JOB_SORTS = ['name', 'nextTick', 'lastRun', 'lastOutcome', 'duration'] as const;
export type JobSort = (typeof JOB_SORTS)[number];

/** Runs of a strip. */
export const RECENT_RUNS = 20;
/** Jobs whose strips one request reads. */
export const MOST_WITH_RECENT = 100;
/** Names that one request answers: what a batch takes. */
export const MOST_NAMES = 5_000;
/** Far more than there are jobs. */
export const MOST_SKIPPED = 10_000_000;
export const MOST_LABELS = 100;
export const MOST_LABEL_VALUES = 100;

const oneOrSeveral = z
  .union([z.string(), z.array(z.string())])
  .optional()
  .transform((texts) =>
    [texts ?? []]
      .flat()
      .flatMap((text) => text.split(','))
      .filter((text) => text !== ''),
  );

export const recentRun = z
  .strictObject({
    id: runId,
    state: runState,
    cause: runCause.shape.kind,
    scheduledFor: time,
    startedAt: time.optional(),
    endedAt: time.optional(),
    durationMs: z.number().optional(),
    ticks: z.int().min(1).optional().meta({
      description: 'Of one that was skipped or missed: how many ticks it stands for; absent: one',
    }),
  })
  .meta({ id: 'RecentRun' });
export type RecentRunView = z.output<typeof recentRun>;

const details = {
  state: jobState,
  running: z.int().meta({ description: 'Runs that hold a claim, armed or running' }),
  nextTicks: z.array(time).meta({ description: 'Empty when paused, ended or only run by hand' }),
  unschedulable: z.strictObject({ reason: z.string(), labels: wantedLabels }).optional().meta({
    description:
      'There only when no registered worker matches: none has the labels, or none can run the task, as the reason says. Its ticks wait as long as catchUp lets them, and are then recorded as missed',
  }),
};

export const jobSummary = z
  .strictObject({
    name: z.string(),
    ...details,
    description: z.string().optional(),
    labels: labels.optional(),
    schedule: z.array(z.string()),
    scheduleText: z.string().meta({ description: 'The schedule in words' }),
    timezone: z.string(),
    paused: z.boolean(),
    overlap: overlapPolicy.optional(),
    task: z
      .enum(task.options.map((option) => option.shape.kind.value) as ['shell', 'exec', 'http', 'handler'])
      .optional(),
    modRevision: z.int(),
    lastRun: runView
      .nullable()
      .meta({ description: 'Of the newest three that have ended, the one that ended last' }),
    failing: z.boolean().meta({
      description:
        'The last run that was neither skipped nor killed failed, timed out or was lost, or a tick was missed; as far as this master has seen or read (`complete` of the overview)',
    }),
    recent: z
      .array(recentRun)
      .optional()
      .meta({
        description: `With \`include=recent\`: the newest ${RECENT_RUNS} runs, claimed ones included, newest first`,
      }),
    error: z.string().optional().meta({ description: 'Why the stored definition cannot be read' }),
  })
  .meta({ id: 'JobSummary' });
export type JobSummary = z.output<typeof jobSummary>;

export const jobDetail = z
  .strictObject({
    ...jobView.shape,
    ...details,
    scheduleText: jobSummary.shape.scheduleText,
    failing: jobSummary.shape.failing,
    waiting: z.array(runView).meta({
      description: 'Asked for, and no worker has taken them yet: in the order in which they are taken',
    }),
    lastRuns: z.array(runView).meta({ description: 'Newest first' }),
  })
  .meta({ id: 'JobDetail' });
export type JobDetail = z.output<typeof jobDetail>;

export const jobChange = z
  .strictObject({
    job: jobView,
    previous: jobView
      .nullable()
      .meta({ description: 'As it was before; null when there was none, or none that can be read' }),
    started: z.array(runRef).meta({
      description:
        'Runs of the older definition that had been claimed ahead of their tick and started although it was changed. No other starts.',
    }),
    hint: z.string().optional().meta({
      description:
        'There only when no registered worker can run it: what is missing. Of a paused job it is not told',
    }),
  })
  .meta({ id: 'JobChange' });
export type JobChange = z.output<typeof jobChange>;

const changeProblems = ['job_not_found', 'job_changed', 'job_broken'] as const;

const stateFilter = oneOrSeveral
  .pipe(
    z.array(
      z.enum(JOB_FILTERS, {
        error: ({ input }) =>
          `${JSON.stringify(input)} is no state to filter by: write one or several of ${JOB_FILTERS.join(', ')}`,
      }),
    ),
  )
  .meta({
    description: `Only jobs in any of these states: ${JOB_FILTERS.join(', ')}; several, repeated or separated by commas. unschedulable: not paused, and no registered worker can run it`,
  });

const labelFilter = z
  .union([z.string(), z.array(z.string())])
  .optional()
  .meta({ description: '`key=value` or `key`; several, repeated or separated by commas, must all hold' });

export const ifMatch = z
  .string()
  .optional()
  .meta({ description: 'Only if the ETag is one of these (`*`: only if it exists)' });
const etags = { 'if-match': ifMatch };

const askedRun = z.strictObject({
  run: runId,
  worker: z.string().optional().meta({ description: 'The worker that it was asked of, by mode all' }),
  record: runView.nullable(),
});

/** In a PUT the name may be left to the path, and `paused` to what is stored. */
const putBody = z.strictObject({
  ...jobDefinition.shape,
  name: jobName.optional(),
  paused: z.boolean().optional().meta({
    description: 'Left out: a job that is paused stays so, and one that is not goes on. false resumes it',
  }),
});

export const search = {
  q: z
    .string()
    .max(200)
    .optional()
    .meta({ description: 'Part of the name or description, whatever the case' }),
  label: labelFilter,
  state: stateFilter,
};

/** In which order a list is told. */
const ordering = {
  sort: z.enum(JOB_SORTS).default('name').meta({
    description:
      'nextTick: soonest first. lastRun: by the end of the last run. lastOutcome: what went wrong first. duration: of the last run. What is not known comes last either way',
  }),
  order: z.enum(['asc', 'desc']).default('asc'),
};
const offset = z.coerce.number().int().min(0).max(MOST_SKIPPED).optional();

export const jobOperations = {
  listJobs: operation({
    method: 'GET',
    path: `${API}/jobs`,
    tag: 'jobs',
    summary: 'List jobs',
    description:
      'With next ticks, last run and the number of runs now. Knows every write that this master has answered. Sorted by what changes, a job may be on two pages, or on none, when it changes its place meanwhile.',
    query: z.strictObject({
      ...search,
      name: oneOrSeveral.pipe(z.array(z.string()).max(MOST_WITH_RECENT)).meta({
        description: `Only the jobs of these names, at most ${MOST_WITH_RECENT}; repeated or separated by commas`,
      }),
      ...ordering,
      include: z
        .literal('recent')
        .optional()
        .meta({
          description: `Also the newest ${RECENT_RUNS} runs of each job; with a limit of ${MOST_WITH_RECENT} at most`,
        }),
      offset: offset.meta({
        description:
          'Leave out so many from the start: to look into the middle of a long list. Not with `cursor`, which goes through all of it',
      }),
      ...paging,
    }),
    answers: {
      200: z.strictObject({
        ...pageOf(jobSummary).shape,
        total: z.int().meta({ description: 'Jobs that match, on all pages' }),
      }),
    },
  }),
  listJobNames: operation({
    method: 'GET',
    path: `${API}/job-names`,
    tag: 'jobs',
    summary: 'List the names of jobs, in order',
    description: `Of all that match, ${MOST_NAMES} at most: as many as a batch takes. \`total\` tells how many match.`,
    query: z.strictObject({
      ...search,
      ...ordering,
      offset: offset.meta({ description: 'Leave out so many from the start' }),
      limit: z.coerce
        .number()
        .int()
        .min(1)
        .max(MOST_NAMES)
        .default(MOST_NAMES)
        .meta({ description: 'How many names' }),
    }),
    answers: { 200: z.strictObject({ names: z.array(z.string()), total: z.int() }) },
  }),
  listLabels: operation({
    method: 'GET',
    path: `${API}/labels`,
    tag: 'jobs',
    summary: 'List the labels of jobs, to choose from',
    description: `The keys that most jobs have, ${MOST_LABELS} at most, each with its commonest ${MOST_LABEL_VALUES} values.`,
    answers: {
      200: z.strictObject({
        items: z.array(
          z.strictObject({
            key: z.string(),
            jobs: z.int(),
            values: z.array(z.strictObject({ value: z.string(), jobs: z.int() })),
            more: z.int().meta({ description: 'Values that are not listed' }),
          }),
        ),
        more: z.int().meta({ description: 'Keys that are not listed' }),
      }),
    },
  }),
  createJob: operation({
    method: 'POST',
    path: `${API}/jobs`,
    tag: 'jobs',
    summary: 'Create a job',
    body: definition,
    answers: { 201: jobChange },
    problems: ['job_exists'],
  }),
  getJob: operation({
    method: 'GET',
    path: `${API}/jobs/{job}`,
    tag: 'jobs',
    summary: 'Read a job',
    params: jobParams,
    query: z.strictObject({
      ticks: z.coerce.number().int().min(0).max(100).default(5).meta({ description: 'How many next ticks' }),
      runs: z.coerce
        .number()
        .int()
        .min(0)
        .max(100)
        .default(5)
        .meta({ description: 'How many of the last runs' }),
    }),
    answers: { 200: jobDetail },
    problems: ['job_not_found', 'job_broken'],
  }),
  putJob: operation({
    method: 'PUT',
    path: `${API}/jobs/{job}`,
    tag: 'jobs',
    summary: 'Create or replace a job',
    description:
      'What is left out has its default, but for `paused` and for the values of secrets: these stay as they are stored. What changes nothing writes nothing.',
    params: jobParams,
    headers: z.object({
      ...etags,
      'if-none-match': z
        .literal('*', { error: 'only * is understood here' })
        .optional()
        .meta({ description: 'Only if it does not exist' }),
    }),
    body: putBody,
    answers: { 200: jobChange, 201: jobChange },
    problems: ['job_changed', 'precondition_failed'],
  }),
  deleteJob: operation({
    method: 'DELETE',
    path: `${API}/jobs/{job}`,
    tag: 'jobs',
    summary: 'Delete a job and its history',
    params: jobParams,
    headers: z.object(etags),
    query: z.strictObject({
      kill: flag.meta({ description: 'Also kill what runs; else it goes on to its end (`running`)' }),
    }),
    answers: {
      200: z
        .strictObject({
          job: jobView
            .nullable()
            .meta({ description: 'As it was; null when its stored definition could not be read' }),
          started: jobChange.shape.started,
          killed: z.array(runRef).meta({ description: 'Runs asked to end' }),
          running: z.array(runRef).meta({
            description:
              'Runs that go on to their end, without the job: those of `started`, and what ran already. Kill them one by one, or delete with `kill=true`',
          }),
        })
        .meta({ id: 'JobDeletion' }),
    },
    problems: ['job_not_found', 'job_changed', 'precondition_failed'],
  }),
  pauseJob: operation({
    method: 'POST',
    path: `${API}/jobs/{job}/pause`,
    tag: 'jobs',
    summary: 'Stop the ticks of a job',
    params: jobParams,
    answers: { 200: jobChange },
    problems: changeProblems,
  }),
  resumeJob: operation({
    method: 'POST',
    path: `${API}/jobs/{job}/resume`,
    tag: 'jobs',
    summary: 'Let a paused job tick again, from now on',
    params: jobParams,
    answers: { 200: jobChange },
    problems: changeProblems,
  }),
  runJob: operation({
    method: 'POST',
    path: `${API}/jobs/{job}/run`,
    tag: 'jobs',
    summary: 'Run a job now',
    description:
      'Also when it is paused. The run that starts has the id that is answered. A job with workers.mode all runs on each worker that matches: `runs` names them all.',
    params: jobParams,
    query: z.strictObject({
      queue: flag.meta({ description: 'If it is running, run after that instead of answering 409' }),
      worker: z
        .string()
        .regex(WORKER_ID, { error: 'not the name or the id of a worker' })
        .optional()
        .meta({ description: 'Of a job with workers.mode all: only on the worker of this name or id' }),
      wait: waitFor,
    }),
    body: z
      .strictObject({
        env: envOverrides.optional().meta({
          description: 'Of a shell or exec task: added to that of the definition. Never shown again',
        }),
        payload: z
          .json()
          .optional()
          .meta({ description: 'Of a handler, or the body of a request: instead of that of the definition' }),
      })
      .optional(),
    answers: {
      200: z
        .strictObject({ run: runId, record: runView, runs: z.array(askedRun) })
        .meta({ description: 'It has ended, and so have all of `runs`' }),
      202: z
        .strictObject({
          run: runId,
          record: runView.nullable(),
          runs: z.array(askedRun),
          hint: z.string().optional().meta({
            description: 'Why it will have to wait, when no worker can take it at the moment',
          }),
        })
        .meta({ description: 'Asked for; `record` is null until a worker takes it' }),
    },
    problems: [
      'job_not_found',
      'job_running',
      'job_broken',
      'job_changed',
      'queue_full',
      'no_matching_worker',
    ],
  }),
  killJob: operation({
    method: 'POST',
    path: `${API}/jobs/{job}/kill`,
    tag: 'jobs',
    summary: 'Kill all runs of a job',
    params: jobParams,
    body: z.strictObject({ reason: z.string().max(500).optional() }).optional(),
    answers: { 202: z.strictObject({ killed: z.array(runRef) }) },
    problems: ['job_not_found'],
  }),
};
