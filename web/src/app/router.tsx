// All addresses of the page. Each page is a piece of its own, loaded when it is first opened; what its address may
// carry (filters, a sort) is checked by a zod schema beside it.
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
  type ErrorComponentProps,
} from '@tanstack/react-router';
import { LoadingLines } from '../components/loaded.tsx';
import { basePath } from '../lib/base.ts';
import { Crash } from './crash.tsx';
import { NotFound } from './not-found.tsx';
import { Shell } from './shell/shell.tsx';

const root = createRootRoute({ component: Shell, notFoundComponent: NotFound });

const start = createRoute({
  getParentRoute: () => root,
  path: '/',
  beforeLoad: () => {
    throw redirect({ to: '/workers', replace: true });
  },
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
    routeTree: root.addChildren([start, workers, cluster]),
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
