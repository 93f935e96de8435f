// Versions of a job's definition: what it was, who changed it and when, and back to it.
import { z } from 'zod';
import { changeKind } from '../model/job.ts';
import { jobName } from '../model/ids.ts';
import { ifMatch, jobChange, jobView } from './jobs.ts';
import { operation } from './operation.ts';
import { API, jobParams, time } from './values.ts';

/** Paths that a list names of each change. */
export const PATHS_NAMED = 20;

const VERSION = /^[1-9]\d{0,15}$/;
const version = z
  .string()
  .regex(VERSION, { error: 'a version is the generation of a definition: a whole number from 1' })
  .transform(Number);
const versionParams = z.strictObject({
  ...jobParams.shape,
  version: version.meta({ description: 'Its generation' }),
});

const origin = {
  generation: z.int(),
  current: z.boolean().meta({ description: 'It is the one that stands' }),
  at: time.nullable(),
  by: z
    .string()
    .nullable()
    .meta({ description: 'Name of the token that it was asked with; null: not known' }),
  change: changeKind.nullable(),
  from: z.int().optional().meta({ description: 'Restored: from the version of this generation' }),
};

export const versionSummary = z
  .strictObject({
    ...origin,
    changed: z
      .array(z.string())
      .nullable()
      .meta({
        description: `Paths of the fields that differ from the version before, ${PATHS_NAMED} at most; null when there is none, or it is not kept`,
      }),
    changes: z.int().nullable().meta({ description: 'How many fields differ' }),
    error: z.string().optional().meta({ description: 'Why it cannot be read' }),
  })
  .meta({ id: 'JobVersionSummary' });
export type VersionSummary = z.output<typeof versionSummary>;

export const versionView = z
  .strictObject({
    name: jobName,
    ...origin,
    definition: jobView.shape.definition,
  })
  .meta({ id: 'JobVersion' });
export type VersionView = z.output<typeof versionView>;

export const fieldChange = z
  .strictObject({
    path: z.string().meta({ examples: ['task.command', 'retry.limit'] }),
    before: z.json().optional().meta({ description: 'Absent: it was not set' }),
    after: z.json().optional().meta({ description: 'Absent: it is not set' }),
    secret: z.literal(true).optional().meta({
      description: 'Values of secrets are among it, and left out: that it differs is all that is told',
    }),
  })
  .meta({ id: 'FieldChange' });

const problems = ['job_not_found', 'version_not_found', 'job_broken'] as const;

export const versionOperations = {
  listVersions: operation({
    method: 'GET',
    path: `${API}/jobs/{job}/versions`,
    tag: 'jobs',
    summary: 'List the versions of a job',
    description:
      'Newest first: the definition that stands and those before it, twenty at most. The ETag is that of the job.',
    params: jobParams,
    answers: { 200: z.strictObject({ items: z.array(versionSummary) }) },
    problems: ['job_not_found'],
  }),
  getVersion: operation({
    method: 'GET',
    path: `${API}/jobs/{job}/versions/{version}`,
    tag: 'jobs',
    summary: 'Read a version of a job',
    params: versionParams,
    answers: { 200: versionView },
    problems,
  }),
  diffVersion: operation({
    method: 'GET',
    path: `${API}/jobs/{job}/versions/{version}/diff`,
    tag: 'jobs',
    summary: 'Compare two versions of a job',
    description:
      'What it takes to get from `against` to this version. With `against=current`: what a restore of it changes, but for `paused`, which stays as it is.',
    params: versionParams,
    query: z.strictObject({
      against: z
        .union([z.literal('current'), version], {
          error: 'must be the generation of a version, or current',
        })
        .optional()
        .meta({ description: 'A generation, or `current`; by default the version before' }),
    }),
    answers: {
      200: z
        .strictObject({
          name: jobName,
          generation: z.int(),
          against: z.int().nullable().meta({ description: 'null: it is the first, and all of it is new' }),
          changes: z.array(fieldChange),
        })
        .meta({ id: 'JobVersionDiff' }),
    },
    problems,
  }),
  restoreVersion: operation({
    method: 'POST',
    path: `${API}/jobs/{job}/versions/{version}/restore`,
    tag: 'jobs',
    summary: 'Restore a version of a job',
    description:
      'A change like a PUT of that definition: a new generation, under the rules of today, no tick from before now. What is paused stays paused, what is not goes on; what is a secret now stays one.',
    params: versionParams,
    headers: z.object({ 'if-match': ifMatch }),
    answers: { 200: jobChange },
    problems: [...problems, 'job_changed', 'precondition_failed'],
  }),
};
