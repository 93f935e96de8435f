// The forecast of a day's ticks, made in slices between other requests, one at a time, and kept for a minute.
import { SLOTS, type Forecast, type SlotWidth } from '../../common/api/timeline.ts';
import type { Clock } from '../../common/core/clock.ts';
import { createForecaster, type TickForecast } from '../../common/core/forecast.ts';
import { instant, type Instant, type Millis } from '../../common/model/time.ts';
import { shownTime } from '../shown.ts';
import { slices } from '../slices.ts';
import { matcher } from '../views/job-index.ts';
import { filterOf, type JobSearch, type SearchDeps } from './job-search.ts';
import { CATCH_UP_MS } from './runs.ts';
import { top } from '../top.ts';

const GOOD_FOR: Millis = 60_000;
/** Questions whose answers are kept. */
const MOST_KEPT = 20;
const MOST_CROWDED = 10;
const SECOND: Millis = 1_000;

export interface ForecastQuery extends JobSearch {
  readonly hours: number;
  readonly slot: SlotWidth;
}

export interface ForecastReader {
  read(query: ForecastQuery): Promise<Forecast>;
}

export function forecastReader(deps: SearchDeps & { readonly clock: Clock }): ForecastReader {
  const { clock, views } = deps;
  const kept = new Map<string, { readonly at: number; readonly forecast: Promise<Forecast> }>();
  let last: Promise<unknown> = Promise.resolve();

  const make = async (query: ForecastQuery): Promise<Forecast> => {
    await views.caughtUp(CATCH_UP_MS);
    const slotSeconds = SLOTS[query.slot];
    const now = clock.now();
    // Slots begin where a clock on the wall has them.
    const from = instant(Math.floor(now / (slotSeconds * SECOND)) * slotSeconds * SECOND);
    const seconds = query.hours * 3_600;
    const forecaster = createForecaster({ from, seconds, slotSeconds });
    const matches = matcher(filterOf(query, deps));
    const slice = slices(clock);
    for (const entry of views.jobs.entries()) {
      if (entry.schedule && matches(entry)) forecaster.add(entry.schedule);
      if (slice.isDue()) await slice.breathe();
    }
    const steps = slices(clock, 1);
    const counting = forecaster.count();
    for (;;) {
      const step = counting.next();
      if (step.done) return shown(now, from, slotSeconds, step.value);
      if (steps.isDue()) await steps.breathe();
    }
  };

  return {
    read(query) {
      const key = JSON.stringify(query);
      const now = clock.monotonic();
      const known = kept.get(key);
      if (known && now - known.at < GOOD_FOR) return known.forecast;
      const forecast = last.then(() => make(query));
      last = forecast.catch(() => kept.delete(key));
      kept.delete(key);
      kept.set(key, { at: now, forecast });
      if (kept.size > MOST_KEPT) kept.delete(kept.keys().next().value!);
      return forecast;
    },
  };
}

function shown(
  now: Instant,
  from: Instant,
  slotSeconds: number,
  { jobs, perSecond, isApproximate }: TickForecast,
): Forecast {
  const at = (second: number): string => shownTime(from + second * SECOND);
  const crowded = top<number>(MOST_CROWDED, (a, b) => perSecond[b]! - perSecond[a]! || a - b);
  const slots: Forecast['slots'] = [];
  for (let first = 0; first < perSecond.length; first += slotSeconds) {
    let ticks = 0;
    let busiest = first;
    const end = Math.min(perSecond.length, first + slotSeconds);
    for (let second = first; second < end; second++) {
      ticks += perSecond[second]!;
      if (perSecond[second]! > perSecond[busiest]!) busiest = second;
      if (perSecond[second]! > 0) crowded.add(second);
    }
    const most = Math.round(perSecond[busiest]!);
    slots.push({
      at: at(first),
      ticks: Math.round(ticks),
      busiest: ticks > 0 ? { at: at(busiest), ticks: Math.max(1, most) } : null,
    });
  }
  return {
    at: shownTime(now),
    from: shownTime(from),
    to: at(perSecond.length),
    slotSeconds,
    jobs,
    ticks: slots.reduce((sum, slot) => sum + slot.ticks, 0),
    approximate: isApproximate,
    slots,
    crowded: crowded.list().map((second) => ({ at: at(second), ticks: Math.round(perSecond[second]!) })),
  };
}
