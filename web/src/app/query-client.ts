// How answers are kept and asked for again, and what is said when something that the user did fails.
import { MutationCache, QueryClient } from '@tanstack/react-query';
import i18next from 'i18next';
import { notifyFailed } from '../components/notify.ts';
import { problemText, problemTitle } from '../components/problem-text.ts';
import { mayPass } from '../lib/problem.ts';

const TRIES = 3;

export const createQueryClient = (): QueryClient =>
  new QueryClient({
    mutationCache: new MutationCache({
      onError(error, _given, _context, mutation) {
        if (mutation.meta?.['quiet'] === true) return;
        const title = problemTitle(error, i18next.t) ?? i18next.t('problem.actionFailed');
        const lines = problemText(error, i18next.t).filter((line) => line !== title);
        notifyFailed(title, lines.join('\n'));
      },
    }),
    defaultOptions: {
      queries: {
        // News tells what is old (lib/freshness); this is for what nobody tells of.
        staleTime: 10_000,
        retry: (count, error) => count < TRIES && mayPass(error),
        retryDelay: (count) => Math.min(500 * 2 ** count, 4_000),
        networkMode: 'always',
      },
      mutations: { retry: false, networkMode: 'always' },
    },
  });
