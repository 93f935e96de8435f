// A job's definition: the one schema behind the API, the CLI, the page and the value in etcd.
// What needs a calculator (is this a schedule? does this zone exist?) is checked in core/definition.
import { z } from 'zod';
import { codeList } from './codes.ts';
import { durationText, sizeText } from './duration.ts';
import { httpTask, secretOr } from './http-task.ts';
import { jobName } from './ids.ts';
import { FIRST_STORED, LAST_STORED } from './time.ts';

export const MAX_DEFINITION_BYTES = 64 * 1024;

const text = (longest: number) => z.string().max(longest);
const label = z
  .string()
  .regex(/^[A-Za-z0-9._/-]{1,63}$/, { error: 'a label holds 1 to 63 letters, digits and ". _ / -"' });

export const labels = z
  .record(label, z.string().max(128))
  .meta({ examples: [{ team: 'data', tier: 'gold' }] });

/** What a worker must have to run a job: for each label one value, or any of several. */
export const wantedLabels = z
  .record(label, z.union([z.string().max(128), z.array(z.string().max(128)).min(1).max(64)]))
  .meta({ examples: [{ region: ['eu', 'us'], gpu: 'yes' }] });
export type WantedLabels = Readonly<z.output<typeof wantedLabels>>;

/** What a program is given: its arguments and variables end at the first zero byte. */
const given = (value: z.ZodString): z.ZodString =>
  value.refine((each) => !each.includes('\0'), {
    error: 'holds a zero byte, which no program can be given',
  });
const envName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, {
  error: 'an environment variable is named with letters, digits and "_"',
});
const env = z.record(envName, secretOr(given(z.string())));
/** Of a run by hand. */
export const envOverrides = z.record(envName, given(z.string()));

const process = {
  cwd: given(text(4096).min(1))
    .optional()
    .meta({ description: "Working directory on the worker; the worker's own by default" }),
  env: env.optional(),
  user: text(64)
    .regex(/^[^\s:\0]+$/, { error: "a user's name is one word without a colon" })
    .optional()
    .meta({ description: 'User to run as; needs a worker that runs as root' }),
};

export const shellTask = z.strictObject({
  kind: z.literal('shell'),
  command: given(z.string().min(1, { error: 'a command is needed' })),
  shell: given(text(4096).min(1))
    .default('/bin/sh')
    .meta({ description: 'Called as `<shell> -c <command>`' }),
  ...process,
});

export const execTask = z.strictObject({
  kind: z.literal('exec'),
  argv: z
    .array(given(z.string()))
    .min(1, { error: 'argv needs at least the program' })
    .refine(([program]) => program !== '', {
      path: [0],
      error: 'the program is empty: write its name or path',
    }),
  ...process,
});

export const handlerTask = z.strictObject({
  kind: z.literal('handler'),
  name: text(128).min(1).meta({ description: "A function registered in the worker's process" }),
  payload: z.json().optional(),
});

const SHOWN = 100;
const shown = (value: unknown, otherwise: string): string => {
  const text = JSON.stringify(value) ?? otherwise;
  return text.length > SHOWN ? otherwise : text;
};

/** A task of the shape that was probably meant by what is none. */
function taskLike(given: unknown): string {
  if (typeof given === 'string') return `{"kind": "shell", "command": ${shown(given, '"…"')}}`;
  if (Array.isArray(given)) return `{"kind": "exec", "argv": ${shown(given, '["program", "argument"]')}}`;
  if (typeof given === 'object' && given !== null) {
    if ('argv' in given || 'args' in given) return '{"kind": "exec", "argv": ["program", "argument"]}';
    if ('url' in given) return '{"kind": "http", "url": "https://example.org/hook"}';
  }
  return '{"kind": "shell", "command": "echo hello"}';
}

const KINDS = '"shell", "exec", "http", "handler"';

export const task = z.discriminatedUnion('kind', [shellTask, execTask, httpTask, handlerTask], {
  error: ({ input }) => {
    const like = taskLike(input);
    if (input === undefined) return `is missing: it must be an object such as ${like}`;
    if (typeof input !== 'object' || input === null || Array.isArray(input))
      return `must be an object: write ${like}`;
    // A kind that is not known is told like any other word that is not.
    return 'kind' in input ? undefined : `is missing: it must be one of ${KINDS}, as in ${like}`;
  },
});

/** With it, only the ends that it names are tried again. */
const retryOn = z
  .strictObject({
    exitCodes: codeList(0, 255, '64-78').optional().meta({ description: 'Of shell and exec tasks' }),
    statuses: codeList(100, 599, '5xx').optional().meta({ description: 'Of http tasks' }),
    timeout: z.boolean().optional().meta({ description: 'A timeout; false by default' }),
    error: z.boolean().optional().meta({
      description:
        'A failure without exit code or status: a signal, a program that cannot start, a connection refused, a handler that threw; false by default',
    }),
    lost: z
      .boolean()
      .optional()
      .meta({ description: 'The worker was lost while it ran, so nobody knows; true by default' }),
  })
  .refine((on) => on.exitCodes ?? on.statuses ?? (on.timeout || on.error || on.lost), {
    error:
      'names no end that is worth a retry: write exitCodes, statuses, timeout, error or lost, or leave `on` out to retry every failure',
  });

