// Which ticks were due, by the definitions that were in force. Its own arithmetic: schedules here are "every n
// seconds", n a divisor of 60, and the product's calculator is not asked. Pure.
import type { CursorChange, Definition, JobChange } from '../events.ts';

/** A stretch of a job's life in which `since`, schedule and being paused did not change. */
export interface Era {
  readonly job: string;
  /** Create revision of the job: tells lives of one name apart. */
  readonly created: number;
  /** No tick at or before it is due. */
  readonly since: number;
  /** Ticks after it belong to what came next. */
  readonly until: number;
  /** Of the change that ended it; Infinity: none did. */
  readonly endRevision: number;
  readonly isDeleted: boolean;
  readonly periodMs: number;
  readonly definition: Definition;
  /** Generations that belong to it. */
  readonly generations: ReadonlySet<number>;
}

/** undefined: by hand only. Throws when it is none that this understands. */
export function periodOf(schedule: Definition['schedule']): number | undefined {
  if (schedule === '@manual') return undefined;
  const match = /^\*(?:\/(\d+))? \* \* \* \* \*$/.exec(String(schedule));
  const seconds = Number(match?.[1] ?? 1);
  if (!match || 60 % seconds !== 0) throw new Error(`not a schedule of this test: ${String(schedule)}`);
  return seconds * 1_000;
}

/** `end`: when it was looked at last. In the order of time, for each job. */
export function erasOf(changes: readonly JobChange[], end: number): Era[] {
  const eras: Era[] = [];
  const open = new Map<string, Era>();
  const close = (job: string, by: Pick<Era, 'until' | 'endRevision' | 'isDeleted'>): void => {
    const era = open.get(job);
    if (era) eras.push({ ...era, ...by });
    open.delete(job);
  };
  for (const { job, record, created, revision, at } of changes) {
    const before = open.get(job);
    if (!record) {
      close(job, { until: at, endRevision: revision, isDeleted: true });
      continue;
    }
    const { definition, since, generation } = record;
    const periodMs = definition.paused ? undefined : periodOf(definition.schedule);
    if (
      before?.created === created &&
      before.since === since &&
      before.periodMs === periodMs &&
      !definition.paused
    ) {
      open.set(job, { ...before, definition, generations: new Set([...before.generations, generation]) });
      continue;
    }
    close(job, { until: record.updatedAt, endRevision: revision, isDeleted: before?.created !== created });
    if (periodMs === undefined) continue;
    const rest = { until: end, endRevision: Infinity, isDeleted: false };
    open.set(job, { job, created, since, periodMs, definition, generations: new Set([generation]), ...rest });
  }
  for (const era of open.values()) eras.push({ ...era, until: end, endRevision: Infinity, isDeleted: false });
  return eras.sort((a, b) => a.since - b.since);
}

/** In order; none when nothing was due. */
export function ticksOf({ since, until, periodMs }: Pick<Era, 'since' | 'until' | 'periodMs'>): number[] {
  const ticks: number[] = [];
  for (let tick = (Math.floor(since / periodMs) + 1) * periodMs; tick <= until; tick += periodMs)
    ticks.push(tick);
  return ticks;
}

/**
 * How far the cursor is sure to have stayed, from a revision on: the smallest value that it had at or after it.
 * A claim that is given back after a change moves it back.
 */
export function cursorFrom(cursors: readonly CursorChange[], revision: number): number {
  let at = -Infinity;
  let least: number | undefined;
  for (const change of cursors) {
    const value = change.tick ?? -Infinity;
    if (change.revision < revision) at = value;
    else least = Math.min(least ?? at, value);
  }
  return Math.min(at, least ?? at);
}

/** The cursor right before a revision. */
export function cursorBefore(cursors: readonly CursorChange[], revision: number): number {
  let at = -Infinity;
  for (const change of cursors) if (change.revision < revision) at = change.tick ?? -Infinity;
  return at;
}
