// Which schedule held when: the eras of a job, from the definitions that are kept. A change of schedule and a
// resume begin a new era (`since`); a pause ends one. Pure.
import { instant, type Instant } from '../model/time.ts';
import type { JobRecord } from '../model/job.ts';
import { compileSchedule } from './definition.ts';
import type { TickSource } from './due.ts';
import type { ScheduleCompiler } from './schedule.ts';

/** Ticks in (after, until] were those of `ticks`. */
export interface Era {
  readonly ticks: TickSource;
  readonly after: Instant;
  /** Infinity: it is the era of now. */
  readonly until: number;
  /** Nothing was due. `since-unknown`: from some moment in it on. */
  readonly paused: 'no' | 'yes' | 'since-unknown';
  readonly overlap: JobRecord['definition']['overlap'];
  /** It ran on all workers, of which each has ticks of its own: later ones may be settled before earlier ones. */
  readonly ofAll: boolean;
  /** When it changed from all workers to one, which drops what a worker with a later tick has left behind. */
  readonly ofOneSince: readonly Instant[];
  /** The last definition of the era. */
  readonly generation: number;
}

/** Definitions that follow one another without a hole, oldest first, the last the one of now. */
function unbroken(records: readonly JobRecord[]): JobRecord[] {
  const sorted = [...records].sort((a, b) => a.generation - b.generation);
  let first = sorted.length - 1;
  while (
    first > 0 &&
    sorted[first - 1]!.generation === sorted[first]!.generation - 1 &&
    sorted[first - 1]!.createdAt === sorted[first]!.createdAt
  )
    first--;
  return sorted.slice(Math.max(0, first));
}

const changesToOne = (group: readonly JobRecord[]): Instant[] =>
  group
    .filter(
      ({ definition }, i) =>
        definition.workers.mode === 'one' && group[i - 1]?.definition.workers.mode === 'all',
    )
    .map(({ updatedAt }) => instant(updatedAt));

/**
 * Oldest first; before the first era nothing is known of what was due. `records`: the definition of now, and
 * those before it as far as they are kept. undefined: the schedule of now does not compile.
 */
export function erasOf(
  records: readonly JobRecord[],
  compiler: ScheduleCompiler,
): readonly Era[] | undefined {
  const chain = unbroken(records);
  const eras: Era[] = [];
  let until = Infinity;
  let index = chain.length - 1;

  const push = (
    record: JobRecord,
    group: readonly JobRecord[],
    after: number,
    paused: Era['paused'],
  ): boolean => {
    const compiled = compileSchedule(record.definition, instant(record.anchor), compiler);
    if (!compiled.ok) return false;
    const { overlap } = record.definition;
    const { generation } = record;
    const ofAll = group.some(({ definition }) => definition.workers.mode === 'all');
    const era = { ticks: compiled.value, overlap, ofAll, ofOneSince: changesToOne(group), generation };
    if (after < until) eras.push({ ...era, after: instant(after), until, paused });
    until = Math.min(until, after);
    return true;
  };

  while (index >= 0) {
    const record = chain[index]!;
    let first = index;
    const { paused } = record.definition;
    const goesOn = (before: JobRecord): boolean =>
      before.definition.paused === paused && (paused || before.since === record.since);
    while (first > 0 && goesOn(chain[first - 1]!)) first--;
    const oldest = chain[first]!;
    const group = chain.slice(first, index + 1);
    if (!push(record, group, paused ? oldest.updatedAt : record.since, paused ? 'yes' : 'no')) break;
    // Paused by a definition that is not kept any more: when, between its `since` and its writing, nobody knows.
    if (paused && first === 0) push(oldest, [oldest], oldest.since, 'since-unknown');
    index = first - 1;
  }
  return eras.length === 0 ? undefined : eras.toReversed();
}

/** The latest moment at which a larger history was allowed than before: what was cut by then is gone. -Infinity: never. */
export function limitsSince(
  records: readonly JobRecord[],
  lifetime: (text: string) => number | undefined,
): number {
  const chain = unbroken(records);
  const first = chain[0];
  let since = first && first.generation > 1 ? first.updatedAt : -Infinity;
  for (const [i, after] of chain.entries()) {
    const before = chain[i - 1]?.definition.history;
    const { history } = after.definition;
    if (before && (history.keep > before.keep || lifetime(history.for)! > lifetime(before.for)!))
      since = after.updatedAt;
  }
  return since;
}
