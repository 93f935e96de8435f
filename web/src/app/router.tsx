// All addresses of the page. Each page is a piece of its own, loaded when it is first opened; what its address may
// carry (filters, a sort) is checked by a zod schema beside it.
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  type ErrorComponentProps,
} from '@tanstack/react-router';
import { LoadingLines } from '../components/loaded.tsx';
import { newJobSearch } from '../features/editor/editor-search.ts';
import { parseJobSearch } from '../features/job/job-search.ts';
import { parseJobsSearch } from '../features/jobs/jobs-search.ts';
import { runsSearch } from '../features/runs/runs-search.ts';
import { basePath } from '../lib/base.ts';
import { Crash } from './crash.tsx';
import { NotFound } from './not-found.tsx';
import { Shell } from './shell/shell.tsx';

const root = createRootRoute({ component: Shell, notFoundComponent: NotFound });

const overview = createRoute({
  getParentRoute: () => root,
  path: '/',
  component: lazyRouteComponent(() => import('../features/overview/overview-page.tsx'), 'OverviewPage'),
});

const jobs = createRoute({
  getParentRoute: () => root,
  path: '/jobs',
  validateSearch: parseJobsSearch,
  component: lazyRouteComponent(() => import('../features/jobs/jobs-page.tsx'), 'JobsPage'),
});

const job = createRoute({
  getParentRoute: () => root,
  path: '/jobs/$job',
  validateSearch: parseJobSearch,
  component: lazyRouteComponent(() => import('../features/job/job-page.tsx'), 'JobPage'),
});

const newJob = createRoute({
  getParentRoute: () => root,
  path: '/jobs/new',
  validateSearch: newJobSearch,
  component: lazyRouteComponent(() => import('../features/editor/editor-pages.tsx'), 'NewJobPage'),
});

const editJob = createRoute({
  getParentRoute: () => root,
  path: '/jobs/$job/edit',
  component: lazyRouteComponent(() => import('../features/editor/editor-pages.tsx'), 'EditJobPage'),
});

const runs = createRoute({
  getParentRoute: () => root,
  path: '/runs',
  validateSearch: runsSearch,
  component: lazyRouteComponent(() => import('../features/runs/runs-page.tsx'), 'RunsPage'),
});

const run = createRoute({
  getParentRoute: () => root,
  path: '/jobs/$job/runs/$run',
  component: lazyRouteComponent(() => import('../features/runs/run-page.tsx'), 'RunPage'),
});

const workers = createRoute({
  getParentRoute: () => root,
  path: '/workers',
  component: lazyRouteComponent(() => import('../features/workers/workers-page.tsx'), 'WorkersPage'),
});

const cluster = createRoute({
  getParentRoute: () => root,
  path: '/cluster',
  component: lazyRouteComponent(() => import('../features/cluster/cluster-page.tsx'), 'ClusterPage'),
});

export const createPageRouter = () =>
  createRouter({
    routeTree: root.addChildren([overview, jobs, newJob, job, editJob, runs, run, workers, cluster]),
    basepath: basePath,
    defaultPreload: 'intent',
    scrollRestoration: true,
    defaultErrorComponent: ({ error, reset }: ErrorComponentProps) => <Crash error={error} onReset={reset} />,
    defaultNotFoundComponent: NotFound,
    defaultPendingComponent: () => <LoadingLines />,
    defaultPendingMs: 200,
  });

export type PageRouter = ReturnType<typeof createPageRouter>;

declare module '@tanstack/react-router' {
  interface Register {
    router: PageRouter;
  }
}
