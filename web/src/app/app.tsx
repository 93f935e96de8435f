// Everything that the pages stand in: how things look, what is known, what is live, where one is.
import { MantineProvider } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { QueryClientProvider, type QueryClient } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Live } from '../lib/live.ts';
import { LiveContext } from '../lib/use-live.ts';
import type { PageRouter } from './router.tsx';
import { theme } from './theme.ts';

export interface AppProps {
  readonly client: QueryClient;
  readonly live: Live;
  readonly router: PageRouter;
  readonly nonce: string;
}

export function App({ client, live, router, nonce }: AppProps): ReactNode {
  return (
    <MantineProvider theme={theme} defaultColorScheme="auto" getStyleNonce={() => nonce}>
      <QueryClientProvider client={client}>
        <LiveContext value={live}>
          <Notifications position="bottom-right" limit={4} />
          <RouterProvider router={router} />
        </LiveContext>
      </QueryClientProvider>
    </MantineProvider>
  );
}
