// What a schedule will do, before it does it: words, the next ticks, and what a change of the clock does to
// them. Reads the remarks off the same stretches that the calculator walks, so the two cannot disagree.
import type { Checked } from '../model/issue.ts';
import { instant, toIso, type Instant } from '../model/time.ts';
import { describeSchedule, hasHash } from './describe.ts';
import type { Schedule, ScheduleCompiler, ScheduleInput } from './schedule.ts';
import { BoundedSchedule, UnionSchedule } from './schedule-union.ts';
import { lastLocal, nextLocal } from './ticks.ts';
import { ZonedCron } from './ticks-zoned.ts';
import { offsetAt, stretchAt, type Zone, type Zones } from './zones.ts';

export interface PreviewTick {
  readonly at: Instant;
  /** `2027-03-28T03:00:00+02:00`: the wall clock of the zone, with its offset. */
  readonly local: string;
  /** What a change of the clock does to this tick. */
  readonly remark?: string;
}

export interface Preview {
  readonly description: string;
  /** What of it depends on a name that was not given. */
  readonly remark?: string;
  readonly ticks: readonly PreviewTick[];
}

const DAY = 86_400_000;
const two = (n: number): string => String(n).padStart(2, '0');

/** `2027-03-28T03:00:00+02:00` (with seconds in the offset where a zone had them). */
export function localText(zone: Zone, at: Instant): string {
  const offset = offsetAt(zone, at);
  const seconds = Math.abs(offset) / 1000;
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const sign = offset < 0 ? '-' : '+';
  return `${toIso(instant(at + offset)).slice(0, 19)}${sign}${two(h)}:${two(m)}${s === 0 ? '' : `:${two(s)}`}`;
}

/** `02:30`, with seconds where they matter. */
function clockText(local: number): string {
  const text = toIso(instant(local)).slice(11, 19);
  return text.endsWith(':00') ? text.slice(0, 5) : text;
}

const dateText = (local: number): string => toIso(instant(local)).slice(0, 10);

function gapRemark({ spec, zone }: ZonedCron, gap: number, opens: number): string | undefined {
  const first = nextLocal(spec, gap);
  if (first >= opens) return undefined;
  const last = lastLocal(spec, opens - 1);
  const skipped =
    first === last ? `${clockText(first)} does` : `${clockText(first)} to ${clockText(last)} do`;
  return `${skipped} not exist on ${dateText(first)} in ${zone.name}: fires at ${clockText(opens)}`;
}

function remarkOf(cron: ZonedCron, at: Instant): string | undefined {
  const { zone, spec, dst } = cron;
  const block = zone.blockAt(at);
  const i = stretchAt(block, at);
  const start = block.starts[i]!;
  const local = at + block.offsets[i]!;
  const gap = block.gaps[i]!;
  if (at === start && gap < local && !spec.isOpen && dst.gap === 'shift') {
    const remark = gapRemark(cron, gap, local);
    if (remark !== undefined) return remark;
  }
  if (nextLocal(spec, local) !== local) return undefined;
  const isSecond = local < block.floors[i]!;
  // Shown again later? Then some instant of the next two days has the same local time.
  const isFirst = !isSecond && isShownAgain(zone, at, local);
  if (!isFirst && !isSecond) return undefined;
  const twice = `${clockText(local)} occurs twice on ${dateText(local)} in ${zone.name}`;
  if (!spec.isOpen && dst.repeat === 'first') return `${twice}: fires at the first`;
  return `${twice}: fires at both, this is the ${isFirst ? 'first' : 'second'}`;
}

function isShownAgain(zone: Zone, at: number, local: number): boolean {
  for (let block = zone.blockAt(at), i = stretchAt(block, at); ;) {
    if (i + 1 < block.starts.length) i++;
    else {
      block = zone.blockAt(block.to);
      i = 0;
    }
    const start = block.starts[i]!;
    if (start - at > 2 * DAY) return false;
    if (local >= start + block.offsets[i]! && local < block.floors[i]!) return true;
  }
}

/** The cron expressions within a schedule, and by how much its ticks are shifted. */
function cronsOf(schedule: Schedule): { crons: readonly ZonedCron[]; shift: number } {
  if (schedule instanceof BoundedSchedule)
    return { crons: cronsOf(schedule.base).crons, shift: schedule.shift };
  if (schedule instanceof UnionSchedule)
    return { crons: schedule.members.flatMap((member) => cronsOf(member).crons), shift: 0 };
  return { crons: schedule instanceof ZonedCron ? [schedule] : [], shift: 0 };
}

/** The next ticks of a compiled schedule strictly after an instant, at most `count`. */
export function nextTicks(schedule: Schedule, zone: Zone, after: Instant, count: number): PreviewTick[] {
  const { crons, shift } = cronsOf(schedule);
  const ticks: PreviewTick[] = [];
  for (
    let at = schedule.nextAfter(after);
    at !== undefined && ticks.length < count;
    at = schedule.nextAfter(at)
  ) {
    const due = instant(at - shift);
    const remarks = crons
      .filter((cron) => cron.atOrBefore(due) === due)
      .flatMap((cron) => remarkOf(cron, due) ?? []);
    const local = localText(zone, at);
    ticks.push(
      remarks.length === 0 ? { at, local } : { at, local, remark: [...new Set(remarks)].join('; ') },
    );
  }
  return ticks;
}

/** In place of a name that is not given. */
export const NO_NAME = 'preview';

function nameRemark({ schedule, jitter }: NamedOrNot): string | undefined {
  const hashes = [schedule].flat().some(hasHash);
  const parts = [...(hashes ? ['what H stands for'] : []), ...(jitter === undefined ? [] : ['the jitter'])];
  if (parts.length === 0) return undefined;
  return `${parts.join(' and ')} depend${parts.length > 1 ? '' : 's'} on the name of the job: these ticks are those of some job; give \`name\` to see those of yours`;
}

/** `name` may be absent while there is none. */
export type NamedOrNot = Omit<ScheduleInput, 'name'> & { readonly name?: string | undefined };

/** Checks a schedule, and says in words and in ticks what it means. `zones`: those of the compiler, or others. */
export function previewSchedule(
  given: NamedOrNot,
  {
    compiler,
    zones,
    after,
    count,
  }: { compiler: ScheduleCompiler; zones: Zones; after: Instant; count: number },
): Checked<Preview> {
  const input = { ...given, name: given.name ?? NO_NAME };
  const compiled = compiler.compile(input);
  if (!compiled.ok) return compiled;
  const remark = given.name === undefined ? nameRemark(given) : undefined;
  const zone = zones.get(input.timezone)!;
  return {
    ok: true,
    value: {
      description: describeSchedule(input.schedule, input.name),
      ...(remark === undefined ? {} : { remark }),
      ticks: nextTicks(compiled.value, zone, after, count),
    },
  };
}
