// Restores while real workers claim and run: what an answer promises holds for them, too (invariants 3 and 6).
import { expect, test } from 'vitest';
import type { HandlerContext } from '../../../src/worker/tasks/handler.ts';
import { delay, waitFor } from '../../support/wait.ts';
import { useWorkers } from '../../support/workers.ts';
import { startTestMaster } from './harness.ts';

const cluster = useWorkers();

interface Start {
  readonly runId: string;
  readonly definition: unknown;
  readonly scheduledFor: number;
  readonly at: number;
}

/** Milliseconds before the next tick: long, while it is claimed, while it stands armed, at the last moment. */
const BEFORE = [800, 400, 180, 90, 40, 10];

test('after the answer of a restore no run of the definition before starts but those that it names', async () => {
  const starts: Start[] = [];
  const note = ({ runId, payload, scheduledFor }: HandlerContext): void =>
    void starts.push({ runId, definition: payload, scheduledFor: scheduledFor.getTime(), at: Date.now() });
  await cluster.start(2, { handlers: { note } });
  const master = await startTestMaster(cluster.shared);
  const define = (payload: string) => ({
    schedule: '* * * * * *',
    task: { kind: 'handler' as const, name: 'note', payload },
  });
  const params = { job: 'job' };
  await master.call('putJob', { params, body: define('one') });
  await master.call('putJob', { params, body: define('two') });
  let generation = 2;
  for (const ms of BEFORE) {
    await waitFor(() => Date.now() % 1_000 >= 1_000 - ms, { what: `${ms} ms before a tick` });
    // The one before the one that stands: its definition is the other of the two.
    const version = String(generation - 1);
    const before = generation % 2 === 0 ? 'two' : 'one';
    const { status, body } = await master.call('restoreVersion', { params: { ...params, version } });
    const answered = Date.now();
    expect(status).toBe(200);
    expect(body.job.generation).toBe(++generation);
    expect(body.job.definition.task.payload).toBe(before === 'two' ? 'one' : 'two');
    const named = new Set(body.started.map(({ run }: { run: string }) => run));
    await waitFor(() => starts.some(({ at, definition }) => at > answered && definition !== before), {
      what: 'a run of the restored definition',
    });
    const stale = starts.filter(
      ({ at, definition, runId }) => at > answered && definition === before && !named.has(runId),
    );
    expect(stale).toEqual([]);
  }
});

test('a restore of an older schedule fires nothing from before it', async () => {
  const starts: number[] = [];
  const note = ({ scheduledFor }: HandlerContext): void => void starts.push(scheduledFor.getTime());
  await cluster.start(1, { handlers: { note } });
  const master = await startTestMaster(cluster.shared);
  const define = (schedule: string) => ({
    schedule,
    catchUp: { policy: 'all' as const },
    task: { kind: 'handler' as const, name: 'note' },
  });
  const params = { job: 'job' };
  await master.call('putJob', { params, body: define('* * * * * *') });
  await master.call('putJob', { params, body: define('@manual') });
  await delay(2_500);
  const before = starts.length;
  const restoredAt = Date.now();
  await master.call('restoreVersion', { params: { ...params, version: '1' } });
  await waitFor(() => starts.length >= before + 2, { what: 'two ticks of the restored schedule' });
  expect(starts.slice(before).every((tick) => tick > restoredAt)).toBe(true);
});
