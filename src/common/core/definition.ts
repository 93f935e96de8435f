// Is this a job? Every check of a definition that needs no etcd: shape, schedule, fields that contradict each
// other, secrets. Pure. A definition that passes here can be planned; one that does not is told why, by field.
import type { Checked, FieldIssue } from '../model/issue.ts';
import { jobDefinition, MAX_DEFINITION_BYTES, type JobDefinition } from '../model/job.ts';
import { toIso, type Instant } from '../model/time.ts';
import { doomedIssues } from './definition-doomed.ts';
import { effectIssues } from './definition-effect.ts';
import { fieldIssues, wholeAnswer } from './definition-issues.ts';
import { overlapIssues } from './definition-overlap.ts';
import { keepSecrets, markSecrets, redactSecrets, secretNames } from './definition-secrets.ts';
import { parseAt, parseInstant } from './every.ts';
import type { NamedOrNot } from './preview.ts';
import type { Schedule, ScheduleCompiler } from './schedule.ts';

export { keepSecrets, markSecrets, redactSecrets, secretNames };

export interface DefinitionContext {
  readonly now: Instant;
  /** Phase of `@every` for a job that exists; `now` by default. A definition's own anchor goes before it. */
  readonly anchor?: Instant | undefined;
  /** What is stored: secrets without a value are taken from it, and a schedule that it had already is not refused for its age. */
  readonly previous?: JobDefinition | undefined;
  /** `later`: the caller calls keepSecrets when it knows what is stored. */
  readonly secrets?: 'now' | 'later';
  readonly compiler: ScheduleCompiler;
}

export interface CheckedDefinition {
  readonly definition: JobDefinition;
  readonly schedule: Schedule;
}

type Refused = { readonly ok: false; readonly issues: readonly FieldIssue[] };
const refused = (issues: readonly FieldIssue[]): Refused => ({ ok: false, issues });

/** Fields that decide when a job ticks. */
const timing = ({ schedule, timezone, dst, jitter, startAt, endAt, anchor }: JobDefinition): string =>
  JSON.stringify([schedule, timezone, dst.gap, dst.repeat, jitter, startAt, endAt, anchor]);

/** The schedule of a definition. `anchor`: phase of `@every` when the definition names none. */
export function compileSchedule(
  definition: Pick<
    JobDefinition,
    'name' | 'schedule' | 'timezone' | 'dst' | 'jitter' | 'startAt' | 'endAt' | 'anchor'
  >,
  anchor: Instant,
  compiler: ScheduleCompiler,
): Checked<Schedule> {
  const own = definition.anchor === undefined ? anchor : parseInstant(definition.anchor);
  if (own === undefined) {
    return refused([
      { path: 'anchor', message: `${JSON.stringify(definition.anchor)} is not an instant from 1970 to 9999` },
    ]);
  }
  const { name, schedule, timezone, dst, jitter, startAt, endAt } = definition;
  return compiler.compile({ name, schedule, timezone, dst, jitter, startAt, endAt, anchor: own });
}

const entriesOf = (definition: JobDefinition | undefined): readonly string[] =>
  definition === undefined ? [] : [definition.schedule].flat();

function pastInstants(definition: JobDefinition, { now, previous }: DefinitionContext): FieldIssue[] {
  const known = entriesOf(previous);
  return entriesOf(definition).flatMap((entry, i) => {
    const [word = '', text = ''] = entry.trim().split(/\s+/);
    const at = word.toLowerCase() === '@at' ? parseAt(text) : undefined;
    if (at === undefined || !at.ok || at.value > now || known.includes(entry)) return [];
    const path = typeof definition.schedule === 'string' ? 'schedule' : `schedule[${i}]`;
    return [
      {
        path,
        message: `${text} is in the past (it is ${toIso(now)}): write a later instant, or @manual and run it by hand`,
      },
    ];
  });
}

function neverTicks(
  definition: JobDefinition,
  schedule: Schedule,
  { now, previous }: DefinitionContext,
): FieldIssue[] {
  if (schedule.isManual || schedule.nextAfter(now) !== undefined) return [];
  if (previous !== undefined && timing(previous) === timing(definition)) return [];
  const { startAt, endAt } = definition;
  if (endAt === undefined)
    return [
      { path: 'schedule', message: `has no tick at or after ${startAt ?? toIso(now)}: it would never run` },
    ];
  if (Date.parse(endAt) <= now)
    return [
      { path: 'endAt', message: `${endAt} is in the past (it is ${toIso(now)}): the job would never run` },
    ];
  return [
    {
      path: 'endAt',
      message: `no tick of the schedule falls before ${endAt}: it would never run; write a later one`,
    },
  ];
}

