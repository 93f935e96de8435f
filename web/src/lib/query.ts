// Reading and doing, by the name of an operation. A page says `useQuery(read('listWorkers'))` and gets what the
// contract promises; `useAction('drainWorker')` does something, and says in words when that fails.
import {
  infiniteQueryOptions,
  queryOptions,
  useMutation,
  type UseMutationResult,
} from '@tanstack/react-query';
import type { OperationId } from '../../../src/common/api/contract.ts';
import { assumed, type Assumption } from './assume.ts';
import { call, type Body, type Given, type GivenArgs } from './api.ts';
import { keyOf } from './query-keys.ts';

/** For useQuery, useSuspenseQuery, ensureQueryData, setQueryData. */
export function read<Id extends OperationId>(id: Id, ...[given]: GivenArgs<Id>) {
  const asked = (given ?? {}) as Given<Id>;
  return queryOptions<Body<Id>>({
    queryKey: keyOf(id, asked),
    queryFn: async ({ signal, client }) => assumed(client, id, asked, await call(id, asked, signal)),
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
    queryFn: async ({ signal, client, pageParam }): Promise<Body<Id>> => {
      const query = { ...(asked as { query?: object }).query, cursor: pageParam };
      return assumed(client, id, asked, await call(id, { ...asked, query } as Given<Id>, signal));
    },
    getNextPageParam: (page) => (page as { nextCursor: string | null }).nextCursor ?? undefined,
  });
}

export interface ActionOptions<Id extends OperationId> {
  /** Shows at once what will be, where that is safe to say, until the master has answered. */
  readonly ahead?: (given: Given<Id>) => Assumption;
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
      onSettled: (
        _body: Body<Id> | undefined,
        _error: Error | null,
        _given: Given<Id>,
        assumption: unknown,
      ) => (assumption as Assumption).end(),
    }),
    ...(onDone && { onSuccess: onDone }),
  });
}
