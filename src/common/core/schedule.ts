// What a job's schedule fields mean: the one place where text becomes a Schedule. Pure: no clock is read and
// nothing is guessed; what can't be understood is answered as issues, each with the path of its field.
import { durationMs } from '../model/duration.ts';
import type { Checked, FieldIssue } from '../model/issue.ts';
import type { Instant } from '../model/time.ts';
import { ALIASES, createCronParser, type CronTemplate, type Parsed } from './cron.ts';
import { EverySchedule, MANUAL, OnceSchedule, parseAt, parseInstant, parseInterval } from './every.ts';
import { hashBelow } from './hash.ts';
import type { Schedule } from './schedule-contract.ts';
import { BoundedSchedule, UnionSchedule } from './schedule-union.ts';
import { ZonedCron } from './ticks-zoned.ts';
import { createZones, type DstPolicy, type Zone, type Zones } from './zones.ts';

export type { Schedule };

export interface ScheduleInput {
  /** The job's name: `H` and jitter depend on it. */
  readonly name: string;
  readonly schedule: string | readonly string[];
  readonly timezone: string;
  readonly dst: DstPolicy;
  readonly jitter?: string | undefined;
  readonly startAt?: string | undefined;
  readonly endAt?: string | undefined;
  /** Phase of `@every`. */
  readonly anchor: Instant;
}

export interface ScheduleCompiler {
  /** Equal schedules share one object; asking again for a known expression costs about a microsecond. */
  compile(input: ScheduleInput): Checked<Schedule>;
}

/** Expressions kept for sharing; beyond, all are forgotten and shared anew. */
const MAX_SHARED = 20_000;

const FORMS =
  '5 or 6 cron fields, @yearly, @monthly, @weekly, @daily, @hourly, "@every 90s", "@at <instant>" or @manual';

interface Shared {
  readonly zone: Zone;
  readonly dst: DstPolicy;
  readonly byText: Map<string, Schedule>;
  readonly byValues: Map<string, ZonedCron>;
}

type One = (text: string, input: ScheduleInput, shared: Shared) => Parsed<Schedule>;

function readAtForm(text: string, input: ScheduleInput): Parsed<Schedule> {
  const [word = '', ...rest] = text.split(/\s+/);
  const argument = rest.join(' ');
  switch (word.toLowerCase()) {
    case '@manual':
      return argument === '' ? { ok: true, value: MANUAL } : { ok: false, message: '@manual stands alone' };
    case '@every': {
      const interval = parseInterval(argument);
      return interval.ok ? { ok: true, value: new EverySchedule(interval.value, input.anchor) } : interval;
    }
    case '@at': {
      const at = parseAt(argument);
      return at.ok ? { ok: true, value: new OnceSchedule(at.value) } : at;
    }
    case '@reboot':
      return {
        ok: false,
        message:
          '@reboot is no event of a distributed cron, whose workers come and go: write @manual, and have what starts the machine ask for a run',
      };
    default:
      return { ok: false, message: `${JSON.stringify(text)} is not understood: write ${FORMS}` };
  }
}

/** Distinct values of `H` lead to distinct schedules; equal ones to the same object. */
function sharedCron(template: CronTemplate, input: ScheduleInput, shared: Shared): Parsed<Schedule> {
  const spec = template.resolve(input.name);
  if (!spec.ok) return spec;
  const { secondsLow, secondsHigh, minutesLow, minutesHigh, hours, months, days, isOpen } = spec.value;
  const key = `${secondsLow} ${secondsHigh} ${minutesLow} ${minutesHigh} ${hours} ${months} ${isOpen} ${days.join()}`;
  let cron = shared.byValues.get(key);
  if (cron === undefined) {
    if (shared.byValues.size >= MAX_SHARED) shared.byValues.clear();
    cron = new ZonedCron(spec.value, shared.zone, shared.dst);
    shared.byValues.set(key, cron);
  }
  return { ok: true, value: cron };
}

