// What a batch of news makes old: what is on the screen, and no more often than once a second.
import { QueryClient, QueryObserver } from '@tanstack/react-query';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { EventBatch } from '../../../src/common/api/events.ts';
import { createFreshness, type Freshness } from '../../../web/src/lib/freshness.ts';
import { keyOf } from '../../../web/src/lib/query-keys.ts';

const NO_ENDS = { succeeded: 0, failed: 0, timed_out: 0, killed: 0, lost: 0, skipped: 0, missed: 0 };
const batch = (rest: Partial<EventBatch>): EventBatch => ({
  at: '2026-11-23T09:00:00.000Z',
  fresh: true,
  jobs: [],
  workers: [],
  runs: [],
  gone: [],
  ended: NO_ENDS,
  more: { jobs: 0, workers: 0, runs: 0 },
  ...rest,
});
const run = (job: string, id: string): EventBatch['runs'][number] => ({
  id,
  job,
  state: 'running',
  cause: 'schedule',
  scheduledFor: '2026-11-23T09:00:00.000Z',
});

let client: QueryClient;
let fresh: Freshness;
let stops: (() => void)[];

beforeEach(() => {
  vi.useFakeTimers();
  client = new QueryClient({ defaultOptions: { queries: { staleTime: Infinity } } });
  fresh = createFreshness(client, () => Date.now());
  stops = [];
});
afterEach(() => {
  for (const stop of stops) stop();
  fresh.stop();
  client.clear();
  vi.useRealTimers();
});

/** On the screen; how often it has been asked for. */
async function shown(key: readonly unknown[], data: unknown = {}): Promise<() => number> {
  const queryFn = vi.fn<() => Promise<unknown>>(async () => data);
  stops.push(new QueryObserver(client, { queryKey: key, queryFn }).subscribe(() => undefined));
  await vi.advanceTimersByTimeAsync(0);
  return () => queryFn.mock.calls.length;
}

it('asks for a list at once, and then once a second however much is told', async () => {
  const asked = await shown(keyOf('listJobs', { query: { q: 'a' } }));
  expect(asked()).toBe(1);
  for (let i = 0; i < 40; i++) {
    fresh.take(batch({ runs: [run(`job-${i}`, 'r')] }));
    await vi.advanceTimersByTimeAsync(250);
  }
  expect(asked()).toBeGreaterThanOrEqual(10);
  expect(asked()).toBeLessThanOrEqual(12);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(asked()).toBeLessThanOrEqual(12);
});

it('asks for the job and the run that it tells of, and for no other', async () => {
  const job = await shown(keyOf('getJob', { params: { job: 'a' } }));
  const other = await shown(keyOf('getJob', { params: { job: 'b' } }));
  const told = await shown(keyOf('getRun', { params: { job: 'a', run: '1' } }));
  const another = await shown(keyOf('getRun', { params: { job: 'a', run: '2' } }));
  fresh.take(batch({ runs: [run('a', '1')] }));
  await vi.advanceTimersByTimeAsync(0);
  expect([job(), other(), told(), another()]).toEqual([2, 1, 2, 1]);
});

it('asks for what is left out of a batch, too', async () => {
  const asked = await shown(keyOf('listJobs', {}));
  const job = await shown(keyOf('getJob', { params: { job: 'a' } }));
  fresh.take(batch({ more: { jobs: 3, workers: 0, runs: 0 } }));
  await vi.advanceTimersByTimeAsync(0);
  expect([asked(), job()]).toEqual([2, 2]);
});

it('knows, of what is not on the screen, that it is old when it is shown again', async () => {
  const key = keyOf('getJob', { params: { job: 'a' } });
  await shown(key);
  for (const stop of stops.splice(0)) stop();
  fresh.take(batch({ runs: [run('b', '1')] }));
  expect(client.getQueryState(key)?.isInvalidated).toBe(false);
  fresh.take(batch({ runs: [run('a', '1')] }));
  expect(client.getQueryState(key)?.isInvalidated).toBe(true);
  const again = await shown(key);
  expect(again()).toBe(1);
});

it('leaves alone what nothing was told of', async () => {
  const asked = await shown(keyOf('listWorkers', {}), { items: [] });
  const cluster = await shown(keyOf('getCluster', {}));
  fresh.take(batch({ runs: [run('a', '1')] }));
  await vi.advanceTimersByTimeAsync(2_000);
  expect([asked(), cluster()]).toEqual([1, 1]);
});

it('shows at once what is told of a worker, and takes away one that is gone', async () => {
  const worker = (id: string) => ({ id, state: 'ready', running: 0, drain: null });
  await shown(keyOf('listWorkers', {}), { items: [worker('a'), worker('b'), worker('c')] });
  const items = () => client.getQueryData<{ items: unknown[] }>(keyOf('listWorkers', {}))?.items;
  fresh.take(
    batch({
      workers: [
        { id: 'a', type: 'put', state: 'full', running: 4, drain: null },
        { id: 'b', type: 'delete' },
      ],
    }),
  );
  expect(items()).toEqual([{ ...worker('a'), state: 'full', running: 4 }, worker('c')]);
});

it('shows how far a drain is that is known, and forgets one that is over', async () => {
  const drain = { by: 'ops', askedAt: null, since: null, left: 3, runs: [], killAt: null };
  await shown(keyOf('listWorkers', {}), { items: [{ id: 'a', state: 'draining', running: 3, drain }] });
  const first = () =>
    client.getQueryData<{ items: { drain: unknown }[] }>(keyOf('listWorkers', {}))?.items[0];
  const told = { since: '2026-11-23T09:00:00.000Z', left: 1, runs: [], killAt: null };
  fresh.take(batch({ workers: [{ id: 'a', type: 'put', running: 1, drain: told }] }));
  expect(first()?.drain).toEqual({ ...drain, ...told });
  fresh.take(batch({ workers: [{ id: 'a', type: 'put', running: 1, drain: null }] }));
  expect(first()?.drain).toBeNull();
});
