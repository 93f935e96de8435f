// Routes of what lies over time: runs, coming ticks, the forecast.
import type { ForecastReader } from '../reads/forecast.ts';
import type { TimelineReader } from '../reads/timeline.ts';
import type { Handlers } from './operations.ts';

export function timelineRoutes({
  timeline,
  forecast,
}: {
  readonly timeline: TimelineReader;
  readonly forecast: ForecastReader;
}): Pick<Handlers, 'getTimeline' | 'getForecast'> {
  return {
    getTimeline: async ({ query }) => ({ status: 200, body: await timeline.read(query) }),
    getForecast: async ({ query }) => ({ status: 200, body: await forecast.read(query) }),
  };
}
