// Routes of the overview: what runs, what failed, what comes, and how it went.
import type { OverviewReader } from '../reads/overview.ts';
import type { Handlers } from './operations.ts';

export function overviewRoutes(reader: OverviewReader): Pick<Handlers, 'getOverview' | 'getActivity'> {
  return {
    getOverview: async ({ query }) => ({ status: 200, body: await reader.overview(query) }),
    getActivity: ({ query }) => ({ status: 200, body: reader.activity(query.window) }),
  };
}