function contradictions(definition: JobDefinition, previous: JobDefinition | undefined): FieldIssue[] {
  return [
    ...overlapIssues(definition, previous),
    ...effectIssues(definition, previous),
    ...doomedIssues(definition, previous),
    ...foreignCodes(definition),
  ];
}

/** What the task can't end with is a mistake, not a wish. */
function foreignCodes({ task, retry }: JobDefinition): FieldIssue[] {
  const { kind } = task;
  const issues: FieldIssue[] = [];
  if (retry.on?.exitCodes && kind !== 'shell' && kind !== 'exec')
    issues.push({
      path: 'retry.on.exitCodes',
      message: `a task of kind ${kind} ends with no exit code: write ${kind === 'http' ? 'statuses' : 'error'}`,
    });
  if (retry.on?.statuses && kind !== 'http')
    issues.push({
      path: 'retry.on.statuses',
      message: `a task of kind ${kind} ends with no HTTP status: write ${kind === 'handler' ? 'error' : 'exitCodes'}`,
    });
  return issues;
}

const bytesOf = (definition: JobDefinition): number =>
  new TextEncoder().encode(JSON.stringify(definition)).length;

const TIMING = ['schedule', 'timezone', 'dst', 'jitter', 'startAt', 'endAt', 'anchor'] as const;
/** In place of fields whose shape is wrong: that is told by the schema. */
const PLAIN = { name: 'job', schedule: '@manual', timezone: 'UTC', dst: { gap: 'shift', repeat: 'first' } };

/** Of an input whose shape may be wrong: the fields of its schedule that are right, in place of others plain ones. */
function timingOf(input: object): { readonly fields: JobDefinition; readonly wrong: readonly string[] } {
  const given = input as Readonly<Record<string, unknown>>;
  const fields: Record<string, unknown> = { ...PLAIN };
  const wrong: string[] = [];
  for (const name of TIMING) {
    const parsed = jobDefinition.shape[name].safeParse(given[name]);
    if (parsed.success) fields[name] = parsed.data;
    else wrong.push(name);
  }
  return { fields: fields as unknown as JobDefinition, wrong };
}

/** What is wrong with the schedule of an input whose shape may be wrong elsewhere, and is told by others. */
export function scheduleIssues(
  input: unknown,
  now: Instant,
  compiler: ScheduleCompiler,
): readonly FieldIssue[] {
  if (typeof input !== 'object' || input === null) return [];
  const compiled = compileSchedule(timingOf(input).fields, now, compiler);
  return compiled.ok ? [] : compiled.issues;
}

/** The fields of the schedule of an input that may be wrong elsewhere; undefined: they are wrong themselves. */
export function timingIn(
  input: object,
): (Omit<NamedOrNot, 'anchor'> & { readonly anchor?: string }) | undefined {
  const { fields, wrong } = timingOf(input);
  if (wrong.length > 0) return undefined;
  const name = jobDefinition.shape.name.safeParse((input as { readonly name?: unknown }).name);
  const { schedule, timezone, dst, jitter, startAt, endAt, anchor } = fields;
  return {
    ...(name.success && { name: name.data }),
    schedule,
    timezone,
    dst,
    jitter,
    startAt,
    endAt,
    ...(anchor !== undefined && { anchor }),
  };
}

/** Everything that is wrong is told at once, as far as one error does not hide the next. */
export function checkDefinition(input: unknown, context: DefinitionContext): Checked<CheckedDefinition> {
  const parsed = jobDefinition.safeParse(input);
  if (!parsed.success) {
    const whole = wholeAnswer(input);
    if (whole) return refused([whole]);
    return refused([
      ...fieldIssues(parsed.error.issues, input, jobDefinition),
      ...scheduleIssues(input, context.now, context.compiler),
    ]);
  }
  const kept: Checked<JobDefinition> =
    context.secrets === 'later'
      ? { ok: true, value: parsed.data }
      : keepSecrets(parsed.data, context.previous);
  const definition = kept.ok ? kept.value : parsed.data;
  const issues: FieldIssue[] = kept.ok ? [] : [...kept.issues];
  const bytes = bytesOf(definition);
  if (bytes > MAX_DEFINITION_BYTES) {
    issues.push({
      path: '',
      message: `the definition has ${bytes} bytes: at most ${MAX_DEFINITION_BYTES}; keep large things outside and name them`,
    });
  }
  issues.push(...contradictions(definition, context.previous));
  const compiled = compileSchedule(definition, context.anchor ?? context.now, context.compiler);
  if (!compiled.ok) return refused([...issues, ...compiled.issues]);
  const past = pastInstants(definition, context);
  issues.push(...(past.length > 0 ? past : neverTicks(definition, compiled.value, context)));
  return issues.length > 0 ? refused(issues) : { ok: true, value: { definition, schedule: compiled.value } };
}
