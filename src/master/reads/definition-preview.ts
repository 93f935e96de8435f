// What a definition would be and do, if it were saved: by the checks of a write, without the write.
import type { DefinitionPreview } from '../../common/api/definitions.ts';
import type { Clock } from '../../common/core/clock.ts';
import { redactSecrets, timingIn } from '../../common/core/definition.ts';
import { diffDefinitions, type Shown } from '../../common/core/definition-diff.ts';
import { describeSchedule } from '../../common/core/describe.ts';
import { parseInstant } from '../../common/core/every.ts';
import { nextTicks, previewSchedule, type Preview, type PreviewTick } from '../../common/core/preview.ts';
import type { ScheduleCompiler } from '../../common/core/schedule.ts';
import { compileSchedule } from '../../common/core/definition.ts';
import type { Zones } from '../../common/core/zones.ts';
import { JOB_NAME } from '../../common/model/ids.ts';
import type { JobDefinition, JobRecord } from '../../common/model/job.ts';
import { instant, type Instant } from '../../common/model/time.ts';
import { checkedOver, readJob, type JobNow } from '../intents/jobs.ts';
import { shownTime } from '../shown.ts';
import type { StrictDeps } from '../strict.ts';
import type { Views } from '../views/views.ts';
import { unschedulable } from './unmatched.ts';

export interface DefinitionPreviewDeps extends StrictDeps {
  readonly clock: Clock;
  readonly views: Views;
  readonly compiler: ScheduleCompiler;
  readonly zones: Zones;
}

export interface DefinitionQuestion {
  readonly definition: Readonly<Record<string, unknown>>;
  readonly job?: string | undefined;
  readonly after?: string | undefined;
  readonly count: number;
}

const shownTicks = (ticks: readonly PreviewTick[]): DefinitionPreview['ticks'] =>
  ticks.map((tick) => ({ ...tick, at: shownTime(tick.at) }));

const sideOf = (definition: JobDefinition): Shown => ({
  stored: definition,
  shown: redactSecrets(definition),
});

export async function previewDefinition(
  deps: DefinitionPreviewDeps,
  question: DefinitionQuestion,
): Promise<DefinitionPreview> {
  const { definition: given, job, count } = question;
  const now = deps.clock.now();
  const after = question.after === undefined ? now : (parseInstant(question.after) ?? now);
  const name = job ?? (typeof given['name'] === 'string' ? given['name'] : '');
  const found = JOB_NAME.test(name) ? await readJob(deps, name) : undefined;
  const record = found?.record;
  const checked = checkedOver(deps, record, job === undefined ? given : { name: job, ...given }, now);
  const renamed = job !== undefined && given['name'] !== undefined && given['name'] !== job;
  const errors = [
    ...(checked.ok ? [] : checked.issues),
    ...(renamed
      ? [{ path: 'name', message: `must be ${job}: a job keeps its name; create another one instead` }]
      : []),
  ];
  const definition = checked.ok && errors.length === 0 ? checked.value : undefined;
  const preview = ticksOf(deps, { name: job, ...given }, record, after, count);
  const { reason } = (definition && unschedulable(definition, deps.views).unschedulable) ?? {};
  return {
    ok: definition !== undefined,
    errors: errors.map(({ path, message }) => ({ path, message })),
    definition: definition ? redactSecrets(definition) : null,
    description: preview?.description ?? null,
    ...(preview?.remark !== undefined && { remark: preview.remark }),
    ticks: shownTicks(preview?.ticks ?? []),
    ...(reason !== undefined && { hint: reason }),
    stored: found && record ? storedOf(deps, found, record, definition, after, count) : null,
  };
}

/** Undefined: the schedule is not understood. */
function ticksOf(
  { compiler, zones }: DefinitionPreviewDeps,
  given: object,
  record: JobRecord | undefined,
  after: Instant,
  count: number,
): Preview | undefined {
  const timing = timingIn(given);
  if (!timing) return undefined;
  const anchor = timing.anchor === undefined ? undefined : parseInstant(timing.anchor);
  const preview = previewSchedule(
    { ...timing, anchor: anchor ?? instant(record?.anchor ?? after) },
    { compiler, zones, after, count },
  );
  return preview.ok ? preview.value : undefined;
}

function storedOf(
  { compiler, zones }: DefinitionPreviewDeps,
  { kv }: JobNow,
  { definition, generation, anchor, since }: JobRecord,
  next: JobDefinition | undefined,
  after: Instant,
  count: number,
): DefinitionPreview['stored'] {
  const compiled = compileSchedule(definition, instant(anchor), compiler);
  const zone = zones.get(definition.timezone);
  const ticks =
    compiled.ok && zone && !definition.paused
      ? nextTicks(compiled.value, zone, instant(Math.max(after, since)), count)
      : [];
  return {
    generation,
    modRevision: kv.modRevision,
    paused: definition.paused,
    description: describeSchedule(definition.schedule, definition.name),
    ticks: shownTicks(ticks),
    changes: next ? diffDefinitions(sideOf(definition), sideOf(next)) : null,
  };
}
