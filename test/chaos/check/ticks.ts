// Invariant 4: each tick that was due has exactly one record; and what was recorded was due. Pure.
import { durationMs } from '../../../src/common/model/duration.ts';
import type { RunRecord } from '../../../src/common/model/run.ts';
import type { Violation } from '../events.ts';
import { cursorBefore, cursorFrom, ticksOf, type Era } from './eras.ts';
import { definitionOf, iso, keyOfRun, type Facts } from './facts.ts';

export interface TickCounts {
  due: number;
  ran: number;
  skipped: number;
  missed: number;
  lost: number;
  /** Due when the definition was changed or paused, which drops it: documented. */
  dropped: number;
  /** Claimed when its job was deleted, which leaves no record: documented. */
  deleted: number;
  unexplained: number;
}

export const noCounts = (): TickCounts => ({
  due: 0,
  ran: 0,
  skipped: 0,
  missed: 0,
  lost: 0,
  dropped: 0,
  deleted: 0,
  unexplained: 0,
});

export function checkTicks(facts: Facts, counts: TickCounts): Violation[] {
  return [
    ...facts.eras.flatMap((era) => checkEra(facts, era, counts)),
    ...checkDue(facts),
    ...checkCaughtUp(facts),
  ];
}

type Teller = { readonly record: RunRecord; readonly worker: string };

/** Records by the ticks that they tell of; a retry is of a tick that another record tells of. */
function tellersOf(facts: Facts, era: Era): Map<number, Teller[]> {
  const tellers = new Map<number, Teller[]>();
  const all = era.definition.workers.mode === 'all';
  const tell = (tick: number, record: RunRecord): void => {
    const teller = { record, worker: all ? (record.worker ?? 'nobody') : 'one' };
    const some = tellers.get(tick);
    if (some) some.push(teller);
    else tellers.set(tick, [teller]);
  };
  for (const record of facts.runsOf.get(era.job) ?? []) {
    if (record.jobCreated !== era.created) continue;
    if (record.ticks) {
      for (const tick of ticksOf({ ...era, since: record.ticks.from - 1, until: record.ticks.to }))
        tell(tick, record);
    } else if (record.cause.tick !== undefined && record.cause.kind !== 'retry')
      tell(record.cause.tick, record);
  }
  return tellers;
}

function checkEra(facts: Facts, era: Era, counts: TickCounts): Violation[] {
  const { job } = era;
  const found: Violation[] = [];
  const tellers = tellersOf(facts, era);
  const cursors = facts.cursors.get(job) ?? [];
  // What lies beyond it was still open when the era ended.
  const settled = era.isDeleted
    ? cursorBefore(cursors, era.endRevision)
    : era.endRevision === Infinity
      ? Infinity
      : cursorFrom(cursors, era.endRevision);
  for (const tick of ticksOf(era)) {
    counts.due++;
    const told = tellers.get(tick) ?? [];
    if (told.length === 0) {
      if (isClaimedAtDeletion(facts, era, tick)) counts.deleted++;
      else if (tick > settled) counts.dropped++;
      else {
        counts.unexplained++;
        found.push({ what: 'tick without a record', job, detail: `tick ${iso(tick)}` });
      }
      continue;
    }
    for (const worker of new Set(told.map((teller) => teller.worker))) {
      const records = told.filter((teller) => teller.worker === worker).map(({ record }) => record);
      if (records.length > 1) {
        const detail = `tick ${iso(tick)}: ${records.map(({ id, state }) => `${id} ${state}`).join(', ')}`;
        found.push({ what: 'tick with two records', job, detail });
      }
    }
    count(counts, told[0]!.record);
  }
  return found;
}

function count(counts: TickCounts, { state }: RunRecord): void {
  if (state === 'skipped' || state === 'missed' || state === 'lost') counts[state]++;
  else counts.ran++;
}

function isClaimedAtDeletion(
  facts: Facts,
  { job, created, isDeleted, endRevision }: Era,
  tick: number,
): boolean {
  if (!isDeleted) return false;
  for (const [key, claims] of facts.claims) {
    if (!key.startsWith(`${job}/`)) continue;
    const last = claims.findLast(({ revision }) => revision < endRevision)?.record;
    if (last?.jobCreated === created && last.cause.tick === tick) return true;
  }
  return false;
}

/** `catchUp: all` lets nothing go that is younger than its window. */
function checkCaughtUp(facts: Facts): Violation[] {
  const found: Violation[] = [];
  for (const record of facts.runs.values()) {
    const { job, state, ticks, endedAt } = record;
    const { catchUp, workers } = definitionOf(facts, record)?.definition ?? {};
    if (state !== 'missed' || !ticks || catchUp?.policy !== 'all' || workers?.mode === 'all') continue;
    const age = (endedAt ?? 0) - ticks.to;
    if (age >= (durationMs(catchUp.window) ?? 0)) continue;
    const detail = `${ticks.count} ticks up to ${iso(ticks.to)}, ${age} ms old: ${record.reason ?? ''}`;
    found.push({ what: 'tick that was to be caught up', job, detail });
  }
  return found;
}

/** Invariant 6, and runs of ticks that no definition had. */
function checkDue(facts: Facts): Violation[] {
  const found: Violation[] = [];
  const told = new Set<string>();
  const records = [...facts.runs.values(), ...facts.history.claims.flatMap(({ record }) => record ?? [])];
  for (const record of records) {
    const { job, id, cause, ticks, jobCreated, generation } = record;
    const key = keyOfRun(job, id);
    const first = ticks?.from ?? cause.tick;
    if (first === undefined || told.has(key)) continue;
    told.add(key);
    const eras = facts.eras.filter((era) => era.job === job && era.created === jobCreated);
    const own = eras.find(({ generations }) => generations.has(generation));
    // A stretch may begin under the definition before its own: skipped for one run, across a change.
    const isDue = (era: Era): boolean => first > era.since && first % era.periodMs === 0;
    const isOf = ticks ? eras.some(isDue) : own !== undefined && isDue(own);
    if (!isOf) {
      const detail = `run ${id} (${record.state}, generation ${generation}) of ${iso(first)}`;
      found.push({ what: 'tick that was not due', job, detail });
    }
  }
  return found;
}
