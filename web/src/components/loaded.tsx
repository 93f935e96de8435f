// What a query has to show: its data; a skeleton until it is there; why not, when it can't be had. Data that could
// not be renewed stays, with the reason above it.
import { Skeleton, Stack, VisuallyHidden } from '@mantine/core';
import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { CallFailed } from '../lib/problem.ts';
import { useConnection } from '../lib/use-live.ts';
import { ErrorState } from './error-state.tsx';

export interface LoadedProps<T> {
  readonly query: UseQueryResult<T>;
  readonly children: (data: T) => ReactNode;
  /** Lines of the skeleton. */
  readonly lines?: number;
}

export function Loaded<T>({ query, children, lines = 6 }: LoadedProps<T>): ReactNode {
  const retry = (): void => void query.refetch();
  // That the master is away is said above the page already, and it is asked again when it is back.
  const isAway = useConnection() === 'lost';
  const isTold = isAway && query.error instanceof CallFailed && query.error.code === 'unreachable';
  if (query.data === undefined) {
    return query.isError ? (
      <ErrorState error={query.error} onRetry={retry} />
    ) : (
      <LoadingLines lines={lines} />
    );
  }
  return (
    <>
      {query.isError && !isTold && <ErrorState error={query.error} onRetry={retry} />}
      {children(query.data)}
    </>
  );
}

export function LoadingLines({ lines = 6 }: { readonly lines?: number }): ReactNode {
  const { t } = useTranslation();
  return (
    <Stack gap="xs" aria-busy>
      <VisuallyHidden role="status">{t('loading')}</VisuallyHidden>
      {Array.from({ length: lines }, (_, line) => (
        <Skeleton key={line} height={26} />
      ))}
    </Stack>
  );
}
