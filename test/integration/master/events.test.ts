// The stream of news as a page reads it: gathered, bounded, and complete but for what it says that it left out.
import { beforeEach, describe, expect, it } from 'vitest';
import { eventBatch, eventResync, type EventBatch } from '../../../src/common/api/events.ts';
import { codecs } from '../../../src/common/store/keyspace.ts';
import { useEtcd } from '../../support/shared-etcd.ts';
import { waitFor } from '../../support/wait.ts';
import { claim, endClaim, job, runOf, startTestMaster, workerOf, type TestMaster } from './harness.ts';

const shared = useEtcd();
let master: TestMaster;
let url: string;
beforeEach(async () => {
  master = await startTestMaster(shared);
  url = await master.app.listen({ host: '127.0.0.1', port: 0 });
  await master.views.whenLoaded;
});

interface Page {
  readonly batches: EventBatch[];
  readonly resyncs: string[];
  readonly text: () => string;
  lastId(): string;
  leave(): void;
}

async function open(query: string, lastEventId?: string): Promise<Page> {
  const gone = new AbortController();
  const answer = await fetch(`${url}/api/v1/events?${query}`, {
    signal: gone.signal,
    headers: lastEventId === undefined ? {} : { 'last-event-id': lastEventId },
  });
  expect(answer.status).toBe(200);
  shared.cleanup(() => gone.abort());
  const batches: EventBatch[] = [];
  const resyncs: string[] = [];
  let rest = '';
  let all = '';
  let id = '';
  const read = async (): Promise<void> => {
    for await (const chunk of answer.body!.pipeThrough(new TextDecoderStream())) {
      rest += chunk;
      all += chunk;
      for (let end = rest.indexOf('\n\n'); end >= 0; end = rest.indexOf('\n\n')) {
        const [, event, data] = /event: (\w+)\ndata: (.*)$/m.exec(rest.slice(0, end)) ?? [];
        id = /^id: (.*)$/m.exec(rest.slice(0, end))?.[1] ?? id;
        if (event === 'batch') batches.push(eventBatch.parse(JSON.parse(data!)));
        if (event === 'resync') resyncs.push(eventResync.parse(JSON.parse(data!)).reason);
        rest = rest.slice(end + 2);
      }
    }
  };
  read().catch(() => undefined);
  return { batches, resyncs, text: () => all, lastId: () => id, leave: () => gone.abort() };
}

const ID = '20261122T143000.000Z-7f3a9c';
const OTHER = '20261122T143000.000Z-7f3a9d';

describe('gathered news', () => {
  it('tells of jobs, workers, runs, their ends, and of claims that were given back', async () => {
    const page = await open('gather=250ms');
    await waitFor(() => page.resyncs.includes('opened'), { what: 'the stream is open' });
    await master.call('createJob', { body: job('a') });
    await master.write(master.keys.worker('w-abc123'), codecs.worker.encode(workerOf()));
    await claim(master, 'a', ID, Date.now(), 'running');
    await claim(master, 'a', OTHER, Date.now());
    await endClaim(master, 'a', OTHER);
    await endClaim(master, 'a', ID, { state: 'failed', exitCode: 3 });
    const skipped = runOf('a', '20261122T143000.000Z-7f3a9e', { state: 'skipped', startedAt: undefined! });
    await master.write(master.keys.run('a', skipped.id), codecs.run.encode(skipped));
    const all = (): EventBatch[] => page.batches;
    await waitFor(
      () =>
        all().some(({ ended }) => ended.failed === 1) &&
        all().some(({ ended }) => ended.skipped === 1) &&
        all().some(({ workers }) => workers.length > 0),
      { what: 'all is told', seen: page.text },
    );
    const runs = all().flatMap((batch) => batch.runs);
    expect(runs.filter(({ id }) => id === ID).at(-1)).toMatchObject({ state: 'failed', exitCode: 3 });
    expect(all().flatMap(({ jobs }) => jobs)[0]).toMatchObject({ name: 'a', type: 'put' });
    expect(all().flatMap(({ workers }) => workers)[0]).toMatchObject({
      id: 'w-abc123',
      state: 'ready',
      slots: 4,
    });
    // It is told as gone only to those who may have heard of it.
    const wasTold = runs.some(({ id }) => id === OTHER);
    if (wasTold)
      await waitFor(() => all().some(({ gone }) => gone.some(({ id }) => id === OTHER)), {
        what: 'what was given back is gone',
      });
    expect(
      all()
        .flatMap(({ gone }) => gone)
        .some(({ id }) => id === ID),
    ).toBe(false);
    await master.call('deleteJob', { params: { job: 'a' } });
    await waitFor(() => all().some(({ jobs }) => jobs.some(({ type }) => type === 'delete')), {
      what: 'the deletion is told',
    });
  });

  it('goes on after a cut without a gap', async () => {
    const page = await open('gather=250ms');
    await waitFor(() => page.resyncs.length === 1, { what: 'the stream is open' });
    await master.call('createJob', { body: job('a') });
    await waitFor(() => page.batches.length === 1, { what: 'the first batch' });
    page.leave();
    await master.call('createJob', { body: job('b') });
    const again = await open('gather=250ms', page.lastId());
    await waitFor(() => again.batches.length === 1, { what: 'what came meanwhile' });
    expect(again.batches[0]!.jobs.map(({ name }) => name)).toEqual(['b']);
    expect(again.resyncs).toEqual([]);
  });

  it('of one job leaves out the others', async () => {
    const page = await open('gather=250ms&job=a');
    await waitFor(() => page.resyncs.length === 1, { what: 'the stream is open' });
    await master.call('createJob', { body: job('b') });
    await master.call('createJob', { body: job('a') });
    await waitFor(() => page.batches.length > 0, { what: 'a batch' });
    expect(page.batches.flatMap(({ jobs }) => jobs.map(({ name }) => name))).toEqual(['a']);
  });

  it('refuses a stretch of time that it does not know, and a job without one', async () => {
    for (const [query, path] of [
      ['gather=3s', 'gather'],
      ['job=a', 'job'],
    ]) {
      const answer = await fetch(`${url}/api/v1/events?${query}`);
      expect(await answer.json()).toMatchObject({ code: 'invalid_input', errors: [{ path }] });
    }
  });
});

describe('news as it comes', () => {
  it('tells of ticks that nothing ran for, too', async () => {
    const page = await open('');
    await waitFor(() => page.text().includes('retry'), { what: 'the stream is open' });
    await master.call('createJob', { body: job('a') });
    const missed = runOf('a', ID, { state: 'missed', startedAt: undefined!, reason: 'nobody was there' });
    await master.write(master.keys.run('a', ID), codecs.run.encode(missed));
    await waitFor(() => page.text().includes('event: run'), { what: 'it is told' });
    expect(page.text()).toContain('"reason":"nobody was there"');
  });
});
