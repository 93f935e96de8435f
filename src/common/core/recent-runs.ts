// The runs of the last hour, so many a minute at most: of more, those that did not end well are kept, then the longest,
// for a bar that is too short to be seen says nothing. How many there were is counted all the same.
import type { Millis } from '../model/time.ts';
import { MINUTE } from './activity.ts';

export const RECENT_MINUTES = 60;
/** Kept of a minute; twice as many before they are weeded out. */
const KEPT = 500;

/** Either it ran from `startedAt`, or it was skipped or missed at `scheduledFor`. */
export interface RecentRun {
  readonly state: string;
  readonly scheduledFor: number;
  readonly startedAt: number | undefined;
  readonly endedAt: number;
}

interface Minute<R> {
  readonly minute: number;
  runs: R[];
  /** All of them, also those that are not kept. */
  total: number;
}

export interface RecentRuns<R extends RecentRun> {
  note(run: R, now: number): void;
  /** Those of the wanted that were on at some time in [from, to], in no order. `total`: with those that are not kept, by their ends. */
  between(from: number, to: number, isWanted?: (run: R) => boolean): { runs: R[]; total: number };
  clear(): void;
}

const lengthOf = ({ startedAt, endedAt }: RecentRun): Millis =>
  startedAt === undefined ? 0 : endedAt - startedAt;

const byWorth = (a: RecentRun, b: RecentRun): number => {
  const failed = Number(b.state !== 'succeeded') - Number(a.state !== 'succeeded');
  return failed === 0 ? lengthOf(b) - lengthOf(a) : failed;
};

export function createRecentRuns<R extends RecentRun>(kept = KEPT): RecentRuns<R> {
  const ring: (Minute<R> | undefined)[] = Array.from({ length: RECENT_MINUTES + 1 });

  return {
    note(run, now) {
      const minute = Math.floor(run.endedAt / MINUTE);
      const current = Math.floor(now / MINUTE);
      if (minute < current - RECENT_MINUTES || minute > current + 1) return;
      const place = minute % ring.length;
      let held = ring[place];
      if (held === undefined || held.minute < minute) ring[place] = held = { minute, runs: [], total: 0 };
      if (held.minute > minute) return;
      held.total++;
      held.runs.push(run);
      if (held.runs.length >= 2 * kept) held.runs = held.runs.sort(byWorth).slice(0, kept);
    },
    between(from, to, isWanted) {
      const found: R[] = [];
      let total = 0;
      for (const held of ring) {
        if (held === undefined || (held.minute + 1) * MINUTE <= from) continue;
        let overlapping = 0;
        for (const run of held.runs) {
          if (run.endedAt < from || (run.startedAt ?? run.scheduledFor) > to) continue;
          if (isWanted && !isWanted(run)) continue;
          overlapping++;
          found.push(run);
        }
        // Of those that are not kept, as many were on then as of those that are.
        total +=
          held.runs.length === held.total
            ? overlapping
            : Math.round((overlapping / held.runs.length) * held.total);
      }
      return { runs: found, total };
    },
    clear() {
      ring.fill(undefined);
    },
  };
}