function oneReader(): One {
  const parser = createCronParser();
  return (text, input, shared) => {
    const known = shared.byText.get(text);
    if (known !== undefined) return { ok: true, value: known };
    const trimmed = text.trim();
    const expression = ALIASES[trimmed.toLowerCase()] ?? trimmed;
    if (expression.startsWith('@')) return readAtForm(expression, input);
    const template = parser.parse(expression);
    if (!template.ok) return template;
    const cron = sharedCron(template.value, input, shared);
    if (cron.ok && template.value.isFixed) {
      if (shared.byText.size >= MAX_SHARED) shared.byText.clear();
      shared.byText.set(text, cron.value);
    }
    return cron;
  };
}

function readInstant(
  text: string | undefined,
  path: string,
  otherwise: number,
  issues: FieldIssue[],
): number {
  if (text === undefined) return otherwise;
  const at = parseInstant(text);
  if (at !== undefined) return at;
  issues.push({
    path,
    message: `${JSON.stringify(text)} is not an instant: write ISO 8601 with its zone, such as 2026-12-24T18:00:00Z`,
  });
  return otherwise;
}

/** Lays jitter and bounds over the ticks; bounds hold for the shifted ticks and are themselves within. */
function overlaid(base: Schedule, input: ScheduleInput, issues: FieldIssue[]): Schedule {
  if (input.jitter === undefined && input.startAt === undefined && input.endAt === undefined) return base;
  const from = readInstant(input.startAt, 'startAt', -Infinity, issues);
  const to = readInstant(input.endAt, 'endAt', Infinity, issues);
  if (from >= to)
    issues.push({
      path: 'endAt',
      message: `endAt ${input.endAt} is not after startAt ${input.startAt}: it must be later`,
    });
  let shift = 0;
  if (input.jitter !== undefined) {
    const jitter = durationMs(input.jitter);
    if (jitter === undefined) {
      issues.push({
        path: 'jitter',
        message: `${JSON.stringify(input.jitter)} is not a duration: write a number with a unit, such as "30s"`,
      });
    } else shift = hashBelow(input.name, 'jitter', jitter);
  }
  return shift === 0 && from === -Infinity && to === Infinity
    ? base
    : new BoundedSchedule(base, shift, from, to);
}

export function createScheduleCompiler(zones: Zones = createZones()): ScheduleCompiler {
  const readOne = oneReader();
  const byZone = new Map<string, Shared[]>();

  function sharedFor(zone: Zone, dst: DstPolicy): Shared {
    const policy = (dst.gap === 'skip' ? 1 : 0) + (dst.repeat === 'both' ? 2 : 0);
    let policies = byZone.get(zone.name);
    if (policies === undefined) byZone.set(zone.name, (policies = []));
    return (policies[policy] ??= { zone, dst: { ...dst }, byText: new Map(), byValues: new Map() });
  }

  function readMany(
    texts: readonly string[],
    input: ScheduleInput,
    shared: Shared,
    issues: FieldIssue[],
  ): Schedule {
    const members = new Set<Schedule>();
    for (const [i, text] of texts.entries()) {
      const path = `schedule[${i}]`;
      const one = readOne(text, input, shared);
      if (!one.ok) issues.push({ path, message: one.message });
      else if (one.value.isManual && texts.length > 1) {
        issues.push({
          path,
          message:
            '@manual says that the job has no ticks, so it stands alone: remove it or the other schedules',
        });
      } else members.add(one.value);
    }
    if (texts.length === 0)
      issues.push({ path: 'schedule', message: `an empty list: write at least one schedule, ${FORMS}` });
    const [first = MANUAL] = members;
    return members.size > 1 ? new UnionSchedule([...members]) : first;
  }

  return {
    compile(input) {
      const zone = zones.get(input.timezone);
      const issues: FieldIssue[] = [];
      if (zone === undefined)
        issues.push({
          path: 'timezone',
          message: `${JSON.stringify(input.timezone)} is not a known time zone: write an IANA name such as Europe/Berlin or UTC`,
        });
      // The rest is checked all the same, in a zone that is there.
      const shared = sharedFor(zone ?? zones.get('UTC')!, input.dst);
      let schedule: Schedule = MANUAL;
      if (typeof input.schedule === 'string') {
        const one = readOne(input.schedule, input, shared);
        if (one.ok) schedule = one.value;
        else issues.push({ path: 'schedule', message: one.message });
      } else schedule = readMany(input.schedule, input, shared, issues);
      schedule = overlaid(schedule, input, issues);
      return issues.length === 0 ? { ok: true, value: schedule } : { ok: false, issues };
    },
  };
}
