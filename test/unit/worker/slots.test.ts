// Whose turn it is when a slot gets free, with a planner that judges what is marked.
import { describe, expect, test } from 'vitest';
import { instant, monotonic } from '../../../src/common/model/time.ts';
import type { JobEntry } from '../../../src/worker/job-table.ts';
import { createSlots } from '../../../src/worker/slots.ts';
import { createTestClock } from '../../support/test-clock.ts';

/** As much of a job as the slots look at. */
const job = (name: string): JobEntry =>
  ({ name, busy: 'no', holder: undefined, usedAt: monotonic(-Infinity) }) as JobEntry;

function rig(count: number) {
  const clock = createTestClock();
  const on: JobEntry[] = [];
  const marked = new Set<JobEntry>();
  const slots = createSlots({
    slots: count,
    clock,
    dispatcher: {
      get count() {
        return on.length;
      },
    },
    mark: (entry) => void marked.add(entry),
    onFull: () => undefined,
  });
  /** Judged, and `ago` it became due; `wants`: it has something to claim. */
  const judge = (entry: JobEntry, ago = 0, wants = true): boolean => {
    marked.delete(entry);
    if (entry.busy === 'full') entry.busy = 'no';
    const takes = wants && slots.take(entry, instant(clock.now() - ago));
    if (takes) {
      on.push(entry);
      slots.used(entry);
    }
    slots.judged(entry);
    return takes;
  };
  /** Its run is over; what is marked is judged, the job itself first, as the planner does. */
  const end = (entry: JobEntry, ago = 0): void => {
    on.splice(on.indexOf(entry), 1);
    slots.used(entry);
    marked.add(entry);
    slots.freed();
    while (marked.size > 0) for (const each of marked) judge(each, ago);
  };
  const names = (): string[] => on.map(({ name }) => name);
  return { clock, slots, on, marked, judge, end, names };
}

describe('on a full worker', () => {
  test('a job that is always behind waits for its next run behind those that wait', async () => {
    const { clock, judge, end, on, names } = rig(1);
    const [greedy, second, third] = ['greedy', 'second', 'third'].map(job) as [JobEntry, JobEntry, JobEntry];
    expect(judge(greedy, 3_600_000)).toBe(true);
    expect(judge(second)).toBe(false);
    await clock.advance(10);
    expect(judge(third)).toBe(false);
    const turns: string[] = [];
    for (let i = 0; i < 7; i++) {
      turns.push(...names());
      await clock.advance(1_000);
      // Each has a tick of an hour ago by then.
      end(on[0]!, 3_600_000);
    }
    expect(turns).toEqual(['greedy', 'second', 'third', 'greedy', 'second', 'third', 'greedy']);
  });

  test('of those that have not run, what was due first is first, whoever is judged first', async () => {
    const { judge, end, names } = rig(1);
    const [running, late, early] = ['running', 'late', 'early'].map(job) as [JobEntry, JobEntry, JobEntry];
    judge(running);
    judge(late, 100);
    judge(early, 5_000);
    end(running);
    expect(names()).toEqual(['early']);
  });

  test('who is judged again while it waits keeps its place', async () => {
    const { clock, judge, end, names } = rig(1);
    const [running, first, next] = ['running', 'first', 'next'].map(job) as [JobEntry, JobEntry, JobEntry];
    judge(running);
    judge(first);
    await clock.advance(10);
    judge(next);
    await clock.advance(1_000);
    judge(first);
    end(running);
    expect(names()).toEqual(['first']);
  });

  test('a free slot is kept for who has waited, and not given to who asks before that is judged', () => {
    const { slots, judge, on, marked } = rig(1);
    const [running, waiting, other] = ['running', 'waiting', 'other'].map(job) as [
      JobEntry,
      JobEntry,
      JobEntry,
    ];
    judge(running);
    judge(waiting);
    on.pop();
    slots.freed();
    expect([...marked]).toEqual([waiting]);
    expect(judge(other, 60_000)).toBe(false);
    expect(judge(waiting)).toBe(true);
  });

  test.each([
    ['has nothing to claim by then', 'judged'],
    ['is gone by then', 'gone'],
  ] as const)('a slot goes on to the next when its job %s', (_, how) => {
    const { slots, judge, on, marked } = rig(1);
    const [running, first, next] = ['running', 'first', 'next'].map(job) as [JobEntry, JobEntry, JobEntry];
    judge(running);
    judge(first, 10);
    judge(next);
    on.pop();
    slots.freed();
    if (how === 'gone') slots.leave(first);
    else judge(first, 0, false);
    expect(marked).toContain(next);
    expect(judge(next)).toBe(true);
    expect(slots.waiting()).toBeUndefined();
  });

  test('who left the line has no place in it when it comes again', async () => {
    const { clock, judge, end, names } = rig(1);
    const [running, first, next] = ['running', 'first', 'next'].map(job) as [JobEntry, JobEntry, JobEntry];
    judge(running);
    judge(first);
    await clock.advance(1_000);
    judge(next);
    judge(first, 0, false);
    await clock.advance(1_000);
    judge(first);
    end(running);
    expect(names()).toEqual(['next']);
  });

  test('a wall clock that is set back sends nobody behind who comes later', async () => {
    const { clock, judge, end, names } = rig(1);
    const [running, first, next] = ['running', 'first', 'next'].map(job) as [JobEntry, JobEntry, JobEntry];
    judge(running);
    judge(first);
    clock.step(-3_600_000);
    await clock.advance(1_000);
    judge(next);
    end(running);
    expect(names()).toEqual(['first']);
  });

  test('it is told how many wait, and since when the first does', async () => {
    const { clock, slots, judge, end } = rig(1);
    const [running, first, next] = ['running', 'first', 'next'].map(job) as [JobEntry, JobEntry, JobEntry];
    judge(running);
    expect(slots.waiting()).toBeUndefined();
    judge(first, 5_000);
    const since = clock.now() - 5_000;
    await clock.advance(1_000);
    judge(next);
    expect(slots.waiting()).toEqual({ jobs: 2, since });
    end(running);
    expect(slots.waiting()).toEqual({ jobs: 2, since: clock.now() });
    expect(first.busy).toBe('no');
  });
});

test('of a herd on few slots each slot that gets free asks one job, and all get their turn in order', () => {
  const { judge, slots, on, marked } = rig(4);
  const herd = Array.from({ length: 10_000 }, (_, i) => job(`job-${i}`));
  for (const entry of herd) judge(entry);
  const order: string[] = [];
  let judged = 0;
  while (on.length > 0) {
    order.push(on.shift()!.name);
    slots.freed();
    judged += marked.size;
    for (const entry of marked) judge(entry);
  }
  expect(order).toEqual(herd.map(({ name }) => name));
  expect(judged).toBe(herd.length - 4);
});
