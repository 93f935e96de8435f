// What is shown before the master has answered, where that is safe to say. It stands until the action is over: answers
// that come meanwhile, of news or of an action before it, tell what was, and are shown with the assumption in them.
import type { InfiniteData, QueryClient } from '@tanstack/react-query';
import type { OperationId } from '../../../src/common/api/contract.ts';
import type { Body, Given } from './api.ts';

/** Of a body that `id` answers, what it will be; of others of that operation, the body itself. */
type Change<Id extends OperationId> = (old: Body<Id>, given: Given<Id>) => Body<Id>;

interface Standing {
  readonly id: OperationId;
  readonly change: (old: unknown, given: unknown) => unknown;
}

export interface Assumption {
  /** The master has answered, either way: what it tells is asked for, and stands from now on. */
  end(): void;
}

const isPaged = (data: unknown): data is InfiniteData<unknown> =>
  typeof data === 'object' && data !== null && 'pageParams' in data;

const standing = new WeakMap<QueryClient, Set<Standing>>();

/** An answer as it is to be shown, with all that is assumed of it now. */
export function assumed<Id extends OperationId>(
  client: QueryClient,
  id: Id,
  given: Given<Id>,
  body: Body<Id>,
): Body<Id> {
  let shown: unknown = body;
  for (const each of standing.get(client) ?? []) if (each.id === id) shown = each.change(shown, given);
  return shown as Body<Id>;
}

/** Changes at once what is shown of an operation, also where it is read page by page. */
export function assume<Id extends OperationId>(client: QueryClient, id: Id, change: Change<Id>): Assumption {
  const filter = { queryKey: [id] };
  const one: Standing = { id, change: change as Standing['change'] };
  const all = standing.get(client) ?? new Set();
  standing.set(client, all.add(one));
  for (const [queryKey, old] of client.getQueriesData(filter)) {
    if (old === undefined) continue;
    const changed = (body: unknown): unknown => one.change(body, queryKey[1]);
    client.setQueryData(queryKey, isPaged(old) ? { ...old, pages: old.pages.map(changed) } : changed(old));
  }
  return {
    end() {
      all.delete(one);
      void client.invalidateQueries(filter);
    },
  };
}
