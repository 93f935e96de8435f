// Batches of news: each thing once, as it stands, and never too much.
import { describe, expect, it } from 'vitest';
import { eventBatch, MOST_IN_BATCH } from '../../../src/common/api/events.ts';
import { makeRunId } from '../../../src/common/model/ids.ts';
import type { RunRecord } from '../../../src/common/model/run.ts';
import { instant } from '../../../src/common/model/time.ts';
import { createGathering } from '../../../src/master/http/event-batch.ts';
import type { EndedRun } from '../../../src/master/views/ended-run.ts';

const NOW = Date.UTC(2026, 10, 23, 12);
const idOf = (n: number): string => makeRunId(instant(NOW + n), '000001');

const claimed = (n: number, state: 'armed' | 'running' = 'running'): RunRecord => ({
  id: idOf(n),
  job: 'a',
  state,
  cause: { kind: 'schedule', tick: NOW + n },
  worker: 'w-abc123',
  scheduledFor: NOW + n,
  attempt: 1,
  attempts: [],
  generation: 1,
  jobCreated: 1,
});
const ended = (n: number, state: EndedRun['state'] = 'succeeded'): EndedRun => ({
  id: idOf(n),
  job: 'a',
  state,
  cause: 'schedule',
  worker: 'w-abc123',
  scheduledFor: NOW + n,
  startedAt: NOW + n,
  endedAt: NOW + n + 5,
  startLagMs: 0,
  durationMs: 5,
  exitCode: undefined,
  httpStatus: undefined,
  signal: undefined,
  error: undefined,
  reason: undefined,
  ticks: undefined,
  version: 1,
});

describe('a batch of news', () => {
  it('tells each job, worker and run once, as it stands', () => {
    const news = createGathering();
    news.job({ name: 'a', type: 'put', modRevision: 1 });
    news.job({ name: 'a', type: 'put', modRevision: 2 });
    news.worker({ id: 'w', type: 'put', state: 'ready' });
    news.worker({ id: 'w', type: 'delete' });
    news.claimed(claimed(1, 'armed'));
    news.claimed(claimed(1));
    news.ended(ended(1, 'failed'));
    news.letGo('a', idOf(1));
    const batch = eventBatch.parse(news.take(NOW, true));
    expect(batch).toMatchObject({
      fresh: true,
      jobs: [{ name: 'a', modRevision: 2 }],
      workers: [{ id: 'w', type: 'delete' }],
      runs: [{ id: idOf(1), state: 'failed' }],
      gone: [],
      ended: { failed: 1, succeeded: 0 },
      more: { jobs: 0, workers: 0, runs: 0 },
    });
    expect(news.isEmpty).toBe(true);
    expect(news.take(NOW, true)).toBeUndefined();
  });

  it('lets no older word of a run stand against its end, whichever comes first', () => {
    const news = createGathering();
    news.ended(ended(1));
    news.claimed(claimed(1));
    expect(news.take(NOW, true)!.runs).toMatchObject([{ state: 'succeeded' }]);
    // And in the batch after it.
    news.claimed(claimed(1));
    news.letGo('a', idOf(1));
    expect(news.take(NOW, true)).toBeUndefined();
    expect(news.take(NOW, true)).toBeUndefined();
  });

  it('calls a claim gone when no end is told in the batch after it', () => {
    const news = createGathering();
    news.claimed(claimed(1));
    news.claimed(claimed(2));
    news.take(NOW, true);
    news.letGo('a', idOf(1));
    news.letGo('a', idOf(2));
    expect(news.take(NOW, true)).toBeUndefined();
    expect(news.isEmpty).toBe(false);
    news.ended(ended(1));
    const batch = news.take(NOW, true)!;
    expect(batch.gone).toEqual([{ job: 'a', id: idOf(2) }]);
    expect(batch.runs).toMatchObject([{ id: idOf(1), state: 'succeeded' }]);
  });

  it('does not call a claim gone that is taken again', () => {
    const news = createGathering();
    news.letGo('a', idOf(1));
    news.claimed(claimed(1));
    expect(news.take(NOW, true)!.runs).toHaveLength(1);
    expect(news.take(NOW, true)).toBeUndefined();
  });

  it('lists so many and counts the rest, what went wrong first', () => {
    const news = createGathering();
    for (let n = 0; n < 30_000; n++) news.ended(ended(n, n === 17 ? 'failed' : 'succeeded'));
    for (let n = 0; n < 1_000; n++) news.job({ name: `j${n}`, type: 'put', modRevision: n });
    const batch = eventBatch.parse(news.take(NOW, true));
    expect([batch.runs.length, batch.jobs.length]).toEqual([MOST_IN_BATCH, MOST_IN_BATCH]);
    expect(batch.runs[0]).toMatchObject({ id: idOf(17), state: 'failed' });
    expect(batch.more).toEqual({ jobs: 750, workers: 0, runs: 30_000 - MOST_IN_BATCH });
    expect(batch.ended).toMatchObject({ succeeded: 29_999, failed: 1 });
    expect(JSON.stringify(batch).length).toBeLessThan(200_000);
  });

  it('is told though empty when it was touched, with whether what is known is up to date', () => {
    const news = createGathering();
    news.touch();
    expect(news.take(NOW, false)).toMatchObject({ fresh: false, runs: [] });
    expect(news.take(NOW, false)).toBeUndefined();
  });
});
