// Routes of ticks: what became of each.
import { invalidInput } from '../../common/api/problems.ts';
import { MAX_STRETCH_DAYS, type TickView } from '../../common/api/ticks.ts';
import { decodeCursor, encodeCursor } from '../../common/api/paging.ts';
import { parseInstant } from '../../common/core/every.ts';
import { countsOf, ticksOf, type ToldTick } from '../../common/core/outcome-pages.ts';
import { durationMs } from '../../common/model/duration.ts';
import { daysUpTo, outcomesByDay, type LocalDay } from '../../common/core/outcome-days.ts';
import type { Zone, Zones } from '../../common/core/zones.ts';
import type { JobDefinition } from '../../common/model/job.ts';
import type { RunRecord } from '../../common/model/run.ts';
import { instant, type Instant, type Millis } from '../../common/model/time.ts';
import type { AskedStretch, OutcomeReader } from '../reads/outcomes.ts';
import { shownTime } from '../shown.ts';
import type { Handlers } from './operations.ts';

const DAY: Millis = 86_400_000;

const instantOf = (text: string | undefined) => (text === undefined ? undefined : parseInstant(text));

function stretchOf(
  query: { from?: string | undefined; to?: string | undefined },
  now: Instant,
): AskedStretch {
  const to = instantOf(query.to) ?? now;
  const from = instantOf(query.from) ?? instant(Math.max(0, to - DAY));
  if (from > to)
    throw invalidInput([{ path: 'from', message: `must not be after \`to\`, ${shownTime(to)}` }]);
  if (to - from > MAX_STRETCH_DAYS * DAY)
    throw invalidInput([
      { path: 'from', message: `at most ${MAX_STRETCH_DAYS} days before \`to\`: ask for a shorter stretch` },
    ]);
  return { from, to };
}

function cursorOf(cursor: string | undefined): number {
  const after = decodeCursor('ticks', cursor);
  if (after === undefined) return -Infinity;
  if (/^\d{1,16}$/.test(after)) return Number(after);
  throw invalidInput([
    { path: 'cursor', message: 'not a cursor of this list: give back nextCursor of the page before' },
  ]);
}

const showRunOfTick = (run: RunRecord): TickView['runs'][number] => ({
  run: run.id,
  state: run.state,
  cause: run.cause.kind,
  ...(run.worker === undefined ? {} : { worker: run.worker }),
  ...(run.startedAt === undefined ? {} : { startedAt: shownTime(run.startedAt) }),
  ...(run.endedAt === undefined ? {} : { endedAt: shownTime(run.endedAt) }),
  ...(run.cause.retryOf === undefined ? {} : { retryOf: run.cause.retryOf }),
  ...(run.mayHaveOverlapped ? { mayHaveOverlapped: true as const } : {}),
});

function showTick({ tick, segment }: ToldTick): TickView {
  const { outcome, reason, partly, generation, ticks, count, from, to } = segment;
  const runs = [...segment.runs].sort((a, b) => (a.id < b.id ? -1 : 1));
  const { worker, startLagMs } = segment.answer ?? {};
  return {
    tick: shownTime(tick),
    outcome,
    ...(reason === undefined ? {} : { reason }),
    ...(partly ? { partly } : {}),
    ...(worker === undefined ? {} : { worker }),
    ...(startLagMs === undefined ? {} : { startLagMs }),
    runs: runs.map(showRunOfTick),
    generation,
    ...(ticks === undefined ? { offSchedule: true as const } : {}),
    ...(ticks === undefined && count > 1
      ? { ticks: { count, from: shownTime(from), to: shownTime(to) } }
      : {}),
  };
}

/** As anywhere: for a worker that is away its lease has ended by then. */
const GRACE: Millis = 60_000;

function zoneOf(zones: Zones, name: string): Zone {
  const zone = zones.get(name);
  if (zone) return zone;
  throw invalidInput([
    {
      path: 'timezone',
      message: `${JSON.stringify(name)} is not a known time zone: write an IANA name such as Europe/Berlin or UTC`,
    },
  ]);
}

export function tickRoutes(
  outcomes: OutcomeReader,
  zones: Zones,
): Pick<Handlers, 'listTicks' | 'getCalendar'> {
  return {
    async getCalendar({ params, query }) {
      let days: LocalDay[] = [];
      let timezone = '';
      const stretch = (now: Instant, definition: JobDefinition): AskedStretch => {
        timezone = query.timezone ?? definition.timezone;
        days = daysUpTo(zoneOf(zones, timezone), now, query.days);
        return { from: days[0]!.from, to: instant(days.at(-1)!.until - 1) };
      };
      const told = await outcomes.read(params.job, { stretch, grace: GRACE });
      const { knownAfter, now } = told;
      return {
        status: 200,
        body: {
          job: params.job,
          timezone,
          asOf: shownTime(now),
          jobCreatedAt: shownTime(told.createdAt),
          scheduleKnownFrom: shownTime(told.scheduleKnownFrom),
          historyKnownFrom: knownAfter === -Infinity ? null : shownTime(Math.min(knownAfter, now)),
          historyHint: told.historyHint ?? null,
          counts: countsOf(told.segments, now),
          days: outcomesByDay(told.segments, days, now).map(({ date, from, until, counts }) => ({
            date,
            from: shownTime(from),
            until: shownTime(until),
            counts,
          })),
        },
      };
    },
    async listTicks({ params, query }) {
      const after = cursorOf(query.cursor);
      const grace = durationMs(query.grace)!;
      const stretch = (now: Instant): AskedStretch => stretchOf(query, now);
      const told = await outcomes.read(params.job, { stretch, grace });
      const wanted = query.outcome.length === 0 ? undefined : new Set(query.outcome);
      const page = ticksOf(told.segments, {
        after,
        limit: query.limit,
        outcomes: wanted,
        isPartly: query.partly,
        isFailed: query.failed,
      });
      const { knownAfter, now } = told;
      return {
        status: 200,
        body: {
          job: params.job,
          from: shownTime(told.from),
          to: shownTime(told.to),
          jobCreatedAt: shownTime(told.createdAt),
          asOf: shownTime(now),
          scheduleKnownFrom: shownTime(told.scheduleKnownFrom),
          historyKnownFrom: knownAfter === -Infinity ? null : shownTime(Math.min(knownAfter, now)),
          historyHint: told.historyHint ?? null,
          counts: countsOf(told.segments, now),
          items: page.ticks.map(showTick),
          nextCursor: page.more ? encodeCursor('ticks', String(page.ticks.at(-1)!.tick)) : null,
        },
      };
    },
  };
}
