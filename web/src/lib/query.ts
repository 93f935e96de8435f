// Reading and doing, by the name of an operation. A page says `useQuery(read('listWorkers'))` and gets what the
// contract promises; `useAction('drainWorker')` does something, and says in words when that fails.
import {
  infiniteQueryOptions,
  queryOptions,
  useMutation,
  type QueryClient,
  type UseMutationResult,
} from '@tanstack/react-query';
import type { OperationId } from '../../../src/common/api/contract.ts';
import { call, type Body, type Given, type GivenArgs } from './api.ts';
import { keyOf } from './query-keys.ts';

/** For useQuery, useSuspenseQuery, ensureQueryData, setQueryData. */
export function read<Id extends OperationId>(id: Id, ...[given]: GivenArgs<Id>) {
  const asked = (given ?? {}) as Given<Id>;
  return queryOptions<Body<Id>>({
    queryKey: keyOf(id, asked),
    queryFn: ({ signal }) => call(id, asked, signal),
  });
}

/** Operations that answer page by page. */
type Paged = {
  [Id in OperationId]: Body<Id> extends { readonly nextCursor: string | null } ? Id : never;
}[OperationId];

/**
 * For useInfiniteQuery: page after page of a list. `given` without its cursor. With `meta: { renewsItself: true }`
 * news does not make all of its pages old: who shows it renews what is on the screen.
 */
export function readPages<Id extends Paged>(id: Id, ...[given]: GivenArgs<Id>) {
  const asked = (given ?? {}) as Given<Id>;
  return infiniteQueryOptions({
    queryKey: [...keyOf(id, asked), 'pages'],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ signal, pageParam }): Promise<Body<Id>> => {
      const query = { ...(asked as { query?: object }).query, cursor: pageParam };
      return call(id, { ...asked, query } as Given<Id>, signal);
    },
    getNextPageParam: (page) => (page as { nextCursor: string | null }).nextCursor ?? undefined,
  });
}

export interface ActionOptions<Id extends OperationId> {
  /**
   * Shows at once what will be, where that is safe to say; returns what takes it back when the master refuses
   * (see `assume`).
   */
  readonly ahead?: (given: Given<Id>) => () => void;
  /** After it is done, with what was asked. */
  readonly onDone?: (body: Body<Id>, given: Given<Id>) => void;
  /** The page shows failures itself, as a form does at its fields. */
  readonly quiet?: boolean;
}

export function useAction<Id extends OperationId>(
  id: Id,
  { ahead, onDone, quiet = false }: ActionOptions<Id> = {},
): UseMutationResult<Body<Id>, Error, Given<Id>> {
  return useMutation({
    mutationKey: [id],
    mutationFn: (given: Given<Id>) => call(id, given),
    meta: { quiet },
    ...(ahead && {
      onMutate: ahead,
      onError: (_error: Error, _given: Given<Id>, takeBack: unknown) => (takeBack as () => void)(),
    }),
    ...(onDone && { onSuccess: onDone }),
  });
}

/** What is shown of an operation is changed before the master has answered; returns what has it asked for again. */
export function assume<Id extends OperationId>(
  client: QueryClient,
  id: Id,
  change: (old: Body<Id>, given: Given<Id>) => Body<Id>,
): () => void {
  const filter = { queryKey: [id] };
  // An answer that is on its way tells what was before.
  void client.cancelQueries(filter);
  for (const [queryKey, old] of client.getQueriesData<Body<Id>>(filter))
    if (old !== undefined) client.setQueryData(queryKey, change(old, queryKey[1] as Given<Id>));
  return () => void client.invalidateQueries(filter);
}