export const overlapPolicy = z.enum(['forbid', 'queue', 'replace', 'allow']);
export const workersMode = z.enum(['one', 'all']);
export const catchUpPolicy = z.enum(['latest', 'all', 'none']);

/** As it is told of any instant that is given wrong, in a definition or a query. */
export const notAnInstant = ({ input }: { readonly input?: unknown }): string | undefined =>
  input === undefined
    ? undefined
    : `${typeof input === 'object' ? 'this' : JSON.stringify(input)} is not an instant: write ISO 8601 with its zone, such as "2026-12-24T18:00:00Z"`;

export const isoInstant = z.iso.datetime({ offset: true, error: notAnInstant });

export const jobDefinition = z.strictObject({
  name: jobName,
  description: text(1024).optional(),
  labels: labels.optional(),
  schedule: z.union([z.string(), z.array(z.string()).min(1).max(16)]).meta({
    description:
      'Cron of 5 or 6 fields, @daily …, "@every 90s", "@at <instant>" or @manual; or a list of these',
  }),
  timezone: z
    .string()
    .default('UTC')
    .meta({ description: 'IANA name', examples: ['Europe/Berlin'] }),
  dst: z
    .strictObject({
      gap: z.enum(['shift', 'skip']).default('shift'),
      repeat: z.enum(['first', 'both']).default('first'),
    })
    .prefault({}),
  jitter: durationText({ max: '1d' }).optional(),
  startAt: isoInstant.optional(),
  endAt: isoInstant.optional(),
  anchor: isoInstant.optional().meta({ description: 'Phase of @every; the creation by default' }),
  paused: z.boolean().default(false),
  task,
  timeout: durationText({ min: '10ms' }).optional(),
  killGrace: durationText({ max: '10m' }).default('10s'),
  overlap: overlapPolicy.default('forbid'),
  catchUp: z
    .strictObject({
      policy: catchUpPolicy.default('latest'),
      window: durationText({ max: '366d' }).default('1h'),
    })
    .prefault({}),
  retry: z
    .strictObject({
      limit: z.int().min(0).max(100).default(0),
      delay: durationText({ max: '1d' }).default('10s'),
      factor: z.number().min(1).max(10).default(2),
      maxDelay: durationText({ max: '1d' })
        .optional()
        .meta({ description: 'Duration; 10m by default, or `delay` where that is longer' }),
      on: retryOn.optional(),
    })
    .prefault({}),
  onLostLease: z.enum(['kill', 'continue']).default('kill').meta({
    description:
      "What becomes of a running task when its worker's claim on the run ends: killed, or left to run on, next to a further run",
  }),
  workers: z
    .strictObject({
      labels: wantedLabels.optional().meta({ description: 'A value, or a list: any of these' }),
      mode: workersMode
        .default('one')
        .meta({ description: 'Each tick runs on one of the matching workers, or on each of them' }),
    })
    .prefault({}),
  history: z
    .strictObject({
      keep: z.int().min(1).max(1000).default(20),
      for: durationText({ min: '1m' }).default('30d'),
    })
    .prefault({}),
  output: z.strictObject({ limit: sizeText(1024 ** 3).default('10MiB') }).prefault({}),
});

export type Task = z.output<typeof task>;
export type JobDefinition = z.output<typeof jobDefinition>;
export type JobDefinitionInput = z.input<typeof jobDefinition>;
export type OverlapPolicy = z.output<typeof overlapPolicy>;
export type CatchUpPolicy = z.output<typeof catchUpPolicy>;

/** How a definition came to be what it is. A PUT that changes nothing but `paused` is a pause, too. */
export const changeKind = z.enum(['created', 'edited', 'paused', 'resumed', 'restored']);
export type ChangeKind = z.output<typeof changeKind>;

const jobChange = z.object({
  kind: changeKind,
  /** Name of the token that asked for it. */
  by: z.string().optional(),
  /** Restored: from the version of this generation. */
  from: z.int().min(1).optional(),
});
export type JobChange = z.output<typeof jobChange>;

/** One below the largest whole number: what is written over it can still be counted. */
export const MAX_GENERATION = Number.MAX_SAFE_INTEGER - 1;
const stored = z.int().min(FIRST_STORED).max(LAST_STORED);

/**
 * The value of `jobs/<job>`, and of `versions/<job>/<generation>` once it is superseded. Times are milliseconds
 * since the epoch.
 */
export const jobRecord = z.object({
  definition: jobDefinition,
  /** No tick at or before this instant ever fires: creation, change of schedule, resume. */
  since: stored,
  /** Phase of `@every` when the definition names none. */
  anchor: stored,
  /** 1 at creation, one more at each change. */
  generation: z.int().min(1).max(MAX_GENERATION),
  createdAt: stored,
  updatedAt: stored,
  /** What made it so. None: written before this was kept; nothing that runs a job depends on it. */
  change: jobChange.optional().catch(undefined),
});

export type JobRecord = z.output<typeof jobRecord>;
