// What is assumed before the master has answered stands over every answer of before, and over nothing after it.
import { QueryClient } from '@tanstack/react-query';
import { expect, test } from 'vitest';
import { assume, assumed } from '../../../web/src/lib/assume.ts';
import type { Body, Given } from '../../../web/src/lib/api.ts';

type Workers = Body<'listWorkers'>;
const given = {} as Given<'listWorkers'>;
const told = (state: string): Workers => ({ items: [{ id: 'w', state }] }) as unknown as Workers;
const become =
  (state: string) =>
  ({ items }: Workers): Workers =>
    ({ items: items.map((each) => ({ ...each, state })) }) as Workers;

/** A master that tells a state, read through the client as pages read. */
function reader() {
  const client = new QueryClient();
  let state = 'ready';
  const options = {
    queryKey: ['listWorkers', {}],
    queryFn: () => assumed(client, 'listWorkers', given, told(state)),
  };
  return {
    client,
    is: (next: string) => void (state = next),
    ask: () => client.fetchQuery({ ...options, staleTime: 0 }),
    shown: () => client.getQueryData(options.queryKey)!.items[0]!.state,
    isAskedAgain: () => client.getQueryState(options.queryKey)!.isInvalidated,
  };
}

test('it is shown at once, and over what is told until the action is over', async () => {
  const { client, ask, shown, is, isAskedAgain } = reader();
  await ask();
  const draining = assume(client, 'listWorkers', become('draining'));
  expect(shown()).toBe('draining');
  await ask();
  expect(shown()).toBe('draining');
  is('draining');
  draining.end();
  expect(isAskedAgain()).toBe(true);
  is('ready');
  await ask();
  expect(shown()).toBe('ready');
});

test('the end of one action takes nothing from the next', async () => {
  const { client, ask, shown } = reader();
  await ask();
  const first = assume(client, 'listWorkers', become('draining'));
  const second = assume(client, 'listWorkers', become('full'));
  first.end();
  await ask();
  expect(shown()).toBe('full');
  second.end();
  await ask();
  expect(shown()).toBe('ready');
});

test('pages of a list are changed one by one, and other operations not at all', () => {
  const client = new QueryClient();
  client.setQueryData(['listWorkers', {}, 'pages'], { pages: [told('a'), told('b')], pageParams: [0, 1] });
  client.setQueryData(['getOverview', {}], { items: [] });
  assume(client, 'listWorkers', become('full'));
  expect(client.getQueryData(['listWorkers', {}, 'pages'])).toEqual({
    pages: [told('full'), told('full')],
    pageParams: [0, 1],
  });
  expect(client.getQueryData(['getOverview', {}])).toEqual({ items: [] });
});
