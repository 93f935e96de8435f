// Is this a job, and when does it tick? Asked while it is typed, of the same code that the master asks when it is
// saved. What only the master knows (which secrets are stored) is taken as good.
import { checkDefinition } from '../../../../src/common/core/definition.ts';
import {
  nextTicks,
  previewSchedule,
  type Preview,
  type PreviewTick,
} from '../../../../src/common/core/preview.ts';
import { createScheduleCompiler } from '../../../../src/common/core/schedule.ts';
import { createZones } from '../../../../src/common/core/zones.ts';
import type { Checked, FieldIssue } from '../../../../src/common/model/issue.ts';
import { jobDefinition, type JobDefinition } from '../../../../src/common/model/job.ts';
import { instant, type Instant } from '../../../../src/common/model/time.ts';

const zones = createZones();
const compiler = createScheduleCompiler(zones);

/** In place of the values of secrets, which are never sent here. */
const KEPT = '•••';

/** What is stored, as far as it is known here. */
export interface Stored {
  readonly definition: JobDefinition;
  readonly anchor: Instant;
}

export function storedOf(definition: unknown, anchor: string): Stored {
  return { definition: withKept(jobDefinition.parse(definition)), anchor: instant(Date.parse(anchor)) };
}

function withKept(definition: JobDefinition): JobDefinition {
  const { task } = definition;
  const kept = <T>(values: Readonly<Record<string, T>> | undefined) =>
    values &&
    Object.fromEntries(
      Object.entries(values).map(([name, value]) => [
        name,
        typeof value === 'object' ? { secret: true as const, value: KEPT } : value,
      ]),
    );
  switch (task.kind) {
    case 'shell':
    case 'exec':
      return task.env
        ? { ...definition, task: { ...task, env: kept(task.env)! as typeof task.env } }
        : definition;
    case 'http':
      return task.headers
        ? { ...definition, task: { ...task, headers: kept(task.headers)! as typeof task.headers } }
        : definition;
    case 'handler':
      return definition;
  }
}

export type CheckResult = Checked<{
  readonly definition: JobDefinition;
  readonly ticks: readonly PreviewTick[];
}>;

const TICKS = 8;

export function checkDraft(value: unknown, now: Instant, stored: Stored | undefined): CheckResult {
  const checked = checkDefinition(value, {
    now,
    compiler,
    anchor: stored?.anchor,
    previous: stored?.definition,
  });
  if (!checked.ok) return checked;
  const { definition, schedule } = checked.value;
  return {
    ok: true,
    value: { definition, ticks: nextTicks(schedule, zones.get(definition.timezone)!, now, TICKS) },
  };
}

/** The ticks of what is stored. */
export function storedTicks({ definition, anchor }: Stored, now: Instant): readonly PreviewTick[] {
  const told = preview(definition, now, anchor, TICKS);
  return told.ok ? told.value.ticks : [];
}

const TIMING = ['schedule', 'timezone', 'dst', 'jitter', 'startAt', 'endAt', 'anchor', 'name'] as const;

/** Of a draft that may be wrong elsewhere; undefined while there is no schedule that could be explained. */
export function explain(value: unknown, now: Instant, anchor: Instant | undefined): Preview | undefined {
  const given = (value ?? {}) as Readonly<Record<string, unknown>>;
  const fields: Record<string, unknown> = {};
  for (const name of TIMING) {
    const parsed = jobDefinition.shape[name].safeParse(given[name]);
    if (parsed.success) fields[name] = parsed.data;
    else if (name !== 'name') return undefined;
  }
  const told = preview(fields as unknown as Timing, now, anchor ?? now, 10);
  return told.ok ? told.value : undefined;
}

type Timing = Pick<
  JobDefinition,
  'schedule' | 'timezone' | 'dst' | 'jitter' | 'startAt' | 'endAt' | 'anchor'
> & {
  readonly name?: string;
};

function preview(
  { name, schedule, timezone, dst, jitter, startAt, endAt, anchor: own }: Timing,
  now: Instant,
  anchor: Instant,
  count: number,
): Checked<Preview> {
  return previewSchedule(
    {
      name,
      schedule,
      timezone,
      dst,
      jitter,
      startAt,
      endAt,
      anchor: own === undefined ? anchor : instant(Date.parse(own)),
    },
    { compiler, zones, after: now, count },
  );
}

/** Those of a field and of what lies in it are told at the field. */
export type Issues = readonly FieldIssue[];
